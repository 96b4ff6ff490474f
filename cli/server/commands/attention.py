"""`trstctl attention`: the work of every tenant that failed so often that a person is needed."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final

import click
import msgspec

from cli.server.compose import Runtime
from cli.server.config import Settings
from cli.server.opening import store_options, with_runtime
from cli.server.tables import OUTPUT, show
from domain.call import Call
from domain.commands.attention import item_of
from domain.commands.tenants import operator
from domain.errors import NotFound
from domain.views import Work

_PAGE: Final = 500
_COLUMNS: Final = ("tenant", "id", "kind", "ref", "destination", "since", "attempts", "error", "detail")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of work, with the name of its tenant."""

    tenant: str
    id: str
    kind: str
    ref: str
    destination: str
    since: datetime
    attempts: int
    error: str | None
    detail: str | None
    next_attempt_at: datetime


@click.group("attention")
def command() -> None:
    """Work that failed so often that a person is needed. It is tried all the same, seldom."""


@command.command("list")
@OUTPUT
@store_options
def list_(output: str, settings: Settings) -> None:
    """List what needs a person, of every tenant. The exit code is 0 also if there is something."""
    show(output, "Needs attention", _COLUMNS, with_runtime(settings, _rows))


async def _rows(runtime: Runtime) -> list[Row]:
    names = {row.tenant: row.name for row in await runtime.views.tenants.all()}
    found: list[Work] = []
    while page := await runtime.views.due_work.parked_anywhere(str(found[-1].stream) if found else "", _PAGE):
        found += page
    return [Row(tenant=names.get(work.tenant, work.tenant), **msgspec.structs.asdict(item_of(work))) for work in found]


@command.command("retry")
@click.argument("work_id", metavar="ID")
@store_options
def retry(work_id: str, settings: Settings) -> None:
    """Have it tried at once, and as often as at first, by a server that runs."""

    async def work(runtime: Runtime, call: Call) -> None:
        await runtime.attention.retry(call, work_id)

    _decide(settings, work_id, work)
    click.echo(f"{work_id} is tried again")


@command.command("resolve")
@click.argument("work_id", metavar="ID")
@click.option("--reason", required=True, help="Why nothing is left to do; it is written to the log.")
@store_options
def resolve(work_id: str, reason: str, settings: Settings) -> None:
    """Close it on your word: nothing more is tried. Nothing is done at the backend by it."""

    async def work(runtime: Runtime, call: Call) -> None:
        await runtime.attention.resolve(call, work_id, reason)

    _decide(settings, work_id, work)
    click.echo(f"{work_id} is closed")


def _decide(settings: Settings, work_id: str, decision: Callable[[Runtime, Call], Awaitable[None]]) -> None:
    async def work(runtime: Runtime) -> None:
        found = await runtime.views.due_work.anywhere(work_id)
        if found is None:
            raise NotFound(f"there is no work {work_id!r} left to do; see 'trstctl attention list'")
        await decision(runtime, operator(found.tenant, os.urandom(8).hex()))

    with_runtime(settings, work)
