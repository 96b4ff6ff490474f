"""Servers by the hundred: one interpreter imports everything once, and each server is a fork of it.

What runs is what `trstctl serve` runs, but for the start of the interpreter and for the hardening, by which the process
would replace itself.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from cli.server import logs, serving
from cli.server.config import load
from tests.e2e.server import answers, clean_environment

_START_SECONDS: Final = 30.0
_END_SECONDS: Final = 10.0


class Nursery:
    """The interpreter that forks. A context manager."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.e2e.nursery"],
            env=clean_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.communicate(timeout=_END_SECONDS)

    def server(self, configuration: Path, output: Path) -> int:
        """Start a server with this configuration file, its messages appended to `output`; its process id."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps([str(configuration), str(output)]) + "\n")
        return int(self._process.stdout.readline())


def wait_until_ready(port: int, certificate: Path, output: Path) -> None:
    """Until the server on `port` answers; raises `RuntimeError` if it does not."""
    until = time.monotonic() + _START_SECONDS
    while not answers(port, certificate, "/healthz"):
        if time.monotonic() > until:
            raise RuntimeError(f"the server did not start:\n{output.read_text()[-4000:]}")
        time.sleep(0.01)


def kill(process: int) -> None:
    """`kill -9`, and wait until the process is gone."""
    os.kill(process, signal.SIGKILL)
    until = time.monotonic() + _END_SECONDS
    while Path(f"/proc/{process}").exists():
        if time.monotonic() > until:
            raise RuntimeError(f"process {process} does not end")
        time.sleep(0.002)


def _main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel takes away those that ended
    for line in sys.stdin:
        configuration, output = json.loads(line)
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _redirect(output)
            logs.configure("warning")
            serving.run(load(Path(configuration), {}))
            os._exit(0)
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()


def _redirect(output: str) -> None:
    file = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(file, 1)
    os.dup2(file, 2)


if __name__ == "__main__":
    _main()
