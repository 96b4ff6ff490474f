"""A caller over TLS: one connection, kept open, with a token."""

from __future__ import annotations

import http.client
import json as json_text
import ssl
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

STORE = "/api/v1/secrets/store"


class Answer(NamedTuple):
    """A response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json_text.loads(self.body)


class HttpsClient:
    """Trusts the server's own certificate and nothing else. For one thread; a context manager that hangs up."""

    def __init__(self, port: int, certificate: Path, token: str | None, timeout: float = 30.0) -> None:
        context = ssl.create_default_context(cafile=str(certificate))
        self.connection = http.client.HTTPSConnection("localhost", port, context=context, timeout=timeout)
        self.token = token

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.connection.close()

    def __call__(
        self,
        method: str,
        target: str,
        json: object = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; raises `OSError` or `http.client.HTTPException` if no whole answer comes."""
        fields = dict(headers or {})
        if self.token is not None:
            fields.setdefault("Authorization", f"Bearer {self.token}")
        if json is not None:
            content = json_text.dumps(json).encode()
            fields.setdefault("Content-Type", "application/json")
        self.connection.request(method, target, content, fields)
        response = self.connection.getresponse()
        body = response.read()
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)

    def put(self, path: str, value: str) -> int:
        """Store a value under a new name, or as the next version of it; the version's number."""
        answer = self("POST", f"{STORE}/{path}", {"value": value})
        if answer.status == 409:
            answer = self("PUT", f"{STORE}/{path}", {"value": value})
        assert answer.status in {200, 201}, answer
        return int(answer.json()["version"])

    def get(self, path: str) -> str:
        """The newest value."""
        answer = self("GET", f"{STORE}/{path}")
        assert answer.status == 200, answer
        return str(answer.json()["value"])
