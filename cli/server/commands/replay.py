"""`trstctl replay`: rebuild every read model from the log, compare it with the live one, or put it in its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
import msgspec

from adapters.log.replay import Progress
from cli.server.compose import Runtime
from cli.server.config import Settings
from cli.server.opening import store_options, with_runtime
from cli.server.replaying import Replayed, compared, position_of, rebuilding, repaired
from cli.server.tables import OUTPUT


@click.command("replay")
@click.option("--to", "until", help="Rebuild only up to this position or time, and show what was true then.")
@click.option("--repair", is_flag=True, help="Put the rebuilt rows in place of the live ones.")
@OUTPUT
@store_options
def command(until: str | None, output: str, settings: Settings, *, repair: bool) -> None:
    """Rebuild all read models in a scratch store and compare them with the live ones, row by row.

    Exit status: 0 they are equal (or were repaired), 1 they differ, 2 it could not be done.
    """
    if until is not None and repair:
        raise click.UsageError("--repair puts the present in place; it takes no --to")

    async def work(runtime: Runtime) -> Replayed:
        end = await position_of(runtime, until)
        with _bar(end) as progress:
            async with rebuilding(runtime) as replay:
                if until is not None:
                    await replay.rebuild(end, progress)
                    rows = {table.name: await replay.count(table) for table in await replay.tables()}
                    return Replayed(position=end, compared=False, rows=rows)
                return await (repaired if repair else compared)(runtime, replay, progress)

    found = with_runtime(settings, work)
    _print(found, output)
    raise SystemExit(1 if found.different and not found.repaired else 0)


@contextmanager
def _bar(total: int) -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("replaying", total=total)
        advance: Callable[[int], None] = lambda count: bar.advance(task, count)  # noqa: E731 - one expression
        yield advance


def _print(found: Replayed, output: str) -> None:
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(found)))
        return
    for table, rows in found.rows.items():
        click.echo(f"{table}: {rows} rows")
    for difference in found.differences:
        click.echo(difference)
    if not found.compared:
        click.echo(f"rebuilt up to position {found.position}")
    elif found.repaired:
        click.echo(
            f"{found.different} rows differed; the read models are now what the log says, at position {found.position}"
        )
    elif found.different:
        click.echo(
            f"{found.different} rows differ at position {found.position}; put them right with: trstctl replay --repair"
        )
    else:
        click.echo(f"the read models are what the log says, at position {found.position}")
