"""Checkpoints in a folder: one file each, named by size, written so that a crash leaves all of it or nothing."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from domain.checkpoint import parsed_checkpoint
from domain.errors import Invalid, LogBroken, NotFound, StoreUnavailable, TooLarge
from domain.signed_note import MAX_NOTE, NoteKey, parsed_vkey
from domain.verification.source import HeldCheckpoint

KEY_FILE: Final = "vkey"
"""The public key, as a vkey, beside the checkpoints."""
MOST_FILES: Final = 1_000_000
"""Most checkpoints read from one folder."""
_NAME: Final = re.compile(r"[0-9]{19}\.checkpoint\Z", re.ASCII)


class CheckpointFolder:
    """The folder. It is made when the first file is written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, note: str) -> Path:
        """Keep a signed checkpoint, durably, and return its file; the same one twice is kept once.

        Raises `LogBroken` if another one of this size is there: it was signed when the log was another one, and stays
        as the proof of it. Raises `Invalid` if `note` is no checkpoint, `StoreUnavailable`.
        """
        path = self.path / f"{parsed_checkpoint(note).checkpoint.size:019d}.checkpoint"
        if not self._put(path, note) and read_note(path).note != note:
            raise LogBroken(
                f"{path} states another head for this size: the log was rewritten or rolled back;"
                " see: trstctl audit verify"
            )
        return path

    def write_key(self, key: NoteKey) -> Path:
        """Keep the public key beside the checkpoints; raises `LogBroken` if another one is there."""
        path = self.path / KEY_FILE
        if not self._put(path, f"{key.vkey}\n") and self.key() != key:
            raise LogBroken(
                f"{path} holds another key than the one that signs now: the log is another one, or the key is"
            )
        return path

    def key(self) -> NoteKey | None:
        """The key beside the checkpoints, or None; raises `Invalid` if the file holds none."""
        path = self.path / KEY_FILE
        return read_key(path) if path.is_file() else None

    def held(self) -> list[HeldCheckpoint]:
        """All checkpoints by their file's name, the smallest first; raises `StoreUnavailable`, `TooLarge`."""
        return [HeldCheckpoint(path.name, _text(path)) for path in self._files()]

    def newest(self) -> HeldCheckpoint | None:
        """The one of the largest size; raises like `held`."""
        files = self._files()
        return read_note(files[-1]) if files else None

    def _files(self) -> list[Path]:
        try:
            files = sorted(path for path in self.path.iterdir() if _NAME.match(path.name))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise StoreUnavailable(f"the checkpoints in {self.path} cannot be read: {error.strerror}") from error
        if len(files) > MOST_FILES:
            raise TooLarge(f"{self.path} holds {len(files)} checkpoints, more than {MOST_FILES}: move old ones away")
        return files

    def _put(self, path: Path, text: str) -> bool:
        """Write a file that was not there; False if it was. Once it has its name, all of it is on the disk."""
        draft = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}")
        try:
            if not self.path.is_dir():
                self.path.mkdir(parents=True, exist_ok=True)
                _sync(self.path.parent)
            _write_synced(draft, text)
            try:
                os.link(draft, path)  # unlike a rename, this never replaces what is there
            except FileExistsError:
                return False
            finally:
                draft.unlink()
            _sync(self.path)
        except OSError as error:
            raise StoreUnavailable(f"{path} cannot be written: {error.strerror}") from error
        return True


def read_note(path: Path) -> HeldCheckpoint:
    """A file that should hold a checkpoint; raises `NotFound`, `StoreUnavailable`. Its form is left to the verifier."""
    return HeldCheckpoint(str(path), _text(path))


def read_key(path: Path) -> NoteKey:
    """The vkey in a file; raises `NotFound`, `StoreUnavailable`, `Invalid`."""
    try:
        return parsed_vkey(_text(path))
    except Invalid as error:
        raise Invalid(f"{path}: {error.message}") from error


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_NOTE + 1)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file {path}") from error
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be read: {error.strerror}") from error
    return data.decode("utf-8", "replace")  # what is not UTF-8 is no checkpoint, or not the one that was signed


def _write_synced(path: Path, text: str) -> None:
    with path.open("xb") as file:
        file.write(text.encode())
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
