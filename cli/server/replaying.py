"""Rebuilding the read models of an opened store in a scratch store beside it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from adapters.log.replay import MOST_DIFFERENCES, Difference, Progress, Replay
from cli.server.compose import Runtime
from cli.server.stores import made_folder, open_sqlite
from domain.errors import Invalid
from domain.instants import instant

_HEAD: Final = "SELECT coalesce(max(position), 0) FROM events"
_AT: Final = "SELECT coalesce(max(position), 0) FROM events WHERE time <= ?"


class Replayed(msgspec.Struct, kw_only=True):
    """What a replay found. `differences` holds the first ones, `different` counts all."""

    position: int
    compared: bool
    repaired: bool = False
    rows: dict[str, int] = {}
    different: int = 0
    differences: list[str] = []


async def position_of(runtime: Runtime, until: str | None) -> int:
    """The position that `until` names: a number, a time (RFC 3339), or None for the head; raises `Invalid`."""
    head = int((await runtime.store.reader.system_rows(_HEAD))[0][0])
    if until is None:
        return head
    if until.isascii() and until.isdigit() and len(until) <= 18:
        return min(int(until), head)
    try:
        moment = datetime.fromisoformat(until)
    except ValueError as error:
        raise Invalid(f"--to {until!r}: name a position or a time such as 2026-06-25T12:00:00Z") from error
    if moment.tzinfo is None:
        raise Invalid(f"--to {until!r}: a time needs its offset from UTC, such as a Z at its end")
    rows = await runtime.store.reader.system_rows(_AT, (instant(moment.astimezone(UTC)),))
    return int(rows[0][0])


@asynccontextmanager
async def rebuilding(runtime: Runtime) -> AsyncIterator[Replay]:
    """A replay over the opened store, with an empty scratch store that is removed afterwards."""
    data = made_folder(Path(runtime.settings.data_dir))
    with tempfile.TemporaryDirectory(prefix="replay-", dir=data) as folder:
        scratch = await open_sqlite(Path(folder) / "scratch.db", durable=False)
        try:
            views = runtime.views
            yield Replay(runtime.store.reader, scratch.reader, scratch.log, views.inline, views.following)
        finally:
            await scratch.close()


async def compared(runtime: Runtime, replay: Replay, progress: Progress) -> Replayed:
    """Rebuild up to the head and compare each row of each table with the live one.

    While a server writes, a first look may see a difference that is only newer; it is looked at again with the log at
    rest.
    """
    await replay.rebuild(await position_of(runtime, None), progress)
    found = await _differences(replay)
    if found.different:
        with runtime.store.log.transaction() as transaction:
            transaction.hold()
            await replay.rebuild(transaction.head().position, progress)
            found = await _differences(replay)
    return found


async def repaired(runtime: Runtime, replay: Replay, progress: Progress) -> Replayed:
    """Rebuild, compare, and put the rebuilt rows in place of the live ones, with the log at rest for the last part."""
    await replay.rebuild(await position_of(runtime, None), progress)
    with runtime.store.log.transaction() as transaction:
        transaction.hold()
        await replay.rebuild(transaction.head().position, progress)
        found = await _differences(replay)
        await replay.swap_in(transaction)
    found.repaired = True
    return found


async def _differences(replay: Replay) -> Replayed:
    found = Replayed(position=replay.position, compared=True)
    for table in await replay.tables():
        async for difference in replay.differences(table):
            found.different += 1
            if len(found.differences) < MOST_DIFFERENCES:
                found.differences.append(_told(difference))
        found.rows[table.name] = await replay.count(table)
    return found


def _told(difference: Difference) -> str:
    if difference.live is None:
        return f"{difference.table}: missing {_key(difference.rebuilt)}"
    if difference.rebuilt is None:
        return f"{difference.table}: not from the log {_key(difference.live)}"
    pairs = zip(difference.rebuilt, difference.live, strict=True)
    columns = [str(number) for number, (ours, theirs) in enumerate(pairs, 1) if ours != theirs]
    return f"{difference.table}: {_key(difference.live)} differs in column {', '.join(columns)}"


def _key(row: tuple[object, ...] | None) -> str:
    return "/".join(str(each) for each in (row or ())[:3])
