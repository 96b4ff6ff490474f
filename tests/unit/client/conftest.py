"""The client called in this process, with a fake server to talk to."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from cli.client.main import main
from tests.unit.client.fake_server import FakeServer

TOKEN = "trst_made-up-token-of-the-tests"


@dataclass(frozen=True)
class Outcome:
    """What a call of the client came to."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()


class Client:
    """Calls `trstctl-cli` with arguments and standard input."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[bytes]) -> None:
        self._monkeypatch = monkeypatch
        self._captured = captured

    def __call__(self, *arguments: str, stdin: bytes = b"") -> Outcome:
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        code = main(arguments)
        out, err = self._captured.readouterr()
        return Outcome(int(code), out, err.decode())


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeServer]:
    """A fake server, named by the environment."""
    for name in ("TRSTCTL_CACERT", "TRSTCTL_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    with FakeServer().running() as running:
        monkeypatch.setenv("TRSTCTL_SERVER", running.url)
        monkeypatch.setenv("TRSTCTL_TOKEN", TOKEN)
        yield running


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Client:
    """The client in this process; its output is captured, so it sees no terminal."""
    monkeypatch.setattr("cli.client.retries._FIRST_PAUSE", 0.001)
    return Client(monkeypatch, capsysbinary)
