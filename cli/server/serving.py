"""Serving the application over HTTPS by uvicorn, until told to stop; then requests in flight are finished first.

Signals: SIGTERM and SIGINT stop gracefully, a second one stops waiting for clients; SIGHUP reads the certificate again.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import ssl
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, cast

import uvicorn
import uvloop

from cli.server.compose import open_runtime, serving
from cli.server.config import Settings
from cli.server.connection import bounded
from cli.server.listening import bound
from cli.server.logs import log_loop_error
from cli.server.supervision import notify
from cli.server.tls import load_certificate, server_context
from domain.errors import Misconfigured

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application  # its own name for the protocol that litestar has, too

_FINISH: Final = 30
"""How long requests in flight may take once the server is told to stop, in seconds."""
_IDLE: Final = 75
"""How long a connection may lie idle between two requests, in seconds."""
_MOST_CONNECTIONS: Final = 4096
_SWITCH: Final = 0.0005
"""Seconds after which one thread must let the other run: the default of 5 ms makes the committer wait for the loop."""
_YOUNG: Final = 20_000
"""Objects more that were made than freed before cycles are looked for.

The default of 700 is less than what 64 requests in flight have in hand, and took a tenth of the time.
"""
_log = logging.getLogger("trstctl.serving")


def listening(settings: Settings) -> socket.socket:
    """The socket to serve on, so that a port that is taken is told before anything is made; raises `Misconfigured`."""
    return bound(settings.listen)


def run(
    settings: Settings, listener: socket.socket | None = None, prepare: Callable[[], Awaitable[None]] | None = None
) -> None:
    """Serve until SIGTERM or SIGINT. `prepare` runs before the first answer.

    Raises `Misconfigured`, `StoreUnavailable`.
    """
    sys.setswitchinterval(_SWITCH)
    with listener or listening(settings) as ready:
        uvloop.run(_run(settings, ready, prepare))


async def _run(settings: Settings, listener: socket.socket, prepare: Callable[[], Awaitable[None]] | None) -> None:
    asyncio.get_running_loop().set_exception_handler(log_loop_error)
    context = server_context(settings.tls)
    if prepare:
        await prepare()
    async with open_runtime(settings) as runtime, serving(runtime) as app:
        _tell_start(settings, runtime.secrets_disabled())
        server = _Server(_config(cast("ASGI3Application", app), settings, context))
        _spare_collections()
        with _signals(server, settings, context):
            await server.serve(sockets=[listener])
    _log.info("stopped")


def _spare_collections() -> None:
    """Look for cycles more rarely, and never again among what stays as long as the process does."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG)


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own would end the process by the signal once more, before what waits is written to the log.
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        notify("READY=1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        notify("STOPPING=1")
        _log.info("stopping: finishing requests in flight")
        await super().shutdown(sockets)


@contextmanager
def _signals(server: uvicorn.Server, settings: Settings, context: ssl.SSLContext) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    handlers: dict[signal.Signals, Callable[[], None]] = {
        signal.SIGTERM: lambda: _stop(server),
        signal.SIGINT: lambda: _stop(server),
        signal.SIGHUP: lambda: _reload(settings, context),
    }
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
    try:
        yield
    finally:
        # SIGTERM stays ours until the process ends: what is left is writing, which must not be cut short.
        loop.remove_signal_handler(signal.SIGHUP)


def _stop(server: uvicorn.Server) -> None:
    server.force_exit = server.should_exit
    server.should_exit = True


def _reload(settings: Settings, context: ssl.SSLContext) -> None:
    try:
        load_certificate(context, settings.tls)
    except Misconfigured as error:
        _log.error("the certificate was not read again, the old one stays: %s", error.message)
    else:
        _log.info("the certificate was read again: new connections get it")


def _tell_start(settings: Settings, secrets_disabled: str | None) -> None:
    if secrets_disabled:
        _log.warning("secrets surface closed: %s", secrets_disabled)
    if settings.secrets.machine_auth:
        _log.warning(
            "secrets.machine_auth has %d entries, but this version does not serve machine login",
            len(settings.secrets.machine_auth),
        )
    store = "postgresql" if settings.store else "embedded"
    _log.info("serving", extra={"listen": settings.listen, "url": settings.url, "store": store})


def _config(app: ASGI3Application, settings: Settings, context: ssl.SSLContext) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        loop="uvloop",
        http=bounded(settings.limits.client_timeout_seconds),
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE,
        timeout_graceful_shutdown=_FINISH,
        limit_concurrency=_MOST_CONNECTIONS,
        ssl_context_factory=lambda _config, _default: context,
    )
