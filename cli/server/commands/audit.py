"""`trstctl audit`: look at the log, take it out, and prove that it is whole."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from typing import Any

import click
import msgspec

from cli.server import browsing
from cli.server.browsing import Filter, LogEvent
from cli.server.commands import audit_export, audit_verify
from cli.server.compose import Runtime
from cli.server.config import Settings
from cli.server.opening import store_options, with_runtime
from cli.server.tables import OUTPUT, show

_COLUMNS = ("position", "when", "type", "who", "about")


@click.group("audit")
def command() -> None:
    """The log: every fact, in order, each chained to the one before."""


command.add_command(audit_export.command)
command.add_command(audit_verify.command)


def _filters(decorated: Callable[..., Any]) -> Callable[..., Any]:
    for name, text in (
        ("--until", "Events before this time."),
        ("--since", "Events at or after this time."),
        ("--path", "Events about this secret; may end in *."),
        ("--actor", "Events by this subject, or by one of its tokens as subject#token."),
        ("--tenant", "Events of this tenant, by name or id."),
        ("--type", "Events of this type, such as secret.read."),
    ):
        decorated = click.option(name, help=text)(decorated)
    return decorated


@command.command("events")
@_filters
@click.option("--newest/--oldest", "newest", default=True, show_default=True, help="Which come first.")
@click.option("--limit", type=click.IntRange(1, 1_000_000), default=50, show_default=True, help="How many at most.")
@OUTPUT
@store_options
def events(output: str, settings: Settings, limit: int, *, newest: bool, **filters: str | None) -> None:
    """List events."""

    async def work(runtime: Runtime) -> list[LogEvent]:
        return await browsing.events(runtime, Filter(**filters), newest_first=newest, limit=limit)

    show(output, "Events", _COLUMNS, with_runtime(settings, work))


@command.command("show")
@click.argument("position", type=click.IntRange(1))
@OUTPUT
@store_options
def show_one(position: int, output: str, settings: Settings) -> None:
    """Show one event whole."""
    event = with_runtime(settings, lambda runtime: browsing.one(runtime, position))
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(event)))
        return
    for name in event.__struct_fields__:
        value = getattr(event, name)
        click.echo(f"{name:<11}{msgspec.json.encode(value).decode() if name == 'body' else value}")


@command.command("stream")
@click.argument("path")
@click.option("--tenant", default="default", show_default=True, help="Whose secret, by name or id.")
@OUTPUT
@store_options
def stream(path: str, tenant: str, output: str, settings: Settings) -> None:
    """A secret's life: what was done to it and who used it, oldest first."""
    show(output, path, _COLUMNS, with_runtime(settings, lambda runtime: browsing.life(runtime, tenant, path)))


@command.command("tail")
@_filters
@click.option("-f", "--follow", is_flag=True, help="Go on as new events come, until Ctrl-C.")
@click.option(
    "-n", "--lines", type=click.IntRange(0, 10_000), default=10, show_default=True, help="How many to begin with."
)
@OUTPUT
@store_options
def tail(output: str, settings: Settings, lines: int, *, follow: bool, **filters: str | None) -> None:
    """The newest events, oldest of them first."""
    wanted = Filter(**filters)

    async def work(runtime: Runtime) -> None:
        latest = await browsing.events(runtime, Filter(), newest_first=True, limit=1)
        found = await browsing.events(runtime, wanted, newest_first=True, limit=lines) if lines else []
        _print_lines(output, found[::-1])
        if follow:
            last = latest[0].position if latest else 0
            async for some in browsing.following(runtime, wanted, last, 0.2):
                _print_lines(output, some)

    try:
        with_runtime(settings, work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        sys.exit(130)


def _print_lines(output: str, found: Sequence[LogEvent]) -> None:
    for event in found:
        if output == "json":
            click.echo(msgspec.json.encode(event).decode())
        else:
            click.echo(f"{event.position:>8}  {event.time}  {event.type:<24} {event.actor:<32} {event.about}")
    sys.stdout.flush()
