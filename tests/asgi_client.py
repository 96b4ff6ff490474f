"""A client that speaks ASGI to an application as the server does: nothing of the target is tidied up on the way."""

from __future__ import annotations

import json as json_text
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import unquote

from api.asgi import ASGIApp


class Answer(NamedTuple):
    """A response; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        return json_text.loads(self.body)

    @property
    def position(self) -> int:
        """Where in the log the request's last event is."""
        return int(self.headers["x-trstctl-position"])


class AsgiClient:
    """Sends requests with a token of its own. An exception that leaves the application leaves the request too."""

    def __init__(self, app: ASGIApp, token: str | None = None) -> None:
        self.app = app
        self.token = token

    async def __call__(
        self,
        method: str,
        target: str,
        json: object = None,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """`target` is a path with its query, percent-encoded by the caller."""
        body = content if content is not None else b"" if json is None else json_text.dumps(json).encode()
        fields = {"host": "test", **(headers or {})}
        if self.token is not None:
            fields.setdefault("authorization", f"Bearer {self.token}")
        if body:
            fields.setdefault("content-length", str(len(body)))
        if json is not None:
            fields.setdefault("content-type", "application/json")
        return await exchange(self.app, method, target, body, fields)


async def exchange(app: ASGIApp, method: str, target: str, body: bytes, fields: Mapping[str, str]) -> Answer:
    """One request, sent in two pieces if it has a body."""
    path, _, query = target.partition("?")
    scope: Any = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.3"}, "http_version": "1.1", "method": method,
        "scheme": "https", "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(),
        "root_path": "", "headers": [(name.lower().encode(), text.encode("latin-1")) for name, text in fields.items()],
        "client": ("127.0.0.1", 50000), "server": ("127.0.0.1", 8443), "state": {}, "extensions": {},
    }  # fmt: skip
    pieces = [body[: len(body) // 2], body[len(body) // 2 :]] if body else [b""]
    incoming = [
        {"type": "http.request", "body": piece, "more_body": number < len(pieces)}
        for number, piece in enumerate(pieces, start=1)
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return incoming.pop(0) if incoming else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start, *rest = sent
    names = [name.decode() for name, _ in start["headers"]]
    assert len(set(names) - {"set-cookie"}) == len(names), f"a header is there twice: {names}"
    headers = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Answer(start["status"], headers, b"".join(message.get("body", b"") for message in rest))
