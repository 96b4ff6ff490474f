"""A TCP gate before a real server: it can be shut, stand still, and count who is inside."""

from __future__ import annotations

import select
import socket
import threading
from contextlib import suppress
from typing import Final

_CHUNK: Final = 65_536
_GLANCE: Final = 0.02


class Gate:
    """Passes connections to `127.0.0.1:target` from a free port of its own, `port`, of a loopback address."""

    def __init__(self, target: int, host: str = "127.0.0.1") -> None:
        self._target = target
        self._host = host
        self._lock = threading.Lock()
        self._inside: set[socket.socket] = set()
        self._open = threading.Event()
        self._peak = 0
        self._listener = self._listening(0)
        self.port: int = self._listener.getsockname()[1]
        self._open.set()

    def shut(self) -> None:
        """Refuse every connection, and cut those there are."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits in accept, which a mere close does not
        self._listener.close()
        with self._lock:
            for client in self._inside:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RDWR)

    def reopen(self) -> None:
        """Let everybody in again."""
        self._listener = self._listening(self.port)

    def freeze(self) -> None:
        """Accept everything and pass nothing on."""
        self._open.clear()

    def thaw(self) -> None:
        """Pass on what has waited, too."""
        self._open.set()

    def peak(self) -> int:
        """Most connections that were inside at once since the last call."""
        with self._lock:
            peak, self._peak = self._peak, len(self._inside)
        return peak

    def _listening(self, port: int) -> socket.socket:
        listener = socket.create_server((self._host, port))
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed by `shut`
            while True:
                client, _ = listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            with self._lock:
                self._inside.add(client)
                self._peak = max(self._peak, len(self._inside))
            try:
                self._pass_on(client, server)
            finally:
                with self._lock:
                    self._inside.discard(client)

    def _pass_on(self, client: socket.socket, server: socket.socket) -> None:
        while True:
            ready, _, _ = select.select([client, server], [], [], 1)
            while not self._open.wait(_GLANCE):
                pass
            for source in ready:
                if not (data := source.recv(_CHUNK)):
                    return
                (server if source is client else client).sendall(data)
