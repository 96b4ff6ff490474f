"""HTTP to a server that speaks Vault's protocol, ours or another."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec
import urllib3
from urllib3 import exceptions as http_errors

from domain.errors import Invalid, Misconfigured, Refused, Unavailable
from domain.kv_values import EXACT

_TIMEOUT: Final = urllib3.Timeout(connect=10.0, read=60.0)
_RETRIES: Final = urllib3.Retry(
    total=4, backoff_factor=0.5, status_forcelist=(429, 500, 502, 503), allowed_methods=None, redirect=0,
    raise_on_status=False,
)  # fmt: skip
"""Of what may be repeated: reads, and writes that name the version they follow."""


class Told(NamedTuple):
    """An answer."""

    status: int
    body: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        """What Vault's envelope holds."""
        return self.body.get("data") or {}


class Wire:
    """One server, asked as the holder of one token. Its errors never repeat what was sent or received."""

    def __init__(self, address: str, token: str, ca_file: str | None, headers: Mapping[str, str] | None = None) -> None:
        url = urlsplit(address)
        if url.scheme not in {"https", "http"} or not url.hostname or url.username:
            raise Misconfigured(f"{address}: an address has the form https://host:port")
        if url.scheme == "http" and url.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise Misconfigured(f"{address}: http would send secrets in the clear; use https")
        self.where = url.netloc
        self._base = f"{url.scheme}://{url.netloc}{url.path.rstrip('/')}"
        self._headers = {"X-Vault-Request": "true", "Authorization": f"Bearer {token}", **(headers or {})}
        context = _context(ca_file) if url.scheme == "https" else None
        self._pool = urllib3.PoolManager(maxsize=32, ssl_context=context, headers=self._headers)

    def ask(self, method: str, path: str, body: object = None) -> Told:
        """Send a request to `path`; raises `Refused` for 403, `Invalid` for another refusal, `Unavailable`.

        404 is an answer: what is not there, and with a body what was deleted.
        """
        content = None if body is None else msgspec.json.encode(body)
        headers = {**self._headers, "Content-Type": "application/json"}
        try:
            response = self._pool.request(
                method, f"{self._base}{quote(path, safe='/?=&')}", body=content, headers=headers, timeout=_TIMEOUT,
                retries=_RETRIES,
            )  # fmt: skip
        except (http_errors.HTTPError, OSError) as error:
            raise Unavailable(f"{self.where} does not answer: {type(error).__name__}") from None
        return self._told(response, f"{method} {path}")

    def _told(self, response: urllib3.BaseHTTPResponse, asked: str) -> Told:
        try:
            body = EXACT.decode(response.data) if response.data else {}
        except msgspec.DecodeError:
            raise Unavailable(f"{self.where} answers {asked} with something else than JSON") from None
        if response.status in {200, 201, 204, 404}:
            return Told(response.status, body if isinstance(body, dict) else {})
        raise _refusal(response.status, f"{self.where} answers {asked} with {response.status}: {_words(body)}")


def _refusal(status: int, text: str) -> Exception:
    if status in {401, 403}:
        return Refused(text)
    return Unavailable(text) if status >= 500 else Invalid(text)


def _words(body: object) -> str:
    if not isinstance(body, dict):
        return "no reason given"
    told = body.get("errors") or [body.get("detail") or "no reason given"]
    return "; ".join(" ".join(str(each).split()) for each in told)[:500]


def _context(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError):
        raise Misconfigured(f"{ca_file}: cannot be used as the certificates to trust") from None
