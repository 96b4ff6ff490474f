"""`run` under a shell that controls jobs: what a person types reaches the command as if we were not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.client.fake_server import FakeServer
from tests.unit.client.process import PROGRAM, Terminal, environment, state, terminal, until

COUNTING = """
import signal, sys, time
seen = []
signal.signal(signal.SIGINT, lambda *_: seen.append(1))
print('rea' + 'dy', flush=True)
sys.stdin.readline()
print('interrupts:', len(seen), flush=True)
"""

SLEEPING = (
    "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); print('slee' + 'ping', flush=True); signal.pause()"
)
"""One process, which a Ctrl-C ends from the moment it says so. Of `sh -c 'echo; sleep 60'` dash forgets one that comes
while it starts `sleep`, and sleeps on."""


@pytest.fixture
def prepared(server: FakeServer) -> FakeServer:
    server.on("POST", "/api/v1/secrets/injections", {"variables": {"A": "x"}})
    return server


def words(*command: str) -> list[str]:
    return [*PROGRAM, "run", "--secret", "A=a", "--", *command]


def test_ctrl_c_reaches_the_command_once(prepared: FakeServer) -> None:
    with terminal(words(PROGRAM[0], "-c", COUNTING), environment(prepared.url)) as opened:
        opened.read_until("ready")
        opened.type("\x03")
        opened.read_until("^C")
        opened.type("\n")
        opened.read_until("interrupts:")
        assert opened.wait() == 0
        assert b"interrupts: 1" in opened.output


def test_ctrl_c_ends_a_command_that_does_not_mind_it(prepared: FakeServer) -> None:
    with terminal(words(PROGRAM[0], "-c", SLEEPING), environment(prepared.url)) as opened:
        opened.read_until("sleeping")
        opened.type("\x03")
        assert opened.wait() == 130


def test_the_command_has_the_terminal(prepared: FakeServer) -> None:
    with terminal(words("sh", "-c", "test -t 0 && test -t 1 && stty size"), environment(prepared.url)) as opened:
        assert opened.wait() == 0
        assert b"40 120" in opened.output


def test_a_shell_can_stop_it_and_bring_it_back(prepared: FakeServer, tmp_path: Path) -> None:
    script = f"echo $$ > {tmp_path}/pid; echo rea''dy; read line; echo got $line; exit 7"
    with terminal(["/bin/bash", "--norc", "-i"], environment(prepared.url, PS1="prompt> ", HISTFILE="")) as shell:
        shell.read_until("prompt> ")
        shell.type(" ".join([*words("sh", "-c"), f'"{script}"'.replace("$", "\\$"), "\n"]))
        shell.read_until("ready\r\n")
        command = int((tmp_path / "pid").read_text())
        _stop(shell, command)
        shell.type("jobs -l\n")
        shell.read_until("Stopped")
        shell.type("fg\n")
        until(lambda: state(command) in "RS", "going on")
        shell.type("typed\n")
        shell.read_until("got typed")
        shell.type("echo code $?\n")
        shell.read_until("code 7")


def test_a_shell_of_its_own_controls_its_jobs(prepared: FakeServer) -> None:
    inner = words("/bin/bash", "--norc", "-i")
    with terminal(inner, environment(prepared.url, PS1="inner> ", HISTFILE="")) as opened:
        opened.read_until("inner> ")
        opened.type(f'{PROGRAM[0]} -c "{SLEEPING}"\n')
        opened.read_until("sleeping\r\n")
        opened.type("\x03")
        opened.read_until("^C")
        opened.type("echo after $?\n")
        opened.read_until("after 130")
        opened.type("exit 9\n")
        assert opened.wait() == 9


def _stop(shell: Terminal, command: int) -> None:
    shell.type("\x1a")
    until(lambda: state(command) == "T", "stopped")
