"""What errors of Entra and of Graph mean to us. Their texts may repeat what was sent, so they are told with care."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError

from adapters.provider_https import told
from domain.backends import BackendError, BackendRefused, BackendUnavailable

_PAGE: Final = "docs/how-to/lease-from-azure.md"
_CONFLICT: Final = "Directory_ConcurrencyViolation"


_PASSING: Final = re.compile(r"HTTP Error: (429|5\d\d)\b")
"""How MSAL tells of a status, in the text alone."""


class Absent(BackendRefused):
    """What was asked for is not there."""


class Wrong(BackendRefused):
    """The request makes no sense as things are, such as to remove a password that is not there."""


class Busy(BackendUnavailable):
    """Nothing was done, for others are at it or it was too much at once: to be asked again soon."""


class _Error(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""


class _Body(msgspec.Struct, frozen=True):
    error: _Error = _Error()


def failure(doing: str, status: int, text: bytes) -> BackendError:
    """The error to raise for an answer of Graph's that is not a success."""
    error = _decoded(text)
    said = f"Microsoft Graph: {doing}: {told(f'{error.code} {error.message}') or f'HTTP status {status}'}"
    if status == 429 or error.code == _CONFLICT:
        return Busy(said)
    if status == 408 or status >= 500:
        return BackendUnavailable(said)
    if status == 404:
        return Absent(f"{said}; applications are named by their object id, which is not their client id")
    if status == 401:
        return BackendRefused(f"{said}: it does not take our token; check authority and graph_endpoint")
    if status == 403:
        return BackendRefused(f"{said}; the permissions that it takes are in {_PAGE}")
    return Wrong(said) if status >= 400 and error.code else not_graph(doing)


def not_graph(doing: str) -> BackendRefused:
    """The error to raise for an answer that cannot be read."""
    return BackendRefused(f"Microsoft Graph: {doing}: what answers is not Graph; check graph_endpoint")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises what the library raises when there is no answer."""
    try:
        yield
    except AzureError as error:
        raise BackendUnavailable(f"Microsoft Graph: {doing}: no answer: {told(error.message)}") from None
    except OSError as error:  # of files: `ca_file` is read anew for each connection
        raise BackendUnavailable(f"Microsoft Graph: {doing}: no answer: {told(str(error))}") from None


@contextmanager
def login_translated(secrets: tuple[str, ...]) -> Iterator[None]:
    """Raises what azure-identity raises as errors of ours, without the secrets."""
    try:
        yield
    except AzureError as error:
        said = f"Microsoft Entra: getting a token: {told(error.message, *secrets)}"
        if _is_passing(error):
            raise BackendUnavailable(said) from None
        raise BackendRefused(f"{said}; check tenant_id, client_id, and whether our secret has ended") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BackendRefused(
            "Microsoft Entra: getting a token: what answers is not Entra; check authority and tenant_id"
        ) from None


def _is_passing(error: BaseException | None) -> bool:
    """Whether it, or what it comes from, is no answer at all or one that says to come again."""
    while error is not None:
        if isinstance(error, (ServiceRequestError, ServiceResponseError)):
            return True
        status = error.status_code if isinstance(error, HttpResponseError) else None
        if _PASSING.search(f"HTTP Error: {status} {error}"):
            return True
        error = error.__cause__
    return False


def _decoded(text: bytes) -> _Error:
    try:
        return msgspec.json.decode(text, type=_Body).error
    except msgspec.DecodeError:
        return _Error()
