"""A server that gives prepared answers over plain HTTP on the loopback interface, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


@dataclass
class Prepared:
    """One answer. With `cut` the connection breaks before the announced length is reached; with `hangs` none comes."""

    status: int
    content: bytes
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hangs: bool = False


class FakeServer:
    """Answers a route's prepared answers in their order, the last one again and again; 404 for everything else."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.closing = threading.Event()
        self._answers: dict[tuple[str, str], list[Prepared]] = {}
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.port: int = self._http.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def on(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> None:
        """Prepare a JSON answer; underscores in header names become hyphens."""
        content = b"" if body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.on_raw(method, path, Prepared(status, content, {"Content-Type": "application/json", **named}))

    def on_raw(self, method: str, path: str, prepared: Prepared) -> None:
        self._answers.setdefault((method, path), []).append(prepared)

    def hang(self, method: str, path: str) -> None:
        """Accept requests, and never answer them."""
        self.on_raw(method, path, Prepared(200, b"", hangs=True))

    def refuse(self, method: str, path: str, status: int, code: str, **members: Any) -> None:
        """Prepare a problem+json answer."""
        body = {"type": f"urn:trstctl:problem:{code}", "title": "Refused", "status": status, "code": code, **members}
        self.on(method, path, body, status)

    def answer(self, asked: Asked) -> Prepared:
        self.asked.append(asked)
        prepared = self._answers.get((asked.method, asked.path), [])
        if not prepared:
            return Prepared(404, b'{"status":404,"code":"not-found","detail":"there is no such thing"}')
        return prepared.pop(0) if len(prepared) > 1 else prepared[0]

    @contextmanager
    def running(self) -> Iterator[FakeServer]:
        thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self.closing.set()
            self._http.shutdown()
            thread.join()
            self._http.server_close()


def _handler(fake: FakeServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked = Asked(self.command, url.path, dict(parse_qsl(url.query)), dict(self.headers), content)
            self._send(fake.answer(asked))

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - names of http.server

        def _send(self, prepared: Prepared) -> None:
            if prepared.hangs:
                fake.closing.wait()
                return
            self.send_response(prepared.status)
            for name, value in prepared.headers.items():
                self.send_header(name, value)
            if prepared.status != 204:
                self.send_header("Content-Length", str(len(prepared.content) + (100 if prepared.cut else 0)))
            self.end_headers()
            self.wfile.write(prepared.content)
            if prepared.cut:
                self.close_connection = True

        def log_message(self, *arguments: Any) -> None:
            """Stay silent."""

    return Handler
