"""What the domain needs of the outside, as protocols.

Adapters and projections implement them; the composition root joins them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar
from uuid import UUID

import msgspec

from domain.call import Call
from domain.event import Aggregate, Event
from domain.plaintext import Plaintext

A = TypeVar("A", bound=Aggregate)

Statement = tuple[str, tuple[object, ...]]
"""One SQL write in the common dialect (`?` placeholders) with its parameters."""

Row = tuple[Any, ...]

Clock = Callable[[], datetime]
"""Now, as an aware datetime in UTC."""


class ReplyKey(msgspec.Struct, frozen=True):
    """Whose idempotency key it is."""

    tenant: str
    principal: str
    key: str


class Append(msgspec.Struct, kw_only=True):
    """What one command adds to the log, all or nothing, in one transaction with its `statements`.

    Events of aggregates carry the version they expect to take; an `AccessEvent` takes the next one of its stream.
    `statements` are writes that belong to the same fact but not in the log: sealed values, key destruction, stored
    replies.
    """

    tenant: str
    actor: str
    request_id: str
    events: Sequence[Event]
    statements: Sequence[Statement] = ()
    reply: ReplyKey | None = None
    """The idempotency key that `statements` stores a reply under: if it has one by now, the append is refused."""
    unchanged: Mapping[UUID, int] = {}
    """Streams that nothing is added to, and the version each must have still, or the append is refused."""
    patient: bool = False
    """Whether nobody waits for its answer: then it is written by itself, after those for which somebody does."""


class EventLog(Protocol):
    """The append-only log. Returning means: durable, chained, and applied to the inline read models."""

    async def append(self, entry: Append) -> int:
        """Append and return the position of the last event.

        Raises `VersionConflict`, `AlreadyReplied` or `StoreUnavailable`; then nothing was written.
        """
        ...


class Repository(Protocol):
    """Aggregates, rebuilt from their streams."""

    def hold(self, kind: type[A], stream: UUID) -> AbstractAsyncContextManager[A | None]:
        """The aggregate as of now (None if it has no events), alone in this process until the block is left."""
        ...

    async def unheld(self, kind: type[A], streams: Sequence[UUID]) -> Mapping[UUID, A]:
        """Those of `streams` that have events and that nobody holds in this process, as of now, in one read.

        Nobody is kept from them: what is appended from what they say is refused if they have changed by then.
        """
        ...


class Kept(msgspec.Struct, frozen=True):
    """A reply to be stored in the same append as what it answers."""

    statements: Sequence[Statement] = ()
    reply: ReplyKey | None = None


class Replies(Protocol):
    """Sealed replies by idempotency key."""

    async def keep(self, call: Call, result: object) -> Kept:
        """Statements that store `result` as the reply to `call`; nothing if the call came without a key.

        `result` holds no one-time material: who repeats an issue gets its metadata.
        """
        ...

    async def forget(self, call: Call) -> Sequence[Statement]:
        """Statements that remove the reply to `call`: what it was kept for did not happen, so it may be tried anew."""
        ...


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """One event as read back from the log: header fields, and the decoded event."""

    position: int
    id: str
    stream: UUID
    version: int
    type: str
    tenant: str
    time: datetime
    actor: str
    request_id: str
    event: Event


class Projection(Protocol):
    """A read model: its tables, and what each event changes in them.

    `apply` reads nothing, so that it can be pipelined.
    """

    name: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]
    """Every table has a `tenant` column, by which rows are kept apart."""
    concerns: ClassVar[tuple[type[Event], ...]]
    """The events, or what they have in common, that change anything here: it is asked about no other."""
    ddl: ClassVar[tuple[str, ...]]
    """CREATE TABLE / INDEX IF NOT EXISTS in the common dialect: TEXT, BIGINT, BYTEA."""

    def apply(self, record: Record) -> Iterable[Statement]:
        """The writes that this event means for the tables; none if it does not concern them."""
        ...


class Reader(Protocol):
    """Reads of committed rows. On PostgreSQL each read sees its tenant's rows only, whatever the SQL says."""

    async def rows(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        """Every row of a read on behalf of `tenant`; raises `StoreUnavailable`."""
        ...

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        """The first row of a read on behalf of `tenant`, or None; raises `StoreUnavailable`."""
        ...

    async def system_rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        """Reads across tenants: log in, list tenants, replay. Never on behalf of a tenant's own query."""
        ...

    def stream(self, tenant: str | None, sql: str, params: Sequence[object] = ()) -> AsyncIterator[Row]:
        """Rows of a long read, a few at a time; `tenant` None reads across tenants."""
        ...


class SealContext(msgspec.Struct, frozen=True):
    """What a sealed value is bound to (its AAD, with the seal id): it opens for this tenant, path and version alone."""

    tenant: str
    kind: str
    """What the value belongs to: `secret`, `reply`, …"""
    path: str
    version: int


class Sealed(msgspec.Struct, frozen=True):
    """A value sealed but not yet stored: its id and digest go into the event, its statements into the same append."""

    seal_id: str
    digest: str
    """SHA-256 of the sealed bytes, lower-case hex."""
    statements: Sequence[Statement]


class KeyStatus(NamedTuple):
    """How many keys a tenant has had, and since when the newest is there, under which new values are sealed."""

    term: int
    since: datetime


class TenantKeys(Protocol):
    """What is told of tenants' keys. They are never shown."""

    async def status(self, tenant: str) -> KeyStatus:
        """Raises `KeyUnavailable` if the tenant has none."""
        ...


class Sealer(Protocol):
    """Envelope encryption: value under a DEK, DEK under the tenant's key, that under the KEK."""

    async def seal(self, context: SealContext, value: Plaintext) -> Sealed:
        """Seal under a fresh DEK; raises `KeyUnavailable`."""
        ...

    async def open(self, context: SealContext, seal_id: str) -> Plaintext:
        """The value; raises `KeyUnavailable`, `NotFound` if its key was destroyed, `LogBroken` if it was altered."""
        ...

    async def open_many(self, wanted: Sequence[tuple[SealContext, str]]) -> list[Plaintext]:
        """Like `open`, many at once in one read of the store, in the order asked."""
        ...

    def destroy(self, tenant: str, seal_ids: Sequence[str]) -> Sequence[Statement]:
        """Statements that destroy the data keys of these values, for the same append as the event that says so."""
        ...

    async def create_tenant_key(self, tenant: str) -> Sequence[Statement]:
        """A fresh key for a new tenant, wrapped by the KEK; raises `KeyUnavailable`."""
        ...
