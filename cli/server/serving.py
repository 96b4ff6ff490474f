"""Serving the application over HTTPS by uvicorn, until told to stop; then requests in flight are finished first."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import uvicorn
import uvloop

from cli.server.compose import open_runtime, serving
from cli.server.config import Settings
from domain.errors import Misconfigured

_FINISH: Final = 30
"""How long requests in flight may take once the server is told to stop, in seconds."""
_SWITCH: Final = 0.0005
"""Seconds after which one thread must let the other run: the default of 5 ms makes the committer wait for the loop."""


def run(settings: Settings, prepare: Callable[[], Awaitable[None]] | None = None) -> None:
    """Serve until SIGTERM or SIGINT. `prepare` runs before the port is opened. Raises `Misconfigured`, `StoreUnavailable`."""
    sys.setswitchinterval(_SWITCH)
    uvloop.run(_run(settings, prepare))


async def _run(settings: Settings, prepare: Callable[[], Awaitable[None]] | None) -> None:
    listener = bound(settings.listen)
    if prepare:
        await prepare()
    async with open_runtime(settings) as runtime, serving(runtime) as app:
        server = uvicorn.Server(_config(app, settings))
        await server.serve(sockets=[listener])


def _config(app: object, settings: Settings) -> uvicorn.Config:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]  # uvicorn's own name for an ASGI application
        loop="uvloop",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_FINISH,
        limit_concurrency=4096,
        backlog=2048,
        ssl_certfile=settings.tls.cert_file,
        ssl_keyfile=settings.tls.key_file,
    )
    config.load()
    _only_current_tls(config, settings)
    return config


def _only_current_tls(config: uvicorn.Config, settings: Settings) -> None:
    if config.ssl is None:
        raise Misconfigured(f"{settings.tls.cert_file}: no certificate; set tls.cert_file and tls.key_file")
    config.ssl.minimum_version = ssl.TLSVersion.TLSv1_2


def bound(listen: str) -> socket.socket:
    """A listening socket for `address:port`; raises `Misconfigured` if it cannot be had."""
    host, _, port = listen.rpartition(":")
    host = host.strip("[]") or "0.0.0.0"  # noqa: S104 - an empty host means every address, as everywhere
    if not port.isdigit() or not 0 <= int(port) <= 65535:
        raise Misconfigured(f"listen: {listen!r}: write address:port, such as 127.0.0.1:8443")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, int(port)))
    except OSError as error:
        listener.close()
        raise Misconfigured(
            f"listen: {listen}: {error.strerror}; is another server there? choose another port"
        ) from error
    return listener
