"""`trstctl audit verify` as it is called: which log, which checkpoints, which key, and what it says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from adapters.crypto import ed25519_generate, ed25519_public
from adapters.log_export import full_line, redacted_line, withheld_line
from cli.server.commands.audit_verify import command
from domain.signed_note import NoteKey
from tests.written_log import ORIGIN, WrittenLog, write_log


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> WrittenLog:
    return write_log(tmp_path_factory.mktemp("original") / "log")


@pytest.fixture
def log(original: WrittenLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WrittenLog:
    monkeypatch.delenv("TRSTCTL_CONFIG_FILE", raising=False)
    return original.copied(tmp_path / "log")


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def exported(log: WrittenLog, path: Path, write: Callable[[tuple[object, ...]], bytes]) -> Path:
    path.write_bytes(b"".join(write(row) for row in log.rows()))
    return path


def cut(log: WrittenLog) -> None:
    with log.opened() as connection:
        connection.execute("DELETE FROM events WHERE position > 28")


def test_intact_store_is_called_so_with_what_was_checked(log: WrittenLog) -> None:
    result = run("--data-dir", log.folder)
    assert result.exit_code == 0
    assert "The log is intact." in result.stdout
    for text in ("30", log.rows()[-1][11].hex(), "4, the newest at 30", str(log.checkpoints.path)):
        assert text in result.stdout


def test_first_bad_position_and_what_is_wrong_are_named(log: WrittenLog) -> None:
    cut(log)
    result = run("--data-dir", log.folder)
    assert result.exit_code == 1
    assert "first bad position: 29" in result.stdout
    assert "checkpoint-size: the log ends at 28, but had 30 events" in result.stdout


def test_store_is_also_named_by_its_file(log: WrittenLog) -> None:
    assert run("--store", log.database).exit_code == 0
    cut(log)
    assert run("--store", log.database).exit_code == 1


def test_configured_store_is_taken_without_options(
    log: WrittenLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = shutil.move(log.checkpoints.path, tmp_path / "elsewhere")
    config = tmp_path / "trstctl.yaml"
    config.write_text(f"data_dir: {log.folder}\naudit:\n  checkpoints:\n    dir: {kept}\n")
    monkeypatch.setenv("TRSTCTL_CONFIG_FILE", str(config))
    assert "4, the newest at 30" in run().stdout
    assert "4, the newest at 30" in run("--config", config).stdout


def test_want_of_checkpoints_is_told(log: WrittenLog) -> None:
    shutil.rmtree(log.checkpoints.path)
    result = run("--data-dir", log.folder)
    assert result.exit_code == 0
    assert "none: if the tail was cut off, or all of it rewritten, that does not show" in result.stdout


def test_events_after_the_newest_checkpoint_are_told(log: WrittenLog) -> None:
    (log.checkpoints.path / f"{30:019d}.checkpoint").unlink()
    assert "the newest at 22; the 8 events after it are held by the chain only" in run("--data-dir", log.folder).stdout


@pytest.mark.parametrize("write", [full_line, redacted_line, withheld_line], ids=lambda write: write.__name__)
def test_exported_log_is_verified_with_checkpoints_and_key_from_elsewhere(
    log: WrittenLog, tmp_path: Path, write: Callable[[tuple[object, ...]], bytes]
) -> None:
    file = exported(log, tmp_path / "log.ndjson", write)
    key = log.checkpoints.path / "vkey"
    assert run("--file", file).exit_code == 0
    assert run("--file", file, "--checkpoint", log.checkpoints.path).exit_code == 0
    newest = log.checkpoints.path / f"{30:019d}.checkpoint"
    assert run("--file", file, "--checkpoint", newest, "--key", key).exit_code == 0
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
    assert run("--file", file).exit_code == 0
    assert run("--file", file, "--checkpoint", newest, "--key", key).exit_code == 1


def test_key_is_given_as_text_or_as_a_file(log: WrittenLog, tmp_path: Path) -> None:
    vkey = (log.checkpoints.path / "vkey").read_text()
    assert run("--data-dir", log.folder, "--key", vkey).exit_code == 0
    other = tmp_path / "other"
    other.write_text(NoteKey(ORIGIN, ed25519_public(ed25519_generate())).vkey)
    result = run("--data-dir", log.folder, "--key", other)
    assert result.exit_code == 1
    assert "signing-key" in result.stdout


def test_without_a_key_beside_them_checkpoints_are_checked_with_the_logs_own(log: WrittenLog) -> None:
    (log.checkpoints.path / "vkey").unlink()
    result = run("--data-dir", log.folder)
    assert result.exit_code == 0
    assert "the log itself" in result.stdout


def test_checkpoints_without_any_key_could_not_be_checked(log: WrittenLog, tmp_path: Path) -> None:
    file = exported(log, tmp_path / "log.ndjson", withheld_line)
    result = run("--file", file, "--checkpoint", log.checkpoints.path / f"{30:019d}.checkpoint")
    assert result.exit_code == 2
    assert "--key" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--data-dir", "none"),
        ("--store", "none"),
        ("--file", "none"),
        ("--file", "garbage"),
        ("--store", "garbage"),
        ("--store", "postgresql://nobody@127.0.0.1:1/none"),
        ("--data-dir", "log", "--checkpoint", "none"),
        ("--data-dir", "log", "--key", "garbage"),
        ("--data-dir", "log", "--key", "no+such+key"),
        ("--data-dir", "log", "--file", "garbage"),
        ("--config", "none"),
        ("--no-such-option",),
    ],
    ids=" ".join,
)
def test_what_could_not_be_checked_is_neither_intact_nor_tampered(
    log: WrittenLog, arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(log.folder.parent)
    Path("garbage").write_text("neither a log nor a key\n" * 1000)
    result = run(*arguments)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr


def test_json_has_the_whole_report(log: WrittenLog) -> None:
    cut(log)
    report = json.loads(run("--data-dir", log.folder, "--output", "json").stdout)
    assert report["first_bad"] == report["findings"][0]
    assert set(report) == {
        "intact", "events", "head", "withheld", "sealed", "checkpoints", "covered", "first_bad", "findings",
    }  # fmt: skip


def test_findings_name_no_secret(log: WrittenLog) -> None:
    with log.opened() as connection:
        connection.execute("DELETE FROM sealed_keys")
        connection.execute("UPDATE events SET body = x'00', prev_hash = x'00' WHERE position > 5")
    result = run("--data-dir", log.folder, "--output", "json")
    assert result.exit_code == 1
    assert "db/password" not in result.stdout


def test_installed_command_gives_the_exit_codes(log: WrittenLog) -> None:
    def code(*arguments: object) -> int:
        program = Path(sys.executable).with_name("trstctl")
        command = [str(program), "audit", "verify", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert code("--data-dir", log.folder) == 0
    cut(log)
    assert code("--data-dir", log.folder) == 1
    assert code("--data-dir", log.folder / "none") == 2
