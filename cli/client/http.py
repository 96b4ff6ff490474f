"""HTTP to one server, as one principal: requests, answers, problem+json turned into errors."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlencode

import urllib3
from urllib3 import exceptions as http_errors

from cli.client.errors import ClientError, Problem, Unreachable
from cli.client.retries import ATTEMPTS, pause_before_next
from cli.client.transport import pool, unreachable

Query = Mapping[str, str | int | bool | None]
Body = Mapping[str, Any]

_CONNECT_TIMEOUT: Final = 10.0
_MAX_ANSWER: Final = 256 * 1024 * 1024
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """What to send. `key` is the Idempotency-Key, for whatever changes something."""

    method: str
    path: str
    query: Query
    body: Body | None = None
    key: str | None = None

    def target(self) -> str:
        """Path and query; parameters that are None or False are left out."""
        pairs = {
            name: _parameter(value) for name, value in self.query.items() if value is not None and value is not False
        }
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path


def _parameter(value: str | int) -> str:
    return "true" if value is True else str(value)


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer, whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as a JSON object, empty if there is none; raises `ClientError` if it is something else."""
        parsed = _parsed(self.body) if self.body else {}
        if parsed is None:
            raise ClientError("the answer is no JSON object", "does TRSTCTL_SERVER name a trstctl server?")
        return parsed


class Connection:
    """Requests to one server, with a token or without. Follows no redirect: the token goes nowhere else."""

    def __init__(
        self,
        server: SplitResult,
        token: str | None,
        ca_file: str | None,
        timeout: float,
        break_glass: str | None = None,
    ) -> None:
        self._base = server.path
        self._where = server.netloc
        self._headers = {"Accept": "application/json", "User-Agent": "trstctl-cli"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        if break_glass is not None:  # as UTF-8, of which HTTP takes the bytes
            self._headers["Trstctl-Break-Glass"] = break_glass.encode().decode("latin-1")
        self._timeout = timeout
        self._pool = pool(server, ca_file)

    def call(self, request: Request) -> Answer:
        """Send, and again after a transient failure until the timeout is used up.

        Raises `Problem` for a refusal, `Unreachable` for no answer.
        """
        deadline = time.monotonic() + self._timeout
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(request)
            except (Problem, Unreachable) as error:
                pause = pause_before_next(error, attempt)
                if pause is None or time.monotonic() + pause > deadline:
                    raise
                time.sleep(pause)
        raise AssertionError  # the last attempt returns or raises

    def _once(self, request: Request) -> Answer:
        with self._opened(request) as response:
            return Answer(response.status, response.headers, b"".join(_chunks(response, _MAX_ANSWER)))

    def stream(self, path: str, query: Query) -> Iterator[bytes]:
        """GET an answer of any length, chunk by chunk; raises as `call` does, also in the middle. Not repeated."""
        with self._opened(Request("GET", path, query)) as response:
            yield from _chunks(response, None)

    def _opened(self, request: Request) -> urllib3.BaseHTTPResponse:
        response = self._sent(request)
        if 200 <= response.status < 300:
            return response
        with response:
            raise _problem(response)

    def _sent(self, request: Request) -> urllib3.BaseHTTPResponse:
        content = None if request.body is None else json.dumps(request.body, ensure_ascii=False).encode()
        try:
            return self._pool.urlopen(
                request.method,
                f"{self._base}{request.target()}",
                body=content,
                headers=self._headers_of(request),
                timeout=urllib3.Timeout(connect=min(_CONNECT_TIMEOUT, self._timeout), read=self._timeout),
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except (http_errors.HTTPError, OSError) as error:
            raise unreachable(error, self._where) from None

    def _headers_of(self, request: Request) -> dict[str, str]:
        headers = dict(self._headers)
        if request.key is not None:
            headers["Idempotency-Key"] = request.key
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        return headers


def _chunks(response: urllib3.BaseHTTPResponse, bound: int | None) -> Iterator[bytes]:
    size = 0
    try:
        for chunk in response.stream(_CHUNK):
            size += len(chunk)
            if bound is not None and size > bound:
                raise ClientError(f"the answer is over {bound} bytes", "ask for less at once")
            yield chunk
    except (http_errors.HTTPError, OSError):
        raise Unreachable("the connection broke in the middle of the answer: what came is incomplete") from None


def _problem(response: urllib3.BaseHTTPResponse) -> Problem:
    told = _parsed(b"".join(_chunks(response, _MAX_ANSWER))) or {}
    if "Retry-After" in response.headers:
        told["retry_after"] = response.headers["Retry-After"]
    return Problem(response.status, told, response.headers.get("X-Request-Id", ""))


def _parsed(content: bytes) -> dict[str, Any] | None:
    try:
        parsed = json.loads(content)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None
