"""A terminal with bash in it: what the reader of a page has in front of them."""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from tests.docs.screen import shown

PATIENCE: Final = 60.0
_PROMPT: Final = "\x1d"
"""Around what ends a command's output: the command's number, and its exit code. No command prints this."""
# Each command is evaluated in one shell, so that `cd`, `export` and functions last. Standard input is the terminal.
# Like an interactive shell it outlives Ctrl-C, which what runs in it does not.
_BASH: Final = rf"""
trap : INT
typed_here=0
while IFS= read -r -d '' -u COMMANDS command; do
  eval "$command" COMMANDS<&-
  printf '{_PROMPT}%d %d{_PROMPT}' "$((++typed_here))" "$?"
done
"""
_END: Final = re.compile(f"{_PROMPT}(\\d+) (\\d+){_PROMPT}")


class Terminal:
    """A context manager: entering opens it, leaving stops whatever runs in it."""

    def __init__(self, folder: Path, environment: Mapping[str, str], columns: int = 110) -> None:
        self._output = ""
        """What came since the last command was typed, as it came; and before it, what came of one that ran on."""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._typed = 0
        self._screen, keyboard = pty.openpty()
        fcntl.ioctl(keyboard, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        reads, self._commands = os.pipe()
        self._bash = subprocess.Popen(
            # setsid gives bash a session whose terminal this is, so that Ctrl-C and hidden prompts work
            ["setsid", "--ctty", "bash", "--norc", "--noprofile", "-c", _BASH.replace("COMMANDS", str(reads))],
            cwd=folder,
            env=dict(environment),
            stdin=keyboard,
            stdout=keyboard,
            stderr=keyboard,
            pass_fds=(reads,),
        )
        os.close(keyboard)
        os.close(reads)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        os.close(self._commands)  # bash ends when it has read all commands
        try:
            self.interrupt()
            self._bash.wait(PATIENCE)
        except (subprocess.TimeoutExpired, TimeoutError):
            os.killpg(self._bash.pid, signal.SIGKILL)
            self._bash.wait()
        finally:
            os.close(self._screen)

    def type(self, command: str) -> None:
        """Begin a command."""
        if self.code is not None:
            self._output = ""
        self._typed += 1
        os.write(self._commands, command.encode() + b"\0")

    def run(self, command: str) -> int:
        """Run a command to its end and return its exit code; raises `TimeoutError`."""
        self.type(command)
        return self.finish()

    def finish(self) -> int:
        """The exit code of the command that runs, once it has ended; raises `TimeoutError`."""
        self.wait_for(lambda: self.code is not None)
        return -1 if self.code is None else self.code

    def interrupt(self) -> None:
        """Press Ctrl-C, if something runs, and wait until it has ended; raises `TimeoutError`."""
        if self._typed and self.code is None and self._bash.poll() is None:
            os.write(self._screen, b"\x03")
            self.finish()

    @property
    def code(self) -> int | None:
        """The exit code of the last command, once it has ended."""
        ends = {int(end[1]): int(end[2]) for end in _END.finditer(self._output)}
        return ends.get(self._typed)

    @property
    def text(self) -> str:
        """What is to be seen of the last command's output, each line ended by a line feed."""
        before = [end.end() for end in _END.finditer(self._output) if int(end[1]) < self._typed]
        return shown(_END.sub("", self._output[max(before, default=0) :]).replace("^C", ""))

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Read on until something holds; raises `TimeoutError`."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > deadline or not self._read():
                raise TimeoutError(f"shown so far:\n{self.text}")

    def _read(self) -> bool:
        """A little more of the output; False once there can be none."""
        if not select.select([self._screen], [], [], 0.2)[0]:
            return True
        try:
            self._output += self._decoder.decode(os.read(self._screen, 65536))
        except OSError:  # bash has ended, and all it had started
            return False
        return True
