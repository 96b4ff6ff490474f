"""What `trstctl audit verify` works on: which log, which checkpoints, which key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from pathlib import Path
from typing import NamedTuple

from adapters.checkpoint_files import CheckpointFolder, read_key, read_note
from adapters.log_export import ExportRows
from adapters.sqlite.log_rows import SqliteLogRows
from cli.server.config import load
from cli.server.log_sources import of_settings
from cli.server.opening import settings_of
from domain.errors import NotFound
from domain.signed_note import NoteKey, parsed_vkey
from domain.verification import HeldCheckpoint, LogSource

_SHARED = ("postgresql://", "postgres://")


class Target(NamedTuple):
    """A log, and the folder in which its server keeps checkpoints."""

    open: Callable[[], AbstractContextManager[LogSource]]
    """Begins the snapshot; raises `StoreUnavailable`."""
    checkpoints: Path | None


def target(config: Path | None, data_dir: Path | None, store: str | None, file: Path | None) -> Target:
    """The log that the options name; without any, the configured one. Raises `Misconfigured`."""
    if file is not None:
        return Target(lambda: closing(ExportRows(file)), None)
    if store is not None and not store.startswith(_SHARED):
        path = Path(store)
        return Target(lambda: closing(SqliteLogRows(path)), path.parent / "checkpoints")
    settings = settings_of(config, data_dir)
    if store is not None and store != settings.store:  # not the configured store, so not its checkpoints either
        other = load(config, store=store)
        return Target(lambda: of_settings(other), None)
    return Target(lambda: of_settings(settings), Path(settings.audit.checkpoints.dir))


class Trust(NamedTuple):
    """What the log is held against."""

    checkpoints: list[HeldCheckpoint]
    key: NoteKey | None
    key_from: str
    """Where the key is from, for people; what an attacker who can write there can replace."""


def trust(beside: Path | None, named: Sequence[Path], key: str | None) -> Trust:
    """Every checkpoint there is, and the key to check them with. Read before the log: it only grows.

    Raises `NotFound`, `Invalid`, `StoreUnavailable`.
    """
    folders = [CheckpointFolder(path) for path in (beside, *named) if path is not None and path.is_dir()]
    held = CheckpointFolder(beside).held() if beside is not None else []
    held += [note for path in named for note in (_notes_in(path) if path.is_dir() else [read_note(path)])]
    if key is not None:
        return Trust(held, read_key(Path(key)) if Path(key).is_file() else parsed_vkey(key), "--key")
    for folder in folders:
        if (found := folder.key()) is not None:
            return Trust(held, found, str(folder.path))
    return Trust(held, None, "the log itself")


def _notes_in(folder: Path) -> list[HeldCheckpoint]:
    """All checkpoints in a folder that was named, whatever they are called: none is passed over in silence."""
    notes = [read_note(path) for path in sorted(folder.glob("[!.]*.checkpoint"))]
    if not notes:
        raise NotFound(f"{folder} holds no checkpoint; they are files whose names end in .checkpoint")
    return notes
