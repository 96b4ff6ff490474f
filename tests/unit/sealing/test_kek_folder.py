"""A KEK is found by its id, in the configured file or beside it, and by no other way."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters import kek_folder
from adapters.kek_file import load_kek
from adapters.kek_folder import KekFolder
from domain.errors import Conflict, KeyUnavailable, LogBroken, Misconfigured
from tests.unit.sealing.memory_store import new_kek


@pytest.fixture
def folder(kek_file: Path) -> KekFolder:
    return KekFolder(kek_file)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return new_kek(tmp_path, "new.bin")


def names(folder: KekFolder) -> set[str]:
    return {found.name for found in folder.path.parent.iterdir()}


def test_find_reads_the_configured_file(folder: KekFolder, kek_file: Path) -> None:
    assert folder.find(load_kek(kek_file).id).id == load_kek(kek_file).id


def test_find_reads_the_files_once_and_then_remembers(folder: KekFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    kek = folder.current()
    monkeypatch.setattr(kek_folder, "load_kek", None)
    assert folder.find(kek.id) is kek


def test_find_of_an_unknown_key_names_what_is_wanted_what_is_held_and_the_remedy(folder: KekFolder) -> None:
    with pytest.raises(KeyUnavailable) as caught:
        folder.find("0123456789abcdef")
    message = caught.value.message
    assert "0123456789abcdef is wanted" in message
    assert f"{folder.path} holds {folder.current().id}" in message
    assert f"{folder.path}.retired-0123456789abcdef" in message


def test_find_says_why_the_configured_file_cannot_be_used(folder: KekFolder) -> None:
    folder.path.chmod(0o644)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        folder.find("0123456789abcdef")


def test_current_read_anew_leaves_no_second_copy_of_the_key(folder: KekFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    held, again = folder.current(), load_kek(folder.path)
    monkeypatch.setattr(kek_folder, "load_kek", lambda _: again)
    assert folder.current() is held
    with pytest.raises(KeyUnavailable, match="wiped"):
        again.view()


@pytest.mark.parametrize(
    "kek_id", ["", "../../etc/passwd", "0123456789ABCDEF", "0123456789abcdef\n", "0123456789abcdef0"]
)
def test_find_of_what_is_no_id_touches_no_file(folder: KekFolder, kek_id: str) -> None:
    with pytest.raises(LogBroken):
        folder.find(kek_id)


@pytest.mark.parametrize("state", ["next", "retired"])
def test_find_reads_a_key_beside_the_configured_file(folder: KekFolder, new: Path, state: str) -> None:
    kek_id = load_kek(new).id
    new.rename(f"{folder.path}.{state}-{kek_id}")
    assert folder.find(kek_id).id == kek_id


def test_find_refuses_a_key_that_is_not_the_one_its_name_says(folder: KekFolder, new: Path) -> None:
    new.rename(f"{folder.path}.retired-0123456789abcdef")
    with pytest.raises(KeyUnavailable, match="put the key that its name says there"):
        folder.find("0123456789abcdef")


def test_find_holds_a_key_beside_to_the_same_custody(folder: KekFolder, new: Path) -> None:
    kek_id = load_kek(new).id
    new.rename(f"{folder.path}.retired-{kek_id}").chmod(0o640)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        folder.find(kek_id)


def test_find_notices_that_the_configured_file_was_replaced(folder: KekFolder, new: Path) -> None:
    old, kek_id = folder.current(), load_kek(new).id
    new.replace(folder.path)
    assert folder.find(kek_id).id == kek_id
    assert folder.find(old.id) is old


def test_stage_puts_a_copy_beside_and_leaves_the_configured_file(folder: KekFolder, new: Path) -> None:
    old = folder.current().id
    staged = folder.stage(new)
    assert staged.id == load_kek(new).id
    assert folder.staged() == [staged.id]
    assert folder.current().id == old
    assert KekFolder(folder.path).find(staged.id).id == staged.id


def test_stage_twice_is_once(folder: KekFolder, new: Path) -> None:
    assert folder.stage(new) is folder.stage(new)
    assert len(folder.staged()) == 1


def test_stage_of_the_key_in_use_stages_nothing(folder: KekFolder, new: Path) -> None:
    new.write_bytes(folder.path.read_bytes())
    assert folder.stage(new) is folder.current()
    assert folder.staged() == []


def test_stage_of_the_configured_file_itself_is_refused(folder: KekFolder, tmp_path: Path) -> None:
    (tmp_path / "other-name").hardlink_to(folder.path)
    for same in (folder.path, tmp_path / "other-name"):
        with pytest.raises(Misconfigured, match="the KEK file in use"):
            folder.stage(same)


def test_stage_holds_the_new_file_to_the_same_custody(folder: KekFolder, new: Path) -> None:
    new.chmod(0o644)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        folder.stage(new)
    assert folder.staged() == []


def test_install_replaces_the_file_and_keeps_the_old_key_beside(folder: KekFolder, new: Path) -> None:
    old, kek_id = folder.current().id, folder.stage(new).id
    kept = folder.install(kek_id)
    assert kept == folder.path.with_name(f"kek.bin.retired-{old}")
    assert load_kek(folder.path).id == kek_id
    assert load_kek(kept).id == old
    assert names(folder) == {"kek.bin", kept.name, "new.bin"}


def test_install_twice_changes_nothing_more(folder: KekFolder, new: Path) -> None:
    kek_id = folder.stage(new).id
    folder.install(kek_id)
    before = names(folder)
    assert folder.install(kek_id) is None
    assert names(folder) == before


def test_install_keeps_what_interrupted_rotations_left(folder: KekFolder, new: Path, tmp_path: Path) -> None:
    left = folder.stage(new_kek(tmp_path, "left.bin")).id
    old = folder.current().id
    folder.install(folder.stage(new).id)
    assert folder.staged() == []
    assert folder.retired() == sorted([left, old])


def test_only_one_rotation_of_a_file_runs_at_a_time(folder: KekFolder) -> None:
    with folder.exclusive(), pytest.raises(Conflict, match="another rotation"), KekFolder(folder.path).exclusive():
        pass
    with folder.exclusive():
        pass
