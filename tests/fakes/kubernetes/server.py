"""The cluster over HTTPS, in threads of its own."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from contextlib import suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from adapters.crypto import self_signed_certificate
from tests.fakes.kubernetes.cluster import Cluster
from tests.fakes.kubernetes.requests import Request, answer


class KubernetesServer:
    """Serves `cluster` on a free port of this machine until `stop()`. `ca_file` vouches for it."""

    def __init__(self, cluster: Cluster, folder: Path) -> None:
        self.cluster = cluster
        self.ca_file = folder / "ca.crt"
        self._http = _Server(("127.0.0.1", 0), _handler(cluster))
        self.port: int = self._http.server_port
        self._http.context = self._context(folder)
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def _context(self, folder: Path) -> ssl.SSLContext:
        certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 2)
        key_file = folder / "tls.key"
        self.ca_file.write_bytes(certificate)
        key_file.write_bytes(bytes(key))
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.ca_file, key_file)
        return context

    def stop(self) -> None:
        """Hang up on everybody."""
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    context: ssl.SSLContext

    def finish_request(self, request: Any, client_address: Any) -> None:
        """The handshake is on the connection's own thread, so that one that stalls stalls nobody else."""
        with suppress(OSError, ssl.SSLError), self.context.wrap_socket(request, server_side=True) as secured:
            secured.settimeout(60)
            super().finish_request(secured, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is its own affair."""


def _handler(cluster: Cluster) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            super().setup()

        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = answer(cluster, Request(self.command, self.path, headers, self.rfile.read(length)))
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the library's names

        def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - the library's name
            """Nothing."""

    return Handler
