"""The socket the server listens on, claimed before anything else is done."""

from __future__ import annotations

import errno
import socket
from typing import Final

from cli.server.config.settings import address
from domain.errors import Misconfigured

_BACKLOG: Final = 2048


def bound(listen: str) -> socket.socket:
    """A listening socket for `address:port`; raises `Misconfigured` if it cannot be had.

    Who connects before the server accepts waits in the kernel.
    """
    host, port = address(listen)
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise Misconfigured(f"listen: {listen}: {error.strerror}; {_remedy(error)}") from error
    return listener


def _remedy(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "something else serves there: stop it, or choose another port"
    if error.errno == errno.EACCES:
        return "ports below 1024 need the capability CAP_NET_BIND_SERVICE; or choose another port"
    return "name an address of this machine"
