"""Processes under measurement: the product as `trstctl dev` starts it, and a bare ASGI echo behind the same TLS."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from cli.server.hardening import hardened


class Server:
    """A running process with its address; a context manager that ends it."""

    def __init__(self, command: list[str], port: int, certificate: Path, token: str = "") -> None:
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=_environment())
        self.address = f"https://localhost:{port}"
        self.certificate = certificate
        self.token = token
        self.ready_after = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(30)

    def wait(self, path: str) -> None:
        """Until `path` answers 200; notes how long the start took, in seconds."""
        while True:
            try:
                self.ask("GET", path)
            except OSError as error:
                if self.process.poll() is not None or time.perf_counter() - self.started > 60:
                    raise RuntimeError("the server did not start") from error
                time.sleep(0.02)
            else:
                self.ready_after = time.perf_counter() - self.started
                return

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """One request on a connection of its own; the decoded answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.address + path, data, headers, method=method)  # noqa: S310 - our own address
        context = ssl.create_default_context(cafile=str(self.certificate))
        with urllib.request.urlopen(request, context=context, timeout=120) as answer:  # noqa: S310 - our own address
            text = answer.read()
        return json.loads(text) if text[:1] in (b"{", b"[") else text

    def cpu_seconds(self) -> float:
        """Processor time used so far, user and system."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def resident_mib(self) -> float:
        """Resident memory now, in MiB."""
        match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(match[1]) / 1024 if match else 0.0


def product(folder: Path, *, program: Sequence[str] = ()) -> Server:
    """`trstctl dev` on `folder`, ready; `program` runs it if it is not the installed command."""
    port = free_port()
    program = program or [str(Path(sys.executable).with_name("trstctl"))]
    server = Server([*program, "dev", "--data-dir", str(folder), "--port", str(port)], port, folder / "tls.crt")
    server.wait("/readyz")
    match = re.search(r"TRSTCTL_TOKEN=(\S+)", (folder / "dev.env").read_text())
    server.token = match[1] if match else ""
    return server


def yardstick(folder: Path) -> Server:
    """The echo, with the product's certificate, in an interpreter hardened as the product's is."""
    port = free_port()
    command = [sys.executable, "-m", "tests.bench.echo", str(port), str(folder / "tls.crt"), str(folder / "tls.key")]
    server = Server(command, port, folder / "tls.crt")
    server.wait("/")
    return server


def _environment() -> dict[str, str]:
    ours = {name: value for name, value in hardened(os.environ).items() if not name.startswith("TRSTCTL_")}
    return {**ours, "TRSTCTL_LIMITS_REQUESTS_PER_SECOND": "0"}


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
