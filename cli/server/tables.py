"""Showing rows: as a table to people, as JSON to programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click
import msgspec

OUTPUT = click.option(
    "--output",
    "-o",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Form of the output.",
)

_NARROW = frozenset({"position", "when", "type", "id", "created_at", "expires_at", "revoked_at"})


def show(output: str, title: str, columns: Sequence[str], rows: Iterable[msgspec.Struct]) -> None:
    """Print rows; as JSON with every member, as a table with `columns`."""
    rows = list(rows)
    if output == "json":
        click.echo(msgspec.json.format(msgspec.json.encode(rows)))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(
        title=title, title_justify="left", box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0)
    )
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in _NARROW)
    for row in rows:
        table.add_row(*(_text(getattr(row, column)) for column in columns))
    Console().print(table)


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
