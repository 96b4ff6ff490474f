"""The configured KEK `FILE` and the keys beside it: `FILE.next-<id>` in a rotation, `FILE.retired-<id>` after one.

A key moves only by link(2) and rename(2), each of them atomic, and is in the folder under some name at every moment:
whatever KEK a row names, before, during and after a rotation, a running server finds it.
"""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from adapters.kek import Kek
from adapters.kek_file import load_kek, sync_folder, write_kek_file
from domain.errors import Conflict, KeyUnavailable, LogBroken, Misconfigured

_ID: Final = re.compile(r"[0-9a-f]{16}\Z")


class KekFolder:
    """Finds KEKs by id, and puts a new one in place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        """The configured KEK file."""
        self._held: dict[str, Kek] = {}
        self._current: Kek | None = None

    def current(self) -> Kek:
        """What the configured file holds now, read anew; raises `KeyUnavailable`."""
        fresh = load_kek(self.path)
        held = self._held.get(fresh.id)
        if held is not None:
            fresh.wipe()
        self._current = self._held[fresh.id] = held or fresh
        return self._current

    def find(self, kek_id: str) -> Kek:
        """The KEK of this id; if it is not held, the files are read again, once, so that a rotation is noticed.

        Raises `KeyUnavailable` saying which id is wanted and which is held.
        """
        return self._held.get(kek_id) or self._read_again(kek_id)

    def staged(self) -> list[str]:
        """Ids of the keys that a rotation is putting, or was interrupted putting, in place."""
        return self._beside("next")

    def retired(self) -> list[str]:
        """Ids of the keys that were in use before."""
        return self._beside("retired")

    def stage(self, new: Path) -> Kek:
        """Put a copy of the key in `new` beside the configured file, where every server that uses that file finds it.

        Raises `Misconfigured` if `new` is the configured file, `KeyUnavailable` if either cannot be used.
        """
        if _same_file(new, self.path):
            raise Misconfigured(f"{new} is the KEK file in use; name a file with another key, or add --generate")
        kek = load_kek(new)
        try:
            if kek.id != self.current().id and kek.id not in self.staged():
                write_kek_file(self._named("next", kek.id), kek.view())
        finally:
            kek.wipe()
        return self.find(kek.id)

    def install(self, kek_id: str) -> Path | None:
        """Make the staged key the configured file and keep the old one beside it; returns where that is.

        None means that the new key was in place. Raises `KeyUnavailable`; after a crash at any point, doing it again
        completes it.
        """
        old = self.current()
        kept = self._named("retired", old.id)
        try:
            if old.id != kek_id:
                _link(self.path, kept)
                self._named("next", kek_id).replace(self.path)
            self._retire_staged(kek_id)
        except OSError as error:
            raise KeyUnavailable(f"the new KEK cannot be put in place of {self.path}: {error.strerror}") from error
        return kept if self.current().id != old.id else None

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Only one rotation of this file at a time on this machine; raises `Conflict` if another one runs."""
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            self._lock(folder)
            yield
        finally:
            os.close(folder)

    def wipe(self) -> None:
        """Overwrite every key held in memory with zeros."""
        for kek in self._held.values():
            kek.wipe()
        self._held.clear()

    def _read_again(self, kek_id: str) -> Kek:
        if not _ID.match(kek_id):
            # Checked before it becomes part of a file's name.
            raise LogBroken(f"a key in the store names a KEK {kek_id!r}, which is no KEK's id")
        try:
            holds = f"{self.path} holds {self.current().id}"
        except KeyUnavailable as error:
            holds = error.message
        for state in ("next", "retired"):
            if kek_id not in self._held and os.path.lexists(self._named(state, kek_id)):
                self._hold_beside(state, kek_id)
        if kek_id not in self._held:
            kept = self._named("retired", kek_id)
            raise KeyUnavailable(f"KEK {kek_id} is wanted, but {holds}; put the file with the wanted key at {kept}")
        return self._held[kek_id]

    def _hold_beside(self, state: str, kek_id: str) -> None:
        path = self._named(state, kek_id)
        kek = load_kek(path)
        if kek.id != kek_id:
            raise KeyUnavailable(f"{path} holds KEK {kek.id}; put the key that its name says there")
        self._held[kek_id] = kek

    def _lock(self, folder: int) -> None:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            remedy = "wait for it, then see: trstctl kek status"
            raise Conflict(f"another rotation of {self.path} is running; {remedy}") from error

    def _retire_staged(self, installed: str) -> None:
        """What interrupted rotations left behind may have wrapped something in a backup, so it is kept."""
        for left in self.staged():
            if left == installed:
                self._named("next", left).unlink()
            else:
                self._named("next", left).replace(self._named("retired", left))
        sync_folder(self.path.parent)

    def _named(self, state: str, kek_id: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{state}-{kek_id}")

    def _beside(self, state: str) -> list[str]:
        if not self.path.parent.is_dir():
            return []
        start = f"{self.path.name}.{state}-"
        ids = (found.name.removeprefix(start) for found in self.path.parent.iterdir() if found.name.startswith(start))
        return sorted(kek_id for kek_id in ids if _ID.match(kek_id))


def _same_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and one.samefile(other)


def _link(path: Path, kept: Path) -> None:
    """Keep `path` under a second name; one that is there already is from an interrupted install of the same key."""
    if not kept.exists():
        os.link(path, kept, follow_symlinks=False)
        sync_folder(path.parent)
