"""What can go wrong, said so that the reader knows what to do. No error here ever carries a secret value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cli.client.exit_codes import ExitCode, of_status
from cli.client.printable import printable

_MAX_LISTED = 20


class ClientError(Exception):
    """An error with what to do about it; `code` is the exit code. Everything the client raises on purpose is one."""

    def __init__(self, message: str, remedy: str = "", code: ExitCode = ExitCode.FAILED) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.code = code

    def lines(self) -> list[str]:
        """The error as the terminal shows it, first what is wrong, then what to do."""
        return [self.message, *([self.remedy] if self.remedy else [])]


class WrongUsage(ClientError):
    """The command line, the environment or an input file is wrong; nothing was sent."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy, ExitCode.USAGE)


class Unreachable(ClientError):
    """No answer came: connection, name, certificate or timeout."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy, ExitCode.UNAVAILABLE)


class Unread(ClientError):
    """Whoever read our output stopped reading; there is nobody to tell."""

    def __init__(self) -> None:
        super().__init__("nobody reads the output", code=ExitCode.BROKEN_PIPE)


class Problem(ClientError):
    """The server refused, with problem+json (RFC 9457). `kind` is its `code` member."""

    def __init__(self, status: int, body: Mapping[str, Any], request_id: str = "") -> None:
        self.status = status
        self.kind = str(body.get("code", ""))
        self.extensions = {key: value for key, value in body.items() if key not in _MEMBERS}
        self.request_id = str(body.get("request_id") or request_id)
        message = str(body.get("detail") or body.get("title") or f"the server answered {status}")
        super().__init__(message, _remedy(self.kind, status, body), of_status(status))

    def lines(self) -> list[str]:
        """Message, the problem's own members, remedy, and what to quote to whoever runs the server."""
        facts = [f"{key}: {_told(value)}" for key, value in self.extensions.items() if value not in (None, "", [], {})]
        origin = " ".join([f"HTTP {self.status}", self.kind, f"request {self.request_id}" if self.request_id else ""])
        return [self.message, *facts, *([self.remedy] if self.remedy else []), f"({' '.join(origin.split())})"]


def rendered(error: ClientError) -> str:
    """The error's lines for standard error: the first after our name, the rest indented, nothing unprintable."""
    first, *rest = (printable(line) for line in error.lines())
    return "\n".join([f"trstctl-cli: {first}", *(f"  {line}" for line in rest)]) + "\n"


_MEMBERS = frozenset({"type", "title", "status", "detail", "instance", "code", "request_id"})

_REMEDIES = {
    "already-exists": "to write another version: trstctl-cli secrets rotate PATH",
    "already-replied": "try again: the answer to this idempotency key is stored by now",
    "approval-required": "somebody else approves it: trstctl-cli secrets approvals approve PATH --action ACTION; then "
    "repeat this",
    "backend-refused": "trstctl-cli providers test NAME tells whether its privileges suffice there",
    "backend-unavailable": "try again; trstctl-cli providers test NAME tells whether it answers",
    "bad-name": "a path is folder/name; letters, digits and _ . ~ + = : , - make a segment",
    "check-and-set-failed": "somebody wrote in between; look with trstctl-cli secrets history PATH, then give --cas",
    "disabled": "whoever runs the server switches it on with secrets.enable_api; trstctl serve --check says what lacks",
    "gone": "who sent it sees with trstctl-cli share show ID whether it was seen, and from where",
    "idempotency-mismatch": "this idempotency key belongs to another request; give a new one, or none",
    "key-unavailable": "whoever runs the server has to mend its key-encryption key; trstctl serve --check says why",
    "log-broken": "whoever runs the server looks with trstctl audit verify; do not write before",
    "passphrase-required": "its sender has it; give it with --passphrase or --passphrase-file FILE",
    "passphrase-wrong": "ask its sender again: too many wrong ones destroy the value",
    "reference-cycle": "break the cycle by writing one of these paths without its reference",
    "store-unavailable": "try again; if it stays so, whoever runs the server looks at its database",
    "too-large": "send less at once: a value has at most 1 MiB",
    "version-conflict": "somebody wrote at the same moment; try again",
}

_BY_STATUS = {
    401: "is TRSTCTL_TOKEN whole, for this server, unexpired and not revoked? An operator issues tokens: "
    "trstctl-cli access tokens create",
    403: "the token's scopes do not allow it; trstctl-cli whoami shows them",
    404: "see what there is: trstctl-cli secrets list, providers list, leases list …; a deleted secret comes back with "
    "secrets undelete",
    429: "wait a little, then try again",
    500: "tell whoever runs the server, with the request id below",
    503: "try again in a moment",
}


def _remedy(kind: str, status: int, body: Mapping[str, Any]) -> str:
    if kind == "approval-required" and isinstance(body.get("resource"), str):
        path = body["resource"].removeprefix("secret:")
        approve = f"trstctl-cli secrets approvals approve {path} --action {body.get('action')}"
        return f"somebody else approves it: {approve}; then repeat this"
    if kind == "check-and-set-failed" and isinstance(body.get("current_version"), int):
        return (
            f"version {body['current_version']} is current; if yours should follow it, --cas {body['current_version']}"
        )
    return _REMEDIES.get(kind) or _BY_STATUS.get(status, "")


def _told(value: object) -> str:
    if isinstance(value, list):
        shown = ", ".join(str(item) for item in value[:_MAX_LISTED])
        return shown if len(value) <= _MAX_LISTED else f"{shown} and {len(value) - _MAX_LISTED} more"
    return str(value)
