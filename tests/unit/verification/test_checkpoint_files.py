"""Checkpoints in a folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from adapters import checkpoint_files
from adapters.checkpoint_files import CheckpointFolder, read_key, read_note
from adapters.crypto import ed25519_public, ed25519_sign
from domain.checkpoint import signed_checkpoint
from domain.errors import Invalid, LogBroken, NotFound, StoreUnavailable, TooLarge
from domain.signed_note import MAX_NOTE, NoteKey

SEED = bytes(range(32))
KEY = NoteKey("example.com/log", ed25519_public(SEED))


def note(size: int, head: bytes = bytes(32)) -> str:
    return signed_checkpoint(size, head, KEY, lambda message: ed25519_sign(SEED, message))


@pytest.fixture
def folder(tmp_path: Path) -> CheckpointFolder:
    return CheckpointFolder(tmp_path / "some/checkpoints")


def test_checkpoints_come_back_in_the_order_of_their_sizes(folder: CheckpointFolder) -> None:
    for size in (100, 9, 10, 0, 2**63 - 1):
        folder.write(note(size))
    assert [held.note for held in folder.held()] == [note(size) for size in (0, 9, 10, 100, 2**63 - 1)]
    assert folder.held()[1].source == "0000000000000000009.checkpoint"


def test_folder_that_is_not_there_holds_nothing(folder: CheckpointFolder) -> None:
    assert (folder.held(), folder.key()) == ([], None)


def test_same_checkpoint_twice_is_kept_once(folder: CheckpointFolder) -> None:
    assert folder.write(note(5)) == folder.write(note(5))
    assert len(folder.held()) == 1


def test_other_head_for_the_same_size_is_refused_and_the_first_stays(folder: CheckpointFolder) -> None:
    folder.write(note(5))
    with pytest.raises(LogBroken, match="another head"):
        folder.write(note(5, b"\1" * 32))
    assert [held.note for held in folder.held()] == [note(5)]


def test_what_is_no_checkpoint_is_not_kept(folder: CheckpointFolder) -> None:
    with pytest.raises(Invalid):
        folder.write("text\n")
    assert not folder.path.exists()


def test_other_files_and_unfinished_ones_are_left_aside(folder: CheckpointFolder) -> None:
    folder.write(note(5))
    folder.write_key(KEY)
    for name in ("README", ".0000000000000000006.checkpoint.1-a", "6.checkpoint", "0000000000000000006.checkpoint~"):
        (folder.path / name).write_text(note(6))
    assert [held.note for held in folder.held()] == [note(5)]


def test_no_draft_is_left_behind(folder: CheckpointFolder) -> None:
    folder.write(note(5))
    folder.write(note(5))
    folder.write_key(KEY)
    assert sorted(path.name for path in folder.path.iterdir()) == ["0000000000000000005.checkpoint", "vkey"]


def test_key_comes_back_and_another_is_refused(folder: CheckpointFolder) -> None:
    folder.write_key(KEY)
    folder.write_key(KEY)
    assert folder.key() == KEY
    with pytest.raises(LogBroken):
        folder.write_key(NoteKey("example.com/other", KEY.public))
    assert folder.key() == KEY


def test_file_and_folder_are_synced_before_a_checkpoint_counts_as_kept(
    folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def record(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink().name)
        real(descriptor)

    monkeypatch.setattr(os, "fsync", record)
    path = folder.write(note(5))
    assert synced[0] == "some"
    assert synced[1].startswith(f".{path.name}")
    assert synced[2] == "checkpoints"


def test_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailable):
        CheckpointFolder(tmp_path / "file").write(note(5))


def test_too_many_checkpoints_are_refused(folder: CheckpointFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint_files, "MOST_FILES", 1)
    folder.write(note(1))
    folder.write(note(2))
    with pytest.raises(TooLarge):
        folder.held()


def test_no_more_is_read_of_a_file_than_a_note_can_have(tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(b"x" * (MAX_NOTE + 1000))
    assert len(read_note(tmp_path / "huge").note) == MAX_NOTE + 1


def test_file_that_is_no_key_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "vkey").write_bytes(b"\xff\xfe")
    with pytest.raises(Invalid, match="vkey"):
        read_key(tmp_path / "vkey")
    with pytest.raises(NotFound):
        read_key(tmp_path / "none")
