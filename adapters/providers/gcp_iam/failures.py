"""What Google's errors mean to us. Their texts may repeat what was sent: what could be a token is cut out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from google.auth.exceptions import GoogleAuthError, RefreshError

from adapters.provider_https import told
from domain.backends import BackendError, BackendRefused, BackendUnavailable

_PAGE: Final = "docs/how-to/lease-from-gcp.md"
PRECONDITION: Final = "FAILED_PRECONDITION"


class Absent(BackendRefused):
    """What was asked for is not there."""


class Precondition(BackendRefused):
    """Something about the service account is against it, such as the number of its keys."""


class _Error(msgspec.Struct, frozen=True):
    """google.rpc.Status, as far as we read it."""

    message: str = ""
    status: str = ""


class _Body(msgspec.Struct, frozen=True):
    error: _Error = _Error()


def failure(doing: str, status: int, text: bytes, caller: str) -> BackendError:
    """The error to raise for an answer that is not a success."""
    error = _decoded(text)
    said = f"Google: {doing}: {told(error.message) or f'HTTP status {status}'}"
    if status == 404:
        return Absent(said)
    if status == 401:
        return BackendRefused(f"{said}: it does not take the tokens of {caller}; check key_json and the endpoints")
    if status == 403:
        return BackendRefused(f"{said}; the permissions that {caller} needs are in {_PAGE}")
    if status in {408, 429} or status >= 500:
        return BackendUnavailable(said)
    if status < 400:
        return BackendRefused(f"{said}: what answers is not Google's API; check the endpoints")
    return Precondition(said) if error.status == PRECONDITION else BackendRefused(said)


def not_google(doing: str) -> BackendRefused:
    """The error to raise for a success that cannot be read."""
    return BackendRefused(f"Google: {doing}: what answers is not Google's API; check the endpoints")


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raises what the libraries raise as errors of ours, without what they hold."""
    try:
        yield
    except OSError as error:  # and what `requests` raises, which is one
        raise BackendUnavailable(f"Google: {doing}: no answer: {_short(error)}") from None
    except RefreshError as error:
        raise _login(doing, error) from None
    except (GoogleAuthError, ValueError, TypeError, AttributeError, KeyError, RecursionError):
        raise not_google(doing) from None


def _login(doing: str, error: RefreshError) -> BackendError:
    said = f"Google: {doing}: {_short(error)}"
    if error.retryable:
        return BackendUnavailable(said)
    return BackendRefused(f"{said}; check key_json, whether the key was deleted or has ended, and this machine's clock")


def _short(error: Exception) -> str:
    return told(str(error.args[0]) if error.args else type(error).__name__)


def _decoded(text: bytes) -> _Error:
    try:
        return msgspec.json.decode(text, type=_Body).error
    except msgspec.DecodeError:
        return _Error()
