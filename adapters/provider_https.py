"""HTTPS to a cloud's endpoints, for the backends whose libraries speak it with `requests`."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter

from adapters.provider_calls import Allowance
from domain.errors import Invalid

LONGEST_ANSWER: Final = 1024 * 1024
"""Longest answer that is read, in bytes."""
CHUNK: Final = 65_536

_UNBROKEN: Final = re.compile(r"[A-Za-z0-9_\-.+=~%]{64,}")


class _Adapter(HTTPAdapter):
    """Opens no connection once it was closed, for a thread that still runs then: nobody would close it any more."""

    _is_closed = False

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:  # noqa: ANN401
        if self._is_closed:
            raise requests.ConnectionError("closed")
        return super().send(request, *args, **kwargs)

    def close(self) -> None:
        self._is_closed = True
        super().close()


def session(ca_file: str, limit: int) -> requests.Session:
    """For several threads. It heeds no environment: no `.netrc` in place of our token, no other authorities.

    Raises `Invalid` if there are no certificates in `ca_file`.
    """
    if ca_file:
        _check_authorities(ca_file)
    opened = requests.Session()
    opened.trust_env = False
    opened.verify = ca_file or True
    adapter = _Adapter(pool_maxsize=limit, pool_block=True)
    opened.mount("https://", adapter)
    opened.mount("http://", adapter)
    return opened


def _check_authorities(ca_file: str) -> None:
    try:
        ssl.create_default_context(cafile=ca_file)
    except OSError:  # and `ssl.SSLError`, which is one
        raise Invalid(f"ca_file: {ca_file} is not a PEM file of certificates that the server can read") from None


def whole(chunks: Iterable[bytes], allowance: Allowance) -> bytes:
    """The body of an answer that was asked for with `stream`; one that is too long is cut, so it is no JSON."""
    text = b""
    for chunk in chunks:
        text += chunk
        if len(text) > LONGEST_ANSWER:
            break
        allowance.left()
    return text[:LONGEST_ANSWER]


def told(text: str, *hidden: str) -> str:
    """What a backend told us, fit for a message: one line, not long, nothing in it that could be a key or a token."""
    line = " ".join(text.split())
    for secret in filter(None, hidden):
        line = line.replace(secret, "<redacted>")
    return _UNBROKEN.sub("<redacted>", line)[:400]
