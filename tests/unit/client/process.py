"""The client in a process of its own, with pipes or with a terminal."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-m", "cli.client.main")
PATIENCE = 20.0


def environment(url: str, **more: str) -> dict[str, str]:
    """A small environment that names the server."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "TRSTCTL_SERVER": url, "TRSTCTL_TOKEN": "trst_made-up", **more}


def run(words: Sequence[str], env: Mapping[str, str], stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Run the client with pipes to its end."""
    return subprocess.run(
        [*PROGRAM, *words], input=stdin, capture_output=True, env=env, cwd=ROOT, timeout=PATIENCE, check=False
    )


@contextmanager
def started(words: Sequence[str], env: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start the client with pipes; whatever still runs at the end is killed."""
    process = subprocess.Popen(
        [*PROGRAM, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env, cwd=ROOT
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"still not: {what}"
        time.sleep(0.01)


def state(pid: int) -> str:
    """The letter the kernel has for a process's state: R, S, T (stopped), Z, or X for none."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


def children(pid: int) -> list[int]:
    """The processes that its first thread has started and that are not taken away yet."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def copies(pid: int, marker: str) -> int:
    """How often a text lies in the memory of a process."""
    found = 0
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            bounds, permissions, *rest = line.split()
            if permissions[0] != "r" or rest[-1] in {"[vvar]", "[vsyscall]", "[vvar_vclock]"}:
                continue
            start, end = (int(bound, 16) for bound in bounds.split("-"))
            memory.seek(start)
            found += memory.read(end - start).count(marker.encode())
    return found


class Terminal:
    """A session of its own with a terminal, and a program that leads it."""

    def __init__(self, argv: Sequence[str], env: Mapping[str, str]) -> None:
        self.output = b""
        self.pid, self._screen = pty.fork()
        if self.pid == 0:  # the new session
            os.chdir(ROOT)
            os.execve(argv[0], list(argv), dict(env))  # noqa: S606 - no shell is meant to read it
        fcntl.ioctl(self._screen, termios.TIOCSWINSZ, b"\x28\x00\x78\x00\x00\x00\x00\x00")  # 40 lines of 120

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._screen, text.encode())

    def read_until(self, text: str) -> None:
        """Wait until this has been shown."""
        until(lambda: self._read_a_little() or text.encode() in self.output, f"{text!r} in {self.output!r}")

    def _read_a_little(self) -> bool:
        while select.select([self._screen], [], [], 0)[0]:
            try:
                chunk = os.read(self._screen, 4096)
            except OSError:  # everybody closed the other side
                return False
            if not chunk:
                return False
            self.output += chunk
        return False

    def wait(self) -> int:
        """Wait for the leader; returns its exit code, or minus a signal."""
        ended = [0, 0]

        def poll() -> bool:
            self._read_a_little()
            ended[:] = os.waitpid(self.pid, os.WNOHANG)
            return ended[0] == self.pid

        until(poll, "the end")
        self._read_a_little()
        return os.waitstatus_to_exitcode(ended[1])

    def close(self) -> None:
        """Hang up."""
        os.close(self._screen)
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            return


@contextmanager
def terminal(argv: Sequence[str], env: Mapping[str, str]) -> Iterator[Terminal]:
    """A terminal for the length of a with statement."""
    opened = Terminal(argv, env)
    try:
        yield opened
    finally:
        opened.close()
