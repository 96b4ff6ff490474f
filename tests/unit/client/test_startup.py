"""Nothing is imported that a command does not need: that is what keeps `run` quick to start."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.unit.client.process import ROOT

SLOW = {"asyncio", "cli.client.yaml_tree", "rich", "yaml"}


def imported(words: tuple[str, ...]) -> set[str]:
    script = f"""
import sys
from cli.client.main import main
main({words!r})
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, env={}, capture_output=True, check=True, text=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("words", [("--help",), ("secrets", "--help"), ("audit", "--help")])
def test_help_of_a_group_imports_no_command_and_no_http(words: tuple[str, ...]) -> None:
    loaded = imported(words)
    assert not {name for name in loaded if name.startswith("cli.client.commands.")}
    assert not loaded & (SLOW | {"urllib3", "ssl", "http.client"})


def test_run_imports_neither_tables_nor_yaml() -> None:
    loaded = imported(("run", "--secret", "A=a", "--", "no-such-command"))
    assert {name for name in loaded if name.startswith("cli.client.commands.")} == {"cli.client.commands.run"}
    assert not loaded & SLOW


def test_the_client_imports_nothing_of_the_server() -> None:
    loaded = imported(("secrets", "list"))
    assert not {name.partition(".")[0] for name in loaded} & {"api", "adapters", "domain", "projections", "litestar"}
