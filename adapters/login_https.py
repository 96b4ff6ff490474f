"""HTTPS to issuers of tokens and to clusters, on threads of their own: one that hangs keeps nobody else waiting.

Answers are bounded in size and time. A redirect is followed to https only, and never with a body or a credential.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import urljoin, urlsplit

import urllib3

from adapters.provider_calls import Allowance, Calls
from domain.backends import BackendUnavailable
from domain.errors import Invalid

LONGEST_ANSWER: Final = 512 * 1024
"""In bytes."""
MAX_REDIRECTS: Final = 3
_CHUNK: Final = 65_536
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Client:
    """For one address. `ca_pem` are the certificates that may vouch for it; empty: those that the machine trusts.

    Raises `Invalid` for certificates that are none. At most `at_once` requests run, each for at most `seconds`.
    """

    def __init__(self, name: str, ca_pem: str, at_once: int, seconds: float) -> None:
        self._name = name
        self._seconds = seconds
        self._pool = urllib3.PoolManager(
            num_pools=4, maxsize=at_once, ssl_context=context_of(ca_pem), retries=False, cert_reqs="CERT_REQUIRED"
        )
        self._calls = Calls(name, at_once, seconds)

    async def get(self, url: str) -> Answer:
        """The document at `url`; raises `BackendUnavailable`."""
        return await self._calls.run(self._get, url)

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send `body`; a redirect is an answer like others. Raises `BackendUnavailable`."""
        return await self._calls.run(self._asked, "POST", url, body, headers)

    def close(self) -> None:
        """Take no more requests."""
        self._calls.close()
        self._pool.clear()

    def _get(self, allowance: Allowance, url: str) -> Answer:
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._asked(allowance, "GET", url, None, {"Accept": "application/json"})
            target = answer.headers.get("Location")
            if answer.status not in _REDIRECTS or not target:
                return answer
            url = urljoin(url, target)
            if not is_safe(url):
                raise BackendUnavailable(f"{self._name} redirects to what is not https")
        raise BackendUnavailable(f"{self._name} redirects more than {MAX_REDIRECTS} times")

    def _asked(
        self, allowance: Allowance, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        timeout = urllib3.Timeout(total=allowance.left())
        try:
            answer = self._pool.request(
                method, url, body=body, headers=headers, timeout=timeout, redirect=False, preload_content=False
            )
        except urllib3.exceptions.HTTPError as error:
            raise BackendUnavailable(f"{self._name} cannot be reached: {_why(error)}") from None
        try:
            return Answer(answer.status, answer.headers, self._whole(answer, allowance))
        finally:
            answer.drain_conn() if answer.status == HTTPStatus.NO_CONTENT else answer.close()

    def _whole(self, answer: urllib3.BaseHTTPResponse, allowance: Allowance) -> bytes:
        text = b""
        try:
            for chunk in answer.stream(_CHUNK, decode_content=True):
                text += chunk
                if len(text) > LONGEST_ANSWER:
                    raise BackendUnavailable(f"{self._name} answers with more than {LONGEST_ANSWER} bytes")
                allowance.left()
        except urllib3.exceptions.HTTPError as error:
            raise BackendUnavailable(f"{self._name} broke off: {_why(error)}") from None
        return text


def context_of(ca_pem: str) -> ssl.SSLContext:
    """TLS 1.2 or newer, trusting `ca_pem` alone if it is given; raises `Invalid` for what are no certificates."""
    try:
        context = ssl.create_default_context(cadata=ca_pem or None)
    except (ssl.SSLError, ValueError):
        raise Invalid("could not parse CA PEM value successfully") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def is_safe(url: str) -> bool:
    """Whether `url` is https to a host, without a user; plain http is for this machine alone."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and host in _LOOPBACK)


def _why(error: urllib3.exceptions.HTTPError) -> str:
    """The kind of fault: what the library says besides may repeat what it was sent."""
    for cause in (*error.args, error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message[:200]
    return type(error).__name__
