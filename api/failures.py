"""Errors in the description: which statuses and codes an operation may answer with, and what each looks like."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from msgspec import UNSET, UnsetType

from api.problems import MEDIA_TYPE, problem, status_of
from domain import errors
from domain.errors import TrstctlError

_PATH: Final = "/api/v1/secrets/store/db/password"
_ID: Final = "0123456789abcdef"


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong, after RFC 9457; of the members after `request_id` only those that the cause has."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    request_id: str
    paths: list[str] | UnsetType = UNSET
    cycle: list[str] | UnsetType = UNSET
    current_version: int | UnsetType = UNSET
    tries_left: int | UnsetType = UNSET
    missing: str | int | UnsetType = UNSET
    ids: list[str] | UnsetType = UNSET
    approval_id: str | UnsetType = UNSET
    resource: str | UnsetType = UNSET
    action: str | UnsetType = UNSET
    covers: str | UnsetType = UNSET
    needed: int | UnsetType = UNSET
    expires_at: datetime | UnsetType = UNSET
    approvals: list[dict[str, Any]] | UnsetType = UNSET


_SAID: Final[Mapping[type[TrstctlError], str]] = {
    errors.Invalid: "in the query, limit: Expected `int` <= 1000",
    errors.BadName: "'db//password': segments may not be empty, '.' or '..'; write folder/name without doubled slashes",
    errors.DecryptionFailed: errors.DecryptionFailed().message,
    errors.ReferenceTooLarge: "references from 'app/db/dsn' lead deeper than 16",
    errors.Unauthenticated: "send a token as 'Authorization: Bearer trst_…'",
    errors.Forbidden: "this needs the scope secrets:read:db/password; ask an operator for a token that has it",
    errors.ApprovalRequired: "to rotate 'db/password' needs approval: 2 of 2 missing; once given, repeat this request",
    errors.PassphraseRequired: "this share opens with a passphrase; its sender has it",
    errors.PassphraseWrong: "this is not the passphrase; 4 more tries, then the share is locked",
    errors.Gone: "this share gives nothing: it was opened already, has expired, was withdrawn, or never existed",
    errors.NotFound: "there is no secret 'db/password'",
    errors.Conflict: "'db/password' is not deleted",
    errors.VersionConflict: "somebody else changed this in between; try again",
    errors.AlreadyReplied: "this idempotency key was used at the same time",
    errors.AlreadyExists: "'db/password' exists; use PUT to write its next version",
    errors.ReferenceCycle: "references lead in a circle: db/password -> app/key -> db/password",
    errors.CheckAndSetFailed: "'db/password' is at version 3, not 2; read it again and decide anew",
    errors.CheckAndSetRequired: "'db/password' is written by check-and-set only; name the version to follow in cas",
    errors.TooLarge: "a request's body may have 8388608 bytes",
    errors.UnsupportedMediaType: "the body is taken as JSON only; send it with 'Content-Type: application/json'",
    errors.IdempotencyMismatch: "this Idempotency-Key was used for another request; give each request one of its own",
    errors.TooManyRequests: "more than 5000 requests a second with this token",
    errors.Disabled: "the secrets API is off; set secrets.enable_api: true and restart",
    errors.KeyUnavailable: "KEK file kek is absent",
    errors.StoreUnavailable: "the store cannot be read",
    errors.StoreBusy: "another process is writing the store; try again in a moment",
    errors.OutcomeUnknown: "the connection broke while the commit was under way",
    errors.Misconfigured: "credentials file postgresql has mode 0644: others could read it; run: chmod 0600 postgresql",
    errors.BackendRefused: "postgresql refused: permission denied to create role; give trstctl CREATEROLE",
    errors.BackendUnavailable: "postgresql did not answer within 20 seconds; whether it did it is open",
    errors.LogBroken: "the store has lost sealed bytes that the log names; see: trstctl audit verify",
}
_EXTENSIONS: Final[Mapping[type[TrstctlError], Mapping[str, object]]] = {
    errors.ApprovalRequired: {
        "approval_id": "apr_0123456789abcdef0123456789abcdef",
        "resource": "secret:db/password",
        "action": "rotate",
        "covers": "write a new value as version 4, of type text/plain; charset=utf-8",
        "needed": 2,
        "missing": 2,
        "expires_at": datetime(2026, 6, 26, 12, tzinfo=UTC),
    },
    errors.PassphraseWrong: {"tries_left": 4},
    errors.AlreadyExists: {"paths": ["db/password"]},
    errors.ReferenceCycle: {"cycle": ["db/password", "app/key", "db/password"]},
    errors.CheckAndSetFailed: {"current_version": 3},
}


def failure_examples() -> dict[str, dict[str, object]]:
    """An example of each error, by its code."""
    return {kind.code: {"summary": _meaning(kind), "value": _example(kind)} for kind in _SAID}


def _example(kind: type[TrstctlError]) -> dict[str, object]:
    return problem(_status(kind), kind.code, _SAID[kind], _PATH, _ID, **_EXTENSIONS.get(kind, {}))


def _status(kind: type[TrstctlError]) -> int:
    return status_of(kind.__new__(kind))


def _meaning(kind: type[TrstctlError]) -> str:
    return " ".join((kind.__doc__ or "").partition("\n\n")[0].split())


def failures_of(kinds: Iterable[type[TrstctlError]]) -> dict[str, Any]:
    """Responses by status: the codes that the operation may answer with, and nothing else."""
    return {str(status): {"$ref": f"#/components/responses/{_name(codes)}"} for status, codes in _by_status(kinds)}


def failure_responses(sets: Iterable[Iterable[type[TrstctlError]]]) -> dict[str, Any]:
    """Each response that one of the sets of errors leads to, named after its codes."""
    met = {(status, codes) for kinds in sets for status, codes in _by_status(kinds)}
    return {_name(codes): _response(status, codes) for status, codes in sorted(met)}


def _by_status(kinds: Iterable[type[TrstctlError]]) -> list[tuple[int, tuple[str, ...]]]:
    codes: dict[int, set[str]] = defaultdict(set)
    for kind in kinds:
        codes[_status(kind)].add(kind.code)
    return sorted((status, tuple(sorted(each))) for status, each in codes.items())


def _name(codes: tuple[str, ...]) -> str:
    return ".".join(codes)


def _response(status: int, codes: tuple[str, ...]) -> dict[str, Any]:
    told = {"status": {"const": status}, "code": {"enum": list(codes)}}
    content = {
        "schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}], "properties": told},
        "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
    }
    return {
        "description": HTTPStatus(status).phrase,
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in _headers(status)},
        "content": {MEDIA_TYPE: content},
    }


def _headers(status: int) -> list[str]:
    return ["X-Request-Id", *{401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}.get(status, [])]
