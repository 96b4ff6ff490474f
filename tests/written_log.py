"""A store with a log as the product writes it, and its checkpoints: what verification is tried on."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.checkpoint_files import CheckpointFolder
from adapters.checkpointer import Checkpointer
from adapters.signing_key import obtain_signing_key
from domain.call import Call, IdempotencyKey
from domain.plaintext import Plaintext
from domain.results import NewValue
from domain.verification.segment import NAMES
from tests.assembly import Assembly, assembled, call

ORIGIN: Final = "tests.example/log"


class WrittenLog:
    """A folder with a stopped embedded store and its checkpoints."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.database = folder / "trstctl.db"
        self.checkpoints = CheckpointFolder(folder / "checkpoints")

    def copied(self, folder: Path) -> WrittenLog:
        """The same once more, to be attacked."""
        shutil.copytree(self.folder, folder)
        return WrittenLog(folder)

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """The database as whoever can write the file has it: without the triggers that forbid changes."""
        with closing(sqlite3.connect(self.database, isolation_level=None)) as connection:
            for verb in ("update", "delete"):
                connection.execute(f"DROP TRIGGER IF EXISTS events_no_{verb}")
            yield connection

    def rows(self) -> list[tuple[Any, ...]]:
        """The log."""
        with self.opened() as connection:
            return connection.execute(f"SELECT {', '.join(NAMES)} FROM events ORDER BY position").fetchall()

    def positions(self, kind: str) -> list[int]:
        """Where the events of a type are."""
        return [row[0] for row in self.rows() if row[4] == kind]

    def sizes(self) -> list[int]:
        """The sizes of the checkpoints."""
        return [int(path.stem) for path in sorted(self.checkpoints.path.glob("*.checkpoint"))]


async def _write(folder: Path, older: Path | None) -> None:
    async with assembled(folder) as assembly:
        keks = assembly.ring._keks
        key = await obtain_signing_key(keks, assembly.store.reader, assembly.committer, assembly.clock)
        checkpoints = CheckpointFolder(folder / "checkpoints")
        signer = Checkpointer(assembly.store.reader, checkpoints, key, ORIGIN, every_events=10_000)
        acme, other = await assembly.new_tenant("acme"), await assembly.new_tenant("other")
        await signer.sign()
        for tenant in (acme, other):
            await _store_values(assembly, tenant)
        await signer.sign()
        await assembly.secrets.destroy(call(acme), "db/password", [1])
        await _read(assembly, acme, 4)
        await signer.sign()
        if older is not None:
            _copy_running(folder, older)
        await _read(assembly, acme, 8)
        await signer.sign()


async def _store_values(assembly: Assembly, tenant: str) -> None:
    secrets, caller = assembly.secrets, call(tenant)
    await secrets.create(caller, "db/password", _value("first"))
    await secrets.rotate(caller, "db/password", _value("second"))
    await secrets.rotate(caller, "db/password", _value("third"))
    again: Call = msgspec.structs.replace(caller, idempotency=IdempotencyKey("once", "f" * 64))
    await secrets.create(again, "app/key", _value("other"))
    await secrets.delete(caller, "app/key")


def _value(text: str) -> NewValue:
    return NewValue(Plaintext(bytearray(text.encode())))


async def _read(assembly: Assembly, tenant: str, times: int) -> None:
    for _ in range(times):
        done = await assembly.reads.get(call(tenant), "db/password")
        done.result.value.wipe()


def _copy_running(folder: Path, older: Path) -> None:
    """A backup made meanwhile, by the database's own means."""
    older.mkdir()
    with closing(sqlite3.connect(folder / "trstctl.db")) as live:
        live.execute("VACUUM INTO ?", (str(older / "trstctl.db"),))
    shutil.copytree(folder / "checkpoints", older / "checkpoints")


def write_log(folder: Path, older: Path | None = None) -> WrittenLog:
    """About 30 events of two tenants in `folder`, and in `older` the same as it was some reads before the end."""
    folder.mkdir()
    asyncio.run(_write(folder, older))
    return WrittenLog(folder)
