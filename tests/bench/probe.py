"""How long one caller waits for an answer, asking steadily on one connection while something else goes on."""

from __future__ import annotations

import http.client
import ssl
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from tests.bench.processes import Server

_PAUSE: Final = 0.005


class Waits(NamedTuple):
    """Milliseconds at three quantiles."""

    p50: float
    p99: float
    longest: float


def waits(server: Server, path: str, until: Callable[[], bool]) -> Waits:
    """Ask for `path` again and again, with pauses of 5 ms, until `until()`, which is asked each quarter of a second."""
    context = ssl.create_default_context(cafile=str(server.certificate))
    connection = http.client.HTTPSConnection(urlsplit(server.address).netloc, context=context, timeout=60)
    taken, next_look = [], time.perf_counter() + 0.25
    while True:
        taken.append(_asked(connection, path, server.token))
        time.sleep(_PAUSE)
        if time.perf_counter() > next_look:
            next_look += 0.25
            if until():
                connection.close()
                cuts = quantiles(taken, n=100)
                return Waits(cuts[49], cuts[98], max(taken))


def _asked(connection: http.client.HTTPSConnection, path: str, token: str) -> float:
    began = time.perf_counter()
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{path} was answered with {answer.status}")
    return (time.perf_counter() - began) * 1000
