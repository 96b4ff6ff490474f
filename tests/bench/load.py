"""Load by wrk (Debian: apt-get install wrk), in bursts short enough that two servers can take turns."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from typing import NamedTuple, Protocol

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Server(Protocol):
    """What is under load. `token` is sent as a bearer's if there is one."""

    @property
    def address(self) -> str: ...

    @property
    def token(self) -> str: ...

    def cpu_seconds(self) -> float:
        """Processor time used so far; NaN if that is not known."""
        ...


class Load(NamedTuple):
    """What one burst came to: requests a second, milliseconds at two quantiles, processor microseconds a request."""

    rate: float
    p50: float
    p99: float
    cpu: float


def lua(method: str, path: str, body: str = "", spread: int = 0) -> str:
    """A script for wrk; with `spread`, `%d` in the path runs through as many numbers."""
    count = f"n = (n + 1) % {spread}; local path = string.format('{path}', n)" if spread else f"local path = '{path}'"
    return f"""n = 0
request = function()
  {count}
  return wrk.format('{method}', path, nil, '{body}')
end"""


def measure(server: Server, script: str, connections: int, seconds: int) -> Load:
    """One burst; raises `RuntimeError` if an answer was an error, for then the figure means nothing."""
    before = server.cpu_seconds()
    text = run_script(server, script, connections, seconds)
    return _parsed(text, server.cpu_seconds() - before)


def run_script(server: Server, script: str, connections: int, seconds: int) -> str:
    """What wrk says of one burst; raises `RuntimeError` if an answer was an error."""
    if not shutil.which("wrk"):
        raise RuntimeError("wrk is missing; on Debian and Ubuntu: apt-get install wrk")
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(f'wrk.headers["Content-Type"] = "application/json"\n{_authorization(server)}\n{script}')
        file.flush()
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", file.name, server.address]
        text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(f"{server.address} answered with errors:\n{text}")
    return text


def _authorization(server: Server) -> str:
    return f'wrk.headers["Authorization"] = "Bearer {server.token}"' if server.token else ""


def _parsed(text: str, cpu_seconds: float) -> Load:
    count = re.search(r"(\d+) requests in", text)
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if not count or not rate:
        raise RuntimeError(f"wrk said nothing that is understood:\n{text}")
    return Load(float(rate[1]), _quantile(text, "50"), _quantile(text, "99"), cpu_seconds / int(count[1]) * 1e6)


def _quantile(text: str, percent: str) -> float:
    match = re.search(rf"{percent}%\s+([\d.]+)(us|ms|s)", text)
    return float(match[1]) * _UNITS[match[2]] if match else float("nan")
