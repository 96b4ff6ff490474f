"""`trstctl kek` on a store in memory: what it does, prints and ends with."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from adapters.kek_file import load_kek
from adapters.kek_rotation import KekRotation
from cli.server.commands.kek import kek_commands
from domain.errors import KeyUnavailable, Misconfigured
from tests.unit.sealing.memory_store import MemoryStore, Server, new_kek


class Operator:
    """A person at a shell, on a store with two tenants."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kek_file = new_kek(folder)
        self.store = MemoryStore()
        for tenant in ("acme", "other"):
            asyncio.run(Server(self.store, self.kek_file).create_tenant(tenant))

    @asynccontextmanager
    async def opened(self, context: click.Context) -> AsyncIterator[KekRotation]:
        yield Server(self.store, self.kek_file).rotation

    def run(self, *arguments: str | Path) -> Result:
        result = CliRunner().invoke(kek_commands(self.opened), [str(argument) for argument in arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path)


def test_rotate_says_what_it_did_and_what_to_keep(operator: Operator) -> None:
    old, new = load_kek(operator.kek_file).id, new_kek(operator.folder, "new.bin")
    result = operator.run("rotate", "--new", new)
    assert result.exit_code == 0
    assert f"Rewrapped 2 keys, from {old} to {load_kek(new).id}: event 1." in result.output
    assert f"{operator.kek_file}.retired-{old}" in result.output
    assert load_kek(operator.kek_file).id == load_kek(new).id


def test_rotate_again_says_that_nothing_was_left_to_do(operator: Operator) -> None:
    new = new_kek(operator.folder, "new.bin")
    operator.run("rotate", "--new", new)
    result = operator.run("rotate", "--new", new)
    assert "was wrapped by KEK" in result.output
    assert f"The KEK file held {load_kek(new).id} already." in result.output


def test_rotate_generate_creates_the_new_key(operator: Operator) -> None:
    result = operator.run("rotate", "--new", operator.folder / "new.bin", "--generate")
    assert result.exit_code == 0
    assert load_kek(operator.kek_file).id == load_kek(operator.folder / "new.bin").id


def test_rotate_generate_never_overwrites_a_key(operator: Operator) -> None:
    new = new_kek(operator.folder, "new.bin")
    before = new.read_bytes()
    with pytest.raises(Misconfigured, match="exists"):
        operator.run("rotate", "--new", new, "--generate")
    assert new.read_bytes() == before


def test_rotate_without_a_new_key_says_what_is_wrong(operator: Operator) -> None:
    with pytest.raises(KeyUnavailable, match="absent"):
        operator.run("rotate", "--new", operator.folder / "absent.bin")


def test_rotate_needs_to_be_told_the_new_key(operator: Operator) -> None:
    assert operator.run("rotate").exit_code == 2


def test_stage_names_the_key(operator: Operator) -> None:
    new = new_kek(operator.folder, "new.bin")
    assert f"KEK {load_kek(new).id} lies beside the KEK file" in operator.run("stage", "--new", new).output


def test_status_shows_each_key_with_what_it_wraps(operator: Operator) -> None:
    old = load_kek(operator.kek_file).id
    new = new_kek(operator.folder, "new.bin")
    operator.run("stage", "--new", new)
    result = operator.run("status")
    assert result.exit_code == 0
    lines = {line.split()[1]: line for line in result.output.splitlines() if "│" in line}
    assert "in the KEK file" in lines[old]
    assert " 2 " in lines[old]
    assert "staged" in lines[load_kek(new).id]
    assert f"{operator.kek_file} holds KEK {old}" in result.output


def test_status_as_json_can_be_read_by_a_program(operator: Operator) -> None:
    held = load_kek(operator.kek_file).id
    found = json.loads(operator.run("status", "--output", "json").output)
    assert found["file"] == str(operator.kek_file)
    assert found["holds"] == held
    assert found["tenant_keys"] == {held: 2}
    assert found["missing"] == []


def test_status_ends_with_1_when_a_key_is_missing(operator: Operator) -> None:
    new_kek(operator.folder, "wrong.bin").replace(operator.kek_file)
    result = operator.run("status")
    assert result.exit_code == 1
    assert "MISSING" in result.output


def test_status_ends_with_1_when_the_file_cannot_be_used(operator: Operator) -> None:
    operator.kek_file.chmod(0o644)
    result = operator.run("status")
    assert result.exit_code == 1
    assert "run: chmod 600" in result.output
