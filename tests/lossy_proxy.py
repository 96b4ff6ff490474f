"""A TCP relay to PostgreSQL that can lose a connection at the worst moment: between a commit and its answer."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

_SIZE: Final = 65536


class LossyProxy:
    """`lose_commits` counts how many commits from now on reach the server without their answer reaching the client.

    `closed` refuses every connection, as a network that is down does.
    """

    def __init__(self, server_port: int) -> None:
        self.lose_commits = 0
        self.closed = False
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads: list[threading.Thread] = []
        self._clients: list[socket.socket] = []
        self._run(self._accept)

    def stop(self) -> None:
        """Close everything."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for client in self._clients:
            with suppress(OSError):  # it is closed already
                client.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)

    def _run(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._clients.append(client)
                if self.closed:
                    client.close()
                else:
                    server = socket.create_connection(("127.0.0.1", self._server_port))
                    self._run(self._relay, client, server)

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        losing = False
        with client, server, suppress(OSError):
            while True:
                readable, _, _ = select.select([client, server], [], [])
                for source in readable:
                    data = source.recv(_SIZE)
                    # The server's answer shows that it is done; nobody hears of it.
                    if not data or (losing and source is server):
                        return
                    (client if source is server else server).sendall(data)
                    if source is client and self.lose_commits and b"COMMIT\0" in data:
                        self.lose_commits -= 1
                        losing = True


@contextmanager
def lossy_proxy(server_port: int) -> Iterator[LossyProxy]:
    """A proxy, stopped at the end."""
    proxy = LossyProxy(server_port)
    try:
        yield proxy
    finally:
        proxy.stop()
