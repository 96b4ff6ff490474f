"""What the library's requests go out through: within the time that is left, to where they are meant for, no further.

Its own would heed proxies and certificates of the environment, try again by itself, and read answers of any length.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import cast

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from adapters import provider_https
from adapters.provider_calls import Allowance


class _Body:
    def __init__(self, text: bytes) -> None:
        self._text = text

    def stream(self) -> Iterator[bytes]:
        yield self._text


class Transport:
    """Used by several threads, each with its own allowance."""

    def __init__(self, ca_file: str, limit: int) -> None:
        self._session = provider_https.session(ca_file, limit)
        self._here = threading.local()

    def allow(self, allowance: Allowance) -> None:
        """What the requests of this thread may take from now on."""
        self._here.allowance = allowance

    def send(self, request: AWSPreparedRequest, **_: object) -> AWSResponse:
        """The library's event `before-send`; raises `requests.RequestException`, `BackendUnavailable`."""
        allowance: Allowance = self._here.allowance
        headers = {name: _text(value) for name, value in request.headers.items()}
        with self._session.request(
            request.method,
            request.url,
            data=cast("bytes | str | None", request.body),
            headers=headers,
            timeout=allowance.left(),
            stream=True,
            allow_redirects=False,
        ) as response:
            text = provider_https.whole(response.iter_content(provider_https.CHUNK), allowance)
            return AWSResponse(request.url, response.status_code, HTTPHeaders.from_dict(response.headers), _Body(text))

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
