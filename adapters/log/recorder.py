"""The `eventsourcing` library's recorders over the chained log: whatever is written for that library works on it.

A stored event's state is the body, its topic the type, its notification id the position. Tenant, actor and request id
are given by keyword with the events (`Application.save(…, tenant=…)`). The product itself appends by the committer,
which also applies the inline read models; a recorder applies none.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from threading import Lock
from typing import Any, Final, Protocol
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    Tracking,
)

from adapters.log.batch import LogTransaction
from adapters.log.linking import Draft, chained
from adapters.log.tail import Tail
from domain.instants import instant
from domain.kek import SYSTEM
from domain.ports import Row

_STREAM: Final = "SELECT stream, version, type, body FROM events WHERE stream = ?"
_LOG: Final = "SELECT stream, version, type, body, position FROM events WHERE position >= ?"
_HEAD: Final = "SELECT max(position) FROM events"
_TRACKED: Final = "SELECT position FROM tracking WHERE name = ?"
_TRACK: Final = """INSERT INTO tracking VALUES (?, ?)
 ON CONFLICT (name) DO UPDATE SET position = excluded.position"""


class RecordTransaction(LogTransaction, Protocol):
    """A log transaction that can also be asked."""

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]: ...


class Records(Protocol):
    """A database that holds the log. Its errors are those of `eventsourcing.persistence`. Any thread may use it."""

    def transaction(self) -> AbstractContextManager[RecordTransaction]: ...

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> Sequence[Row]:
        """Committed rows."""
        ...

    def close(self) -> None: ...


class ChainAggregateRecorder(AggregateRecorder):
    """Streams of events, appended to the chain."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self._writing = Lock()

    def close(self) -> None:
        """Close the database's connections."""
        self._records.close()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:  # noqa: ANN401 - the library's signature
        """Append them, all or none; raises `IntegrityError` if a version is taken. See the module for the keywords."""
        self._append(stored_events, **kwargs)
        return None

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """The stream's events in order of version."""
        sql = _STREAM
        wanted: list[object] = [str(originator_id)]
        for condition, value in ((" AND version > ?", gt), (" AND version <= ?", lte)):
            if value is not None:
                sql, wanted = sql + condition, [*wanted, value]
        sql += f" ORDER BY version {'DESC' if desc else 'ASC'}"
        if limit is not None:
            sql, wanted = f"{sql} LIMIT ?", [*wanted, limit]
        return [_stored(row) for row in self._records.rows(sql, wanted)]

    def _append(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        tracking: Tracking | None = None,
        tenant: str = SYSTEM,
        actor: str = "",
        request_id: str = "",
    ) -> list[int]:
        time = instant(datetime.now(UTC))
        drafts = [
            Draft(
                str(each.originator_id),
                each.originator_version,
                each.topic,
                tenant,
                time,
                actor,
                request_id,
                each.state,
            )
            for each in stored_events
        ]
        if not drafts and tracking is None:
            return []
        with self._writing, self._records.transaction() as transaction:
            links = chained(transaction.head(), drafts)
            if links:
                transaction.insert_links(links)
            if tracking is not None:
                _track(transaction, tracking)
        return [each.position for each in links]


class ChainApplicationRecorder(ChainAggregateRecorder, ApplicationRecorder):
    """Besides, the whole log in order, as notifications."""

    def __init__(self, records: Records) -> None:
        super().__init__(records)
        self._tails: set[Tail] = set()

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int]:  # noqa: ANN401 - the library's signature
        """Append them, all or none, and return their positions; raises `IntegrityError` if a version is taken."""
        positions = self._append(stored_events, **kwargs)
        for tail in list(self._tails):
            tail.wake()
        return positions

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """At most `limit` events from `start` to `stop`, of the given topics or of any."""
        sql = _LOG
        wanted: list[object] = [(start or 0) + (not inclusive_of_start)]
        if stop is not None:
            sql, wanted = f"{sql} AND position <= ?", [*wanted, stop]
        if topics:
            sql, wanted = f"{sql} AND type IN ({', '.join('?' * len(topics))})", [*wanted, *topics]
        rows = self._records.rows(f"{sql} ORDER BY position LIMIT ?", [*wanted, limit])
        return [_notification(row) for row in rows]

    def max_notification_id(self) -> int | None:
        """The head's position, None before the first event."""
        head: int | None = self._records.rows(_HEAD)[0][0]
        return head

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> Subscription[ApplicationRecorder]:
        """The events after `gt`, and those still to come, of any process."""
        return Tail(self, self._tails, gt, topics)


class ChainProcessRecorder(ChainApplicationRecorder, ProcessRecorder):
    """Besides, how far each follower has come: kept in the transaction of what it wrote."""

    def insert_tracking(self, tracking: Tracking) -> None:
        """Note it; raises `IntegrityError` unless it is farther than what is noted."""
        self._append((), tracking=tracking)

    def max_tracking_id(self, application_name: str) -> int | None:
        """How far it has come, None if it has not begun."""
        rows = self._records.rows(_TRACKED, (application_name,))
        return rows[0][0] if rows else None


def _track(transaction: RecordTransaction, tracking: Tracking) -> None:
    name, position = tracking.application_name, tracking.notification_id
    rows = transaction.rows(_TRACKED, (name,))
    if rows and rows[0][0] >= position:
        raise IntegrityError(f"{name} has come to {rows[0][0]} already, so it cannot be noted at {position}")
    transaction.execute([(_TRACK, (name, position))])


def _stored(row: Row) -> StoredEvent:
    stream, version, topic, body = row
    return StoredEvent(originator_id=UUID(stream), originator_version=version, topic=topic, state=bytes(body))


def _notification(row: Row) -> Notification:
    stream, version, topic, body, position = row
    return Notification(
        id=position, originator_id=UUID(stream), originator_version=version, topic=topic, state=bytes(body)
    )
