"""Files that the connection names: what the API server is called with, and who vouches for it."""

from __future__ import annotations

import json
import os
import re
import stat
from base64 import urlsafe_b64decode
from typing import Final

from domain.backends import BackendRefused

_MOST: Final = 1024 * 1024
"""Longest file, in bytes."""
_CERTIFICATE: Final = re.compile(r"-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----")
_JWT: Final = re.compile(r"[A-Za-z0-9_-]{1,2000}\.([A-Za-z0-9_-]{1,16000})\.[A-Za-z0-9_-]{1,2000}\Z")


def account_token(path: str) -> str:
    """The token of a ServiceAccount in the file, as it is there now; raises `BackendRefused`.

    Nothing else is taken for one: whatever this returns is shown to the server that the connection names.
    """
    token = _text(path, "token_file").strip()
    found = _JWT.match(token)
    if found is None or not _subject(found[1]).startswith("system:serviceaccount:"):
        raise BackendRefused(f"kubernetes: token_file {path} holds no token of a ServiceAccount")
    return token


def certificates(path: str) -> str:
    """The certificates in the file (PEM), and nothing else that may stand there; raises `BackendRefused`."""
    return "".join(f"{found}\n" for found in _CERTIFICATE.findall(_text(path, "ca_file"))) if path else ""


def _subject(payload: str) -> str:
    """The `sub` of a JWT (RFC 7519), unverified: the API server is who verifies it."""
    try:
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, RecursionError):
        return ""
    return str(claims.get("sub", "")) if isinstance(claims, dict) else ""


def _text(path: str, setting: str) -> str:
    """A regular file's text. Links are followed: they are how Kubernetes puts a new token in the place of the old."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BackendRefused(f"kubernetes: {setting} {path} is not a regular file")
            return file.read(_MOST).decode()
    except OSError as error:
        raise BackendRefused(f"kubernetes: {setting} {path}: {error.strerror}; put it there, readable") from None
    except UnicodeDecodeError:
        raise BackendRefused(f"kubernetes: {setting} {path} is not text") from None
