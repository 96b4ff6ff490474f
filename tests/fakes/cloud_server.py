"""An HTTPS server in threads of its own, for fakes of clouds: routes, JSON, nothing more."""

from __future__ import annotations

import json
import re
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from adapters.crypto import self_signed_certificate


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    parts: tuple[str, ...] = ()
    """What the groups of the route's pattern matched."""

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}

    def json(self) -> Any:
        return json.loads(self.body or b"{}")

    def bearer(self) -> str:
        kind, _, token = self.headers.get("authorization", "").partition(" ")
        return token if kind == "Bearer" else ""


@dataclass(frozen=True)
class Told:
    """An answer: JSON unless it is bytes."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


Route = tuple[str, str, Callable[[Asked], Told]]
"""Method, pattern of the whole path, what answers."""
_NOT_FOUND: Final = Told(404, {"error": {"code": 404, "message": "Not Found", "status": "NOT_FOUND"}})


class CloudServer:
    """Answers by its routes; `seen` holds every request, for tests that look what was sent."""

    def __init__(self, routes: list[Route], folder: Path) -> None:
        self._routes = [(method, re.compile(pattern), answer) for method, pattern, answer in routes]
        self.seen: list[Asked] = []
        self.intercept: Callable[[Asked], Told | None] = lambda _: None
        """Asked first: what it answers counts, unless it is None."""
        self.ca_file = folder / "cloud.pem"
        self._server = self._listening(folder)
        self.port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def answer(self, asked: Asked) -> Told:
        self.seen.append(asked)
        if (told := self.intercept(asked)) is not None:
            return told
        for method, pattern, answer in self._routes:
            if method == asked.method and (match := pattern.fullmatch(asked.path)):
                parts = tuple(unquote(part) for part in match.groups())
                return answer(Asked(asked.method, asked.path, asked.query, asked.headers, asked.body, parts))
        return _NOT_FOUND

    def _listening(self, folder: Path) -> ThreadingHTTPServer:
        certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 2)
        self.ca_file.write_bytes(certificate)
        key_file = folder / "cloud.key"
        key_file.write_bytes(key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca_file, key_file)

        server = _Quiet(("127.0.0.1", 0), _handler(self))
        # The handshake is left to the connection's thread: one that stands still must not keep others out.
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return server


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news."""


def _handler(cloud: CloudServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            url = urlsplit(self.path)
            told = cloud.answer(
                Asked(
                    method=self.command,
                    path=url.path,
                    query={name: values[0] for name, values in parse_qs(url.query).items()},
                    headers={name.lower(): value for name, value in self.headers.items()},
                    body=self.rfile.read(int(self.headers.get("content-length") or 0)),
                )
            )
            body = told.body if isinstance(told.body, bytes) else json.dumps(told.body).encode()
            body = b"" if told.status == 204 else body
            self.send_response(told.status)
            for name, value in {"content-type": "application/json", **told.headers}.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_PATCH = _serve  # noqa: N815 - as the library wants them named

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
            """Say nothing."""

    return Handler


@contextmanager
def serving(routes: list[Route], folder: Path) -> Iterator[CloudServer]:
    """A server on a free port until the end of the block."""
    server = CloudServer(routes, folder)
    try:
        yield server
    finally:
        server.close()
