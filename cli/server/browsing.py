"""Looking at the log as its operator: every tenant's events, with filters."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

from cli.server.compose import Runtime
from domain.errors import Invalid, NotFound
from domain.instants import instant
from domain.names import stream_of

_SELECT: Final = """SELECT e.position, e.id, e.stream, e.version, e.type, e.tenant, e.time, e.actor, e.request_id,
 e.body, e.prev_hash, e.hash FROM events e"""


_PLUMBING: Final = frozenset(
    {"salt", "path", "content_type", "hash", "originator_topic", "parent", "public", "seal_digest", "seal_id"}
)
"""Members of bodies that tell a reader of a list nothing; `trstctl audit show` has them."""


class LogEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it lies in the log."""

    position: int
    id: str
    stream: str
    version: int
    type: str
    tenant: str
    time: str
    actor: str
    request_id: str
    body: Any
    prev_hash: str
    hash: str

    @property
    def when(self) -> str:
        """The time to the second."""
        return f"{self.time[:19]}Z"

    @property
    def who(self) -> str:
        """The actor without its token."""
        return self.actor.partition("#")[0]

    @property
    def about(self) -> str:
        """What the body says to a person, on one line, beginning with the secret's path."""
        told = [self.body["path"]] if "path" in self.body else []
        return " ".join([*told, *(_told(name, value) for name, value in self.body.items() if _tells(name, value))])


def _tells(name: str, value: object) -> bool:
    return name not in _PLUMBING and value not in (None, "", [], {}) and value is not False


def _told(name: str, value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={each}" for key, each in value.items())
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    return f"{name}={text}"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are wanted; None is no condition. `path` may end in `*`."""

    type: str | None = None
    tenant: str | None = None
    actor: str | None = None
    path: str | None = None
    since: str | None = None
    until: str | None = None


async def events(
    runtime: Runtime, wanted: Filter, *, newest_first: bool, limit: int, after: int | None = None
) -> list[LogEvent]:
    """Events that match, at most `limit`; raises `Invalid` for a time that is none."""
    conditions, parameters = await _conditions(runtime, wanted)
    if after is not None:
        conditions.append("e.position > ?")
        parameters.append(after)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    order = "DESC" if newest_first else "ASC"
    sql = f"{_SELECT}{where} ORDER BY e.position {order} LIMIT ?"
    return [_event(row) for row in await runtime.store.reader.system_rows(sql, (*parameters, limit))]


async def one(runtime: Runtime, position: int) -> LogEvent:
    """The event at `position`; raises `NotFound`."""
    rows = await runtime.store.reader.system_rows(f"{_SELECT} WHERE e.position = ?", (position,))
    if not rows:
        raise NotFound(f"the log has no event at position {position}")
    return _event(rows[0])


async def life(runtime: Runtime, tenant: str, path: str) -> list[LogEvent]:
    """A secret's life: its own events and every use of it, oldest first."""
    sql = f"""{_SELECT} WHERE e.stream = ? OR e.position IN
 (SELECT p.position FROM audit_paths p WHERE p.tenant = ? AND p.path = ?) ORDER BY e.position"""
    row = await runtime.tenants.find(tenant)
    stream = str(stream_of("secret", row.tenant, path))
    found = await runtime.store.reader.system_rows(sql, (stream, row.tenant, path))
    if not found:
        raise NotFound(f"the log knows no secret {path!r} of {row.name}")
    return [_event(row) for row in found]


async def following(runtime: Runtime, wanted: Filter, last: int, wait: float) -> AsyncIterator[Sequence[LogEvent]]:
    """New events as they come, looking every `wait` seconds, until cancelled."""
    import asyncio

    while True:
        found = await events(runtime, wanted, newest_first=False, limit=1000, after=last)
        if found:
            last = found[-1].position
            yield found
        else:
            await asyncio.sleep(wait)


async def _conditions(runtime: Runtime, wanted: Filter) -> tuple[list[str], list[object]]:
    tenant = (await runtime.tenants.find(wanted.tenant)).tenant if wanted.tenant else None
    pairs: list[tuple[str, object | None]] = [
        ("e.type = ?", wanted.type),
        ("e.tenant = ?", tenant),
        ("e.time >= ?", _moment("--since", wanted.since)),
        ("e.time < ?", _moment("--until", wanted.until)),
    ]
    conditions = [sql for sql, value in pairs if value is not None]
    parameters = [value for _, value in pairs if value is not None]
    if wanted.actor:
        conditions.append("(e.actor = ? OR e.actor LIKE ?)")
        parameters += [wanted.actor, f"{wanted.actor}#%"]
    if wanted.path:
        low, high = (wanted.path[:-1], f"{wanted.path[:-1]}\x7f") if wanted.path.endswith("*") else (wanted.path,) * 2
        conditions.append("e.position IN (SELECT p.position FROM audit_paths p WHERE p.path BETWEEN ? AND ?)")
        parameters += [low, high]
    return conditions, parameters


def _moment(option: str, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"{option} {text!r}: write a time such as 2026-06-25T12:00:00Z") from error
    if moment.tzinfo is None:
        raise Invalid(f"{option} {text!r}: a time needs its offset from UTC, such as a Z at its end")
    return instant(moment.astimezone(UTC))


def _event(row: Sequence[Any]) -> LogEvent:
    body = msgspec.json.decode(bytes(row[9]))
    names = ("position", "id", "stream", "version", "type", "tenant", "time", "actor", "request_id")
    header: dict[str, Any] = dict(zip(names, row[:9], strict=True))
    return LogEvent(**header, body=body, prev_hash=bytes(row[10]).hex(), hash=bytes(row[11]).hex())
