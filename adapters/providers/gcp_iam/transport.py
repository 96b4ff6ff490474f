"""What google-auth fetches tokens through.

Its own transport for `requests` writes our assertion, for which anybody gets a token, to the log at level DEBUG.
"""

from __future__ import annotations

from collections.abc import Mapping

import requests
from google.auth import transport

from adapters.provider_calls import Allowance
from adapters.provider_https import CHUNK, whole


class _Answer(transport.Response):
    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self._status = status
        self._headers = headers
        self._data = data

    @property
    def status(self) -> int:
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._headers

    @property
    def data(self) -> bytes:
        return self._data


class Transport(transport.Request):
    """For one call: takes no longer than is left, and follows no answer to another address."""

    def __init__(self, session: requests.Session, allowance: Allowance) -> None:
        self._session = session
        self._allowance = allowance

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **kwargs: object,
    ) -> _Answer:
        """Raises `requests.RequestException`, and `BackendUnavailable` if no time is left."""
        with self._session.request(
            method, url, data=body, headers=headers, timeout=self._allowance.left(), stream=True, allow_redirects=False
        ) as response:
            return _Answer(response.status_code, response.headers, whole(response.iter_content(CHUNK), self._allowance))
