"""What `trstctl-cli run` leaves behind, on either side: no value in a file, in a command line, or in what stays."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.client_calls import Calls
from tests.e2e.log_in_database import ChainReader, of_sqlite
from tests.e2e.memory import copies, may_look
from tests.e2e.server import CLIENT, dev_server

VALUE = f"s3cr3t-{secrets.token_hex(16)}"


class Running:
    """A command that was started by `run` and waits."""

    def __init__(self, calls: Calls, folder: Path) -> None:
        self.calls = calls
        self.folder = folder
        """Home, working directory and place for temporary files of both."""
        words = ["run", "--secret", "DB_PASSWORD=app/db", "--prefix", "app/", "--"]
        script = 'echo "$$ $DB_PASSWORD"; read -r line'
        self.process = subprocess.Popen(
            [CLIENT, *words, "sh", "-c", script],
            env={**calls.environment, "HOME": str(folder), "TMPDIR": str(folder)},
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        command, self.given = self.process.stdout.readline().split()
        self.command = int(command)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with dev_server(tmp_path_factory.mktemp("run") / "data") as server:
        calls = Calls(server)
        calls.json("secrets", "put", "app/db", stdin=VALUE.encode())
        started = Running(calls, tmp_path_factory.mktemp("home"))
        yield started
        started.process.communicate("\n", timeout=20)


def test_the_command_has_the_value(running: Running) -> None:
    assert running.given == VALUE
    assert f"DB_PASSWORD={VALUE}" in _environment(running.command)


def test_no_command_line_shows_the_value(running: Running) -> None:
    lines = [_of_process(entry, "cmdline") for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    assert any("DB_PASSWORD=app/db" in line for line in lines)
    assert not [line for line in lines if VALUE in line]


def test_the_process_that_stays_has_no_copy(running: Running) -> None:
    if not may_look():
        pytest.skip("only root, or CAP_SYS_PTRACE, may search another process's memory")
    assert running.process.pid != running.command
    assert VALUE not in "".join(_environment(running.process.pid))
    assert copies(running.process.pid, [VALUE.encode()]) == {}


def test_nothing_is_written_beside_the_command(running: Running) -> None:
    assert list(running.folder.iterdir()) == []


def test_no_file_of_the_server_holds_the_value(running: Running) -> None:
    server = running.calls.server
    files = [file for file in server.folder.parent.rglob("*") if file.is_file()]
    assert {"trstctl.db", "kek", "data.log"} <= {file.name for file in files}
    assert not [file for file in files if VALUE.encode() in file.read_bytes()]


def test_the_log_tells_of_names_and_paths(running: Running) -> None:
    events = ChainReader(of_sqlite(running.calls.server.folder / "trstctl.db")).more()
    injected = [event.body for event in events if event.type == "secret.injected"]
    assert [body["variables"] for body in injected] == [{"DB_PASSWORD": "app/db", "DB": "app/db"}]
    assert VALUE not in json.dumps([event.body for event in events])


def _environment(process: int) -> list[str]:
    return Path(f"/proc/{process}/environ").read_text().split("\0")


def _of_process(entry: Path, name: str) -> str:
    try:
        return (entry / name).read_text(errors="replace").replace("\0", " ")
    except (FileNotFoundError, ProcessLookupError):
        return ""  # it has ended
