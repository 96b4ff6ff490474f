"""Which server, with which token, trusting whom: from the options, else from the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from cli.client.errors import WrongUsage
from cli.client.exit_codes import ExitCode

_MAX_TOKEN: Final = 8192
_NAME_A_SERVER: Final = (
    "set TRSTCTL_SERVER=https://host:8443, or give --server; beside `trstctl dev`: . trstctl-data/dev.env"
)


def server_url(option: str | None) -> SplitResult:
    """The server's base address: `https://`, or `http://` to this very machine. Raises `WrongUsage`."""
    text = option or os.environ.get("TRSTCTL_SERVER", "")
    if not text:
        raise WrongUsage("which server?", _NAME_A_SERVER)
    url = urlsplit(text.rstrip("/"))
    if url.scheme not in {"https", "http"} or not url.hostname or url.query or url.fragment or url.username:
        raise WrongUsage("the server's address is not of the form https://host:port", _NAME_A_SERVER)
    if not _port_is_valid(url):
        raise WrongUsage("the port in the server's address is not a number from 1 to 65535", _NAME_A_SERVER)
    if url.scheme == "http" and not _is_this_machine(url.hostname):
        raise WrongUsage(
            f"http://{url.hostname} would send token and secrets in the clear",
            "use https://; plain http is allowed to localhost only",
        )
    return url


def names_a_server(option: str | None) -> bool:
    """Whether a server is configured."""
    return bool(option or os.environ.get("TRSTCTL_SERVER"))


def same_server(one: SplitResult, other: SplitResult) -> bool:
    """Whether two addresses are of one server."""
    return _origin(one) == _origin(other)


def _origin(url: SplitResult) -> tuple[str, str | None, int]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}[url.scheme]


def _port_is_valid(url: SplitResult) -> bool:
    try:
        return url.port is None or url.port > 0
    except ValueError:
        return False


def _is_this_machine(host: str) -> bool:
    if host == "localhost":
        return True
    from ipaddress import ip_address

    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def token(file_option: str | None) -> str:
    """The bearer token: `--token-file`, else TRSTCTL_TOKEN, else the file TRSTCTL_TOKEN_FILE names.

    Raises `WrongUsage` if a file cannot be read, a `ClientError` with exit code 3 if there is no token at all.
    """
    text = token_if_any(file_option)
    if text is None:
        error = WrongUsage(
            "no token",
            "set TRSTCTL_TOKEN, or name a file that holds it with TRSTCTL_TOKEN_FILE or --token-file",
        )
        error.code = ExitCode.UNAUTHENTICATED
        raise error
    return text


def token_if_any(file_option: str | None) -> str | None:
    """`token`, or None if there is none; raises `WrongUsage` if a file cannot be read."""
    variable = os.environ.get("TRSTCTL_TOKEN", "")
    file = file_option or (os.environ.get("TRSTCTL_TOKEN_FILE") if not variable else None)
    text = (_read_token(file) if file else variable).strip()
    if not text:
        return None
    if not text.isascii() or not text.isprintable() or " " in text:
        raise WrongUsage("the token holds characters that no token has", "was it copied whole, and nothing else?")
    return text


def _read_token(file: str) -> str:
    try:
        with Path(file).open("rb") as opened:
            return opened.read(_MAX_TOKEN).decode()
    except OSError as error:
        raise WrongUsage(f"cannot read the token file {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise WrongUsage(f"the token file {file} holds no text") from None


def ca_file(option: str | None) -> str | None:
    """The file of certificates to trust instead of the machine's own; None for those."""
    return option or os.environ.get("TRSTCTL_CACERT") or None
