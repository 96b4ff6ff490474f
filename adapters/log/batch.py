"""One transaction for a batch of waiting commands: check versions, link, insert, apply the inline read models."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Final, NamedTuple, Protocol

from adapters.log.linking import Draft, Head, Link, chained
from adapters.log.mapper import body_of, record_of
from domain.errors import AlreadyReplied, TrstctlError, VersionConflict
from domain.event import AccessEvent, Event
from domain.instants import instant
from domain.names import stream_of
from domain.ports import Append, Projection, Record, ReplyKey, Statement

_IN_BETWEEN: Final = "somebody else changed this in between; try again"


class LogTransaction(Protocol):
    """A write transaction in which no other node can append."""

    def head(self) -> Head: ...

    def last_versions(self, streams: Collection[str]) -> dict[str, int]:
        """The newest version of each stream that has events."""
        ...

    def replies_taken(self, keys: Collection[ReplyKey]) -> set[ReplyKey]:
        """Which of these have a stored reply that has not expired."""
        ...

    def insert_links(self, links: Sequence[Link]) -> None: ...

    def execute(self, statements: Iterable[Statement]) -> None: ...

    def hold(self) -> None:
        """Stay open though nothing may happen in it for long. Without, a node that stands still is put out of it."""
        ...


class LogStore(Protocol):
    """A database that holds the log. One thread uses it at a time."""

    def transaction(self) -> AbstractContextManager[LogTransaction]:
        """Commit on leaving, roll back on an exception. Left without one means fsynced."""
        ...

    def close(self) -> None: ...


Outcome = int | TrstctlError
"""The position of a command's last event, or why that command alone was refused."""


class Prepared(NamedTuple):
    """A batch that is checked and linked, but not yet inserted."""

    links: Sequence[Link]
    statements: Sequence[Statement]
    outcomes: list[Outcome]
    head: Head
    """The new one."""

    def insert(self, transaction: LogTransaction) -> None:
        """Insert it into the transaction that it was prepared in."""
        if self.links:
            transaction.insert_links(self.links)
        transaction.execute(self.statements)


class Batch:
    """Writes commands, many at a time. `node` names this process's own streams for facts about uses."""

    def __init__(self, store: LogStore, projections: Sequence[Projection], node: str) -> None:
        self._store = store
        self._projections = projections
        self._node = node
        self._access_streams: dict[str, str] = {}
        self._concerned: dict[type[Event], Sequence[int]] = {}

    def write(self, entries: Sequence[Append]) -> tuple[list[Outcome], Head]:
        """Write every entry that does not conflict, in one transaction; return each one's outcome and the new head."""
        with self.transaction() as transaction:
            prepared = self.prepare(transaction, entries)
            prepared.insert(transaction)
            return prepared.outcomes, prepared.head

    def transaction(self) -> AbstractContextManager[LogTransaction]:
        """One of the store's transactions."""
        return self._store.transaction()

    def prepare(self, transaction: LogTransaction, entries: Sequence[Append]) -> Prepared:
        """Check and link, and tell what is to be inserted in this same transaction."""
        drafts, written, outcomes = self._checked(transaction, entries)
        head = transaction.head()
        links = chained(head, [draft for draft, _ in drafts])
        statements = [statement for entry in written for statement in entry.statements]
        statements += self._projected(links, drafts)
        last = Head(links[-1].position, links[-1].hash) if links else head
        return Prepared(links, statements, self._positions(outcomes, head.position), last)

    def _checked(
        self, transaction: LogTransaction, entries: Sequence[Append]
    ) -> tuple[list[tuple[Draft, Event]], list[Append], list[int | TrstctlError]]:
        streams = [[self._stream(entry.tenant, event) for event in entry.events] for entry in entries]
        last = transaction.last_versions(_concerned(entries, streams))
        taken = transaction.replies_taken({entry.reply for entry in entries if entry.reply})
        drafts: list[tuple[Draft, Event]] = []
        written: list[Append] = []
        outcomes: list[int | TrstctlError] = []
        for entry, names in zip(entries, streams, strict=True):
            try:
                fresh = _drafts(entry, names, last, taken)
            except TrstctlError as refusal:
                outcomes.append(refusal)
                continue
            last.update((draft.stream, draft.version) for draft, _ in fresh)
            if entry.reply:
                taken.add(entry.reply)
            drafts += fresh
            written.append(entry)
            outcomes.append(len(drafts))
        return drafts, written, outcomes

    def _projected(self, links: Sequence[Link], drafts: Sequence[tuple[Draft, Event]]) -> Iterable[Statement]:
        # One read model after the other: each has tables of its own, and runs of one statement are cheaper.
        records: dict[int, list[Record]] = {}
        for link, (draft, event) in zip(links, drafts, strict=True):
            concerned = self._concerned_by(type(event))
            if concerned:
                record = record_of(link.position, draft, link.id, event)
                for number in concerned:
                    records.setdefault(number, []).append(record)
        for number in sorted(records):
            apply = self._projections[number].apply
            for record in records[number]:
                yield from apply(record)

    def _concerned_by(self, kind: type[Event]) -> Sequence[int]:
        """Which of the read models events of this kind change."""
        found = self._concerned.get(kind)
        if found is None:
            found = [number for number, each in enumerate(self._projections) if issubclass(kind, each.concerns)]
            self._concerned[kind] = found
        return found

    def _stream(self, tenant: str, event: Event) -> str:
        if not isinstance(event, AccessEvent):
            return str(event.originator_id)
        stream = self._access_streams.get(tenant)
        if stream is None:
            stream = self._access_streams[tenant] = str(stream_of("access", tenant, self._node))
        return stream

    @staticmethod
    def _positions(outcomes: list[int | TrstctlError], before: int) -> list[Outcome]:
        return [before + outcome if isinstance(outcome, int) else outcome for outcome in outcomes]


def _concerned(entries: Sequence[Append], streams: Sequence[Sequence[str]]) -> set[str]:
    added_to = {stream for each in streams for stream in each}
    return added_to | {str(stream) for entry in entries for stream in entry.unchanged}


def _drafts(
    entry: Append, streams: Sequence[str], last: dict[str, int], taken: set[ReplyKey]
) -> list[tuple[Draft, Event]]:
    if entry.reply in taken:
        raise AlreadyReplied("this idempotency key was used at the same time")
    if any(last.get(str(stream), 0) != version for stream, version in entry.unchanged.items()):
        raise VersionConflict(_IN_BETWEEN)
    own: dict[str, int] = {}
    drafts = []
    for event, stream in zip(entry.events, streams, strict=True):
        version = own.get(stream, last.get(stream, 0)) + 1
        if not isinstance(event, AccessEvent) and event.originator_version != version:
            raise VersionConflict(_IN_BETWEEN)
        own[stream] = version
        time = instant(event.timestamp)
        draft = Draft(stream, version, event.TOPIC, entry.tenant, time, entry.actor, entry.request_id, body_of(event))
        drafts.append((draft, event))
    return drafts
