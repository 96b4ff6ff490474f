"""A read model over SQLite's memory, told of events one by one."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.event import Event
from domain.ports import Projection, Record, Row
from domain.secret import SecretCreated, SecretDeleted, SecretUndeleted, VersionsDestroyed, VersionWritten

BEGAN = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)


def at(position: int) -> datetime:
    """When the event at `position` happened: a second after the one before."""
    return BEGAN + timedelta(seconds=position)


class Tables:
    """A `Reader`, and the projections whose tables it reads. Events get the next positions."""

    def __init__(self) -> None:
        self.connection = sqlite3.connect(":memory:", isolation_level=None)
        self.projections: list[Projection] = []
        self.position = 0

    def add(self, *projections: Projection) -> None:
        self.projections += projections
        for projection in projections:
            for statement in projection.ddl:
                self.connection.execute(statement)

    def tell(self, *events: Event, tenant: str = "acme", actor: str = "ops#tok", times: int = 1) -> None:
        """Apply events, each `times` times."""
        for event in events:
            self.position += 1
            record = Record(
                position=self.position, id=f"{self.position:032x}", stream=event.originator_id, version=1,
                type=event.TOPIC, tenant=tenant, time=at(self.position), actor=actor, request_id="req", event=event,
            )  # fmt: skip
            for projection in self.projections * times:
                for sql, parameters in projection.apply(record):
                    self.connection.execute(sql, parameters)

    def all(self, sql: str, *parameters: object) -> list[Row]:
        return [tuple(row) for row in self.connection.execute(sql, parameters)]

    async def rows(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return self.all(sql, *params)

    async def row(self, tenant: str, sql: str, params: Sequence[object] = ()) -> Row | None:
        return next(iter(self.all(sql, *params)), None)

    async def system_rows(self, sql: str, params: Sequence[object] = ()) -> Sequence[Row]:
        return self.all(sql, *params)

    async def stream(self, tenant: str | None, sql: str, params: Sequence[object] = ()) -> AsyncIterator[Row]:
        for row in self.all(sql, *params):
            yield row


HEADER = {"originator_id": UUID(int=1), "originator_version": 1, "timestamp": BEGAN}


def created(path: str) -> SecretCreated:
    return SecretCreated(**HEADER, originator_topic="secret", path=path)  # type: ignore[arg-type]  # a mixed dict


def written(path: str, number: int = 1, references: Sequence[str] = (), recovered_from: int | None = None) -> Event:
    return VersionWritten(
        **HEADER,  # type: ignore[arg-type]  # a mixed dict
        path=path,
        number=number,
        seal_id=f"seal-{path}-{number}",
        seal_digest="digest",
        content_type="text/plain",
        metadata={"b": "2", "a": "1"},
        references=list(references),
        cause="recover" if recovered_from else "create",
        recovered_from=recovered_from,
    )


def deleted(path: str) -> Event:
    return SecretDeleted(**HEADER, path=path)  # type: ignore[arg-type]  # a mixed dict


def undeleted(path: str) -> Event:
    return SecretUndeleted(**HEADER, path=path)  # type: ignore[arg-type]  # a mixed dict


def destroyed(path: str, *numbers: int, everything: bool = False) -> Event:
    return VersionsDestroyed(**HEADER, path=path, numbers=list(numbers), everything=everything)  # type: ignore[arg-type]  # a mixed dict
