"""A store in memory with the tables that sealing uses: ports `Reader` and `EventLog` over a SQLite connection."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from adapters.kek_file import create_kek_file
from adapters.kek_folder import KekFolder
from adapters.kek_rotation import KekRotation
from adapters.keyring import KeyRing
from adapters.sealing import EnvelopeSealer
from adapters.sqlite.schema import SEALED
from domain.errors import VersionConflict
from domain.event import AccessEvent, Event
from domain.plaintext import Plaintext
from domain.ports import Append, Row, SealContext, Sealed

NOW = datetime(2024, 5, 17, 9, 30, 0, 123456, tzinfo=UTC)


def clock() -> datetime:
    return NOW


class MemoryStore:
    """Reads and appends as the real stores do, one at a time, with nothing durable."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.events: list[Event] = []
        self.before_commit: Callable[[], None] = lambda: None
        self.after_commit: Callable[[], None] = lambda: None
        for statement in SEALED:
            self.connection.execute(statement)

    async def append(self, entry: Append) -> int:
        self.before_commit()
        taken = {(event.originator_id, event.originator_version) for event in self.events}
        for event in entry.events:
            if not isinstance(event, AccessEvent) and (event.originator_id, event.originator_version) in taken:
                raise VersionConflict("somebody else was quicker")
        self.connection.execute("BEGIN")
        for sql, parameters in entry.statements:
            self.connection.execute(sql, parameters)
        self.connection.execute("COMMIT")
        self.events += entry.events
        self.after_commit()
        return len(self.events)

    async def rows(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return self.connection.execute(sql, tuple(params)).fetchall()

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        row: Row | None = self.connection.execute(sql, tuple(params)).fetchone()
        return row

    async def system_rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return await self.rows("", sql, params)

    async def stream(self, tenant: str | None, sql: str, params: Sequence[object] = ()) -> AsyncIterator[Row]:
        for row in await self.rows("", sql, params):
            yield row

    def change(self, sql: str, *params: object) -> None:
        """What an intruder with write access to the database does: exactly one row must change."""
        assert self.connection.execute(sql, params).rowcount == 1

    def value(self, sql: str, *params: object) -> bytes:
        found: bytes = self.connection.execute(sql, params).fetchone()[0]
        return found


class Server:
    """A server process as far as sealing goes: it shares store and KEK file with others, and no memory."""

    def __init__(self, store: MemoryStore, kek_file: Path) -> None:
        self.store = store
        self.keks = KekFolder(kek_file)
        self.ring = KeyRing(self.keks, store)
        self.sealer = EnvelopeSealer(self.ring, store, clock)
        self.rotation = KekRotation(self.keks, store, store, clock, "operator")

    async def create_tenant(self, tenant: str) -> None:
        await self._commit(tenant, await self.sealer.create_tenant_key(tenant))

    async def put(self, context: SealContext, value: bytes) -> str:
        sealed = await self.sealed(context, value)
        return sealed.seal_id

    async def sealed(self, context: SealContext, value: bytes) -> Sealed:
        with Plaintext.copy_of(value) as plaintext:
            sealed = await self.sealer.seal(context, plaintext)
        await self._commit(context.tenant, sealed.statements)
        return sealed

    async def get(self, context: SealContext, seal_id: str) -> bytes:
        with await self.sealer.open(context, seal_id) as plaintext:
            return bytes(plaintext.buffer)

    async def destroy(self, tenant: str, seal_ids: Sequence[str]) -> None:
        await self._commit(tenant, self.sealer.destroy(tenant, seal_ids))

    async def _commit(self, tenant: str, statements: Sequence[tuple[str, tuple[object, ...]]]) -> None:
        await self.store.append(Append(tenant=tenant, actor="a", request_id="r", events=[], statements=statements))


def new_kek(folder: Path, name: str = "kek.bin") -> Path:
    """A fresh KEK file."""
    create_kek_file(folder / name)
    return folder / name


def secret(path: str = "db/password", version: int = 1, tenant: str = "acme") -> SealContext:
    return SealContext(tenant, "secret", path, version)
