"""What the shell offers after Tab."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer
from tests.unit.client.process import PROGRAM, ROOT, environment, run

STORE = "/api/v1/secrets/store"
PAGE = {"items": [{"name": "app/key"}], "folders": ["app/db/"], "next_cursor": None}

PROVIDERS = {"items": [{"name": "app-db", "roles": [{"name": "read"}, {"name": "write"}]}]}


def offered(url: str, line: str) -> list[str]:
    words = line.split(" ")
    env = environment(url, _TRSTCTL_CLI_COMPLETE="bash_complete", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))
    return run((), env).stdout.decode().split()


@pytest.mark.parametrize(
    "line, offers",
    [
        ("trstctl-cli sec", ["plain,secrets"]),
        ("trstctl-cli secrets re", ["plain,recover", "plain,refs"]),
        ("trstctl-cli secrets get app/", ["plain,app/db/", "plain,app/key"]),
        ("trstctl-cli run --secret KEY=app/", ["plain,KEY=app/db/", "plain,KEY=app/key"]),
        ("trstctl-cli run --secret KEY", []),
        ("trstctl-cli run --lease DB=app-db/", ["plain,DB=app-db/read", "plain,DB=app-db/write"]),
        ("trstctl-cli secrets leases issue app-db/r", ["plain,app-db/read"]),
        ("trstctl-cli providers roles set app", ["plain,app-db/read", "plain,app-db/write"]),
        ("trstctl-cli leases list --state a", ["plain,active"]),
        ("trstctl-cli rotation-schedules re", ["plain,resume", "plain,remove"]),
        ("trstctl-cli secrets export --format j", ["plain,json"]),
        ("trstctl-cli secrets get a --out", ["plain,--output"]),
    ],
)
def test_tab_offers_what_fits(server: FakeServer, line: str, offers: list[str]) -> None:
    server.on("GET", STORE, PAGE)
    server.on("GET", "/api/v1/secrets/providers", PROVIDERS)
    assert offered(server.url, line) == offers


def test_tab_asks_for_one_folder(server: FakeServer) -> None:
    server.on("GET", STORE, PAGE)
    offered(server.url, "trstctl-cli secrets rotate app/")
    assert server.asked[0].query == {"prefix": "app/", "delimiter": "/", "limit": "100"}


def test_tab_without_a_server_offers_nothing_and_soon() -> None:
    started = time.monotonic()
    assert offered("http://127.0.0.1:1", "trstctl-cli secrets get a") == []
    assert time.monotonic() - started < 3


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_there_is_a_script_for_the_shell(client: Client, shell: str) -> None:
    outcome = client("completion", shell)
    assert outcome.code == 0
    assert f"_TRSTCTL_CLI_COMPLETE={shell}_complete" in outcome.text


def test_there_is_none_for_another(client: Client) -> None:
    assert client("completion", "csh").code == 2


def test_bash_completes_with_the_script(server: FakeServer, client: Client, tmp_path: Path) -> None:
    server.on("GET", STORE, PAGE)
    program = tmp_path / "trstctl-cli"
    program.write_text(f'#!/bin/sh\nexec {" ".join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    script = (
        client("completion", "bash").text
        + """
compopt() { local IFS=' '; echo "compopt $*"; }
COMP_WORDS=(trstctl-cli secrets get app/) COMP_CWORD=3
_trstctl_cli_completion trstctl-cli
printf '%s\\n' "${COMPREPLY[@]}"
"""
    )
    env = environment(server.url)
    done = subprocess.run(
        ["bash", "-c", script],
        env=env | {"PATH": f"{tmp_path}:{env['PATH']}"},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode().splitlines() == ["compopt -o nospace", "app/db/", "app/key"]
