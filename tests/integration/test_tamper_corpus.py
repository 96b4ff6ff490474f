"""Every way of tampering is found by the command as an operator runs it, at the right position, by the right check."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from adapters.crypto import ed25519_verify
from adapters.sqlite.log_rows import SqliteLogRows
from cli.server.commands.audit_verify import command
from domain.verification import Report, verify
from domain.verification.checks import CHECKS, Checks
from tests.tampering.corpus import CORPUS, ONLY, Case
from tests.tampering.history import cut_the_tail, rewrite_with_right_hashes
from tests.tampering.world import LAST, READ, Attack, World
from tests.written_log import WrittenLog, write_log


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> World:
    folder = tmp_path_factory.mktemp("originals")
    log = write_log(folder / "log", folder / "older")
    return World(log, WrittenLog(folder / "older"), write_log(folder / "twin"))


@pytest.fixture
def world(originals: World, tmp_path: Path) -> World:
    copies = (each.copied(tmp_path / name) for each, name in zip(originals, World._fields, strict=True))
    return World(*copies)


@pytest.fixture(autouse=True)
def no_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TRSTCTL_CONFIG_FILE", raising=False)


def audit_verify(*arguments: object) -> tuple[int, Any]:
    """The command's exit code and what it printed as JSON."""
    result = CliRunner().invoke(command, [*map(str, arguments), "--output", "json"])
    return result.exit_code, json.loads(result.stdout) if result.exit_code != 2 else result.stderr


def verified(log: WrittenLog, checks: Checks = CHECKS) -> Report:
    held, key = log.checkpoints.held(), log.checkpoints.key()
    with closing(SqliteLogRows(log.database)) as rows:
        return verify(rows, ed25519_verify, checkpoints=held, key=key, checks=checks)


def test_untouched_stores_are_intact(originals: World) -> None:
    for log, events in ((originals.log, LAST), (originals.older, 22), (originals.twin, LAST)):
        code, report = audit_verify("--data-dir", log.folder)
        assert (code, report["intact"], report["events"], report["findings"]) == (0, True, events, [])
        assert report["head"] == log.rows()[-1][11].hex()


def test_untouched_store_was_held_against_all_its_checkpoints_and_values(originals: World) -> None:
    assert originals.log.sizes() == [3, 17, 22, 30]
    _, report = audit_verify("--data-dir", originals.log.folder)
    assert (report["checkpoints"], report["covered"], report["sealed"]) == (4, 30, 8)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_tampering_is_found_where_it_begins(world: World, case: Case) -> None:
    case.attack(world)
    code, report = audit_verify("--data-dir", world.log.folder)
    first = report["first_bad"]
    assert (code, report["intact"], first["check"], first["position"]) == (1, False, case.check, case.position)
    assert first["what"]


def test_the_table_has_a_case_for_every_check() -> None:
    assert {case.check for case in CORPUS} == set(CHECKS.names) == set(ONLY)


@pytest.mark.parametrize("name", CHECKS.names)
def test_a_check_removed_lets_its_case_through(world: World, name: str) -> None:
    ONLY[name](world)
    assert {finding.check for finding in verified(world.log).findings} == {name}
    assert verified(world.log, CHECKS.without(name)).intact


@pytest.mark.parametrize("attack", [cut_the_tail, rewrite_with_right_hashes])
def test_a_checkpoint_kept_elsewhere_finds_what_none_beside_the_store_shows(
    world: World, tmp_path: Path, attack: Attack
) -> None:
    """An attacker who can write the store can remove what lies beside it."""
    elsewhere = (world.log.checkpoints.path / f"{LAST:019d}.checkpoint").rename(tmp_path / "kept.txt")
    attack(world)
    for path in world.log.checkpoints.path.glob("*.checkpoint"):
        path.unlink()
    assert audit_verify("--data-dir", world.log.folder)[0] == 0
    code, report = audit_verify("--data-dir", world.log.folder, "--checkpoint", elsewhere)
    assert code == 1
    assert report["first_bad"]["position"] in {READ, LAST}


def test_a_whole_folder_rolled_back_is_found_by_a_checkpoint_kept_elsewhere(world: World) -> None:
    kept = world.log.checkpoints.path
    assert audit_verify("--data-dir", world.older.folder)[0] == 0
    code, report = audit_verify("--data-dir", world.older.folder, "--checkpoint", kept)
    assert (code, report["first_bad"]["check"], report["first_bad"]["position"]) == (1, "checkpoint-size", 23)
