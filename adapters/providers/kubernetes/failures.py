"""What the API server's answers, and its silence, mean to us.

Errors are raised `from None`: the client's own hold whole answers, and its validation repeats what it was given.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import msgspec
from kubernetes.client import ApiException
from urllib3.exceptions import HTTPError

from domain.backends import BackendError, BackendRefused, BackendUnavailable

_LONGEST: Final = 600
_PAGE: Final = "docs/how-to/lease-from-kubernetes.md"


class Absent(BackendRefused):
    """The object, or the namespace it was to be made in, is not there."""


class _Status(msgspec.Struct):
    """What of a `Status` is told (API conventions, "Response Status Kind")."""

    message: str = ""
    reason: str = ""


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Raise what goes wrong as `Absent`, `BackendRefused` or `BackendUnavailable`. `doing` begins the message."""
    try:
        yield
    except ApiException as error:
        raise _meaning(doing, error) from None
    except HTTPError as error:
        raise BackendUnavailable(f"Kubernetes: {doing}: the API server cannot be reached: {_short(error)}") from None
    except (ValueError, TypeError):
        raise BackendRefused(f"Kubernetes: {doing}: what answers is not Kubernetes' API; check `server`") from None


def _meaning(doing: str, error: ApiException) -> BackendError:
    code = error.status or 0
    told = f"Kubernetes: {doing}: {_told(error)}"
    if not code:  # TLS, in this client
        return BackendUnavailable(f"{told}; check `server` and `ca_file`")
    if code == 404:
        return Absent(told)
    if code == 401:
        return BackendRefused(f"{told}: the cluster does not know the token, or not any more; give it a new one")
    if code == 403:
        return BackendRefused(f"{told}; the privileges it takes are in {_PAGE}")
    if code == 429 or code >= 500 or _status(error).reason == "Expired":
        return BackendUnavailable(told)
    return BackendRefused(told)


def _told(error: ApiException) -> str:
    return (_status(error).message or " ".join(str(error.reason).split()))[:_LONGEST]


def _status(error: ApiException) -> _Status:
    try:
        return msgspec.json.decode(error.body or b"", type=_Status)
    except msgspec.DecodeError:
        return _Status()


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:_LONGEST]
