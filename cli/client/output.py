"""Writing results to standard output, in the form asked for."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from cli.client.errors import Unread, WrongUsage
from cli.client.printable import printable
from cli.client.session import Session

_WHOLE: Final = frozenset(
    {"created at", "expires at", "id", "position", "revoked at", "state", "time", "updated at", "version"}
)
"""Columns that are of no use in pieces: on a narrow terminal others are folded."""
_LINE_ENDS_OF_YAML: Final = re.compile("[\x85\u2028\u2029\ufeff]")


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column titles; without titles, facts: a name and its value a row."""

    columns: Sequence[str]
    rows: Sequence[Sequence[object]]


@dataclass(frozen=True, slots=True)
class View:
    """One result in each of its forms: the whole for json and yaml, a table, and the bare lines that scripts want."""

    whole: object
    table: Table
    raw: Sequence[str]


def facts(record: Mapping[str, object]) -> Table:
    """A record as a table of names and values, leaving out what is empty."""
    return Table((), [(name.replace("_", " "), value) for name, value in record.items() if value not in (None, {}, [])])


def columns(items: Sequence[Mapping[str, object]], *names: str) -> Table:
    """Records as a table of these members."""
    titles = [name.replace("_", " ") for name in names]
    return Table(titles, [[item.get(name) for name in names] for item in items])


def show(session: Session, view: View) -> None:
    """Write `view` in the session's format, a table by default. Raises `WrongUsage` for dotenv, the form of values."""
    form = session.output or "table"
    if form == "dotenv":
        raise WrongUsage("there is no dotenv form of this", "use -o table, json, yaml or raw")
    if form == "table":
        write_text(_laid_out(view.table))
    elif form == "raw":
        write_text("".join(f"{line}\n" for line in view.raw))
    else:
        write_whole(view.whole, form)


def write_whole(whole: object, form: str) -> None:
    """Write `whole` as json or yaml."""
    if form == "json":
        write_text(json.dumps(whole, indent=2, ensure_ascii=False) + "\n")
        return
    import yaml

    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True)
    if _LINE_ENDS_OF_YAML.search(text):  # left bare by the library, and folded by whoever reads them
        text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=False)
    write_text(text)


def to_terminal() -> bool:
    """Whether a person reads along."""
    return sys.stdout.isatty()


def write_text(text: str) -> None:
    """Write text as UTF-8, whatever the locale."""
    write_bytes(text.encode("utf-8", "backslashreplace"))


def write_bytes(data: bytes) -> None:
    """Write bytes as they are, at once. Raises `Unread` if the reader is gone."""
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # click would take it for its own affair
        raise Unread from None


def note(text: str) -> None:
    """Tell the user something that is no part of the result."""
    sys.stderr.write(f"trstctl-cli: {printable(text)}\n")
    sys.stderr.flush()


def _laid_out(table: Table) -> str:
    rows = [[_cell(value) for value in row] for row in table.rows]
    if not rows:
        return "" if not to_terminal() else "(none)\n"
    if to_terminal():
        return _in_colour(table.columns, rows)
    return _in_columns([[title.upper() for title in table.columns], *rows] if table.columns else rows)


def _cell(value: object) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_cell(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{printable(str(name))}={_cell(item)}" for name, item in value.items())
    return printable(str(value))


def _in_columns(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "".join(f"{line}\n" for line in lines)


def _in_colour(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, show_header=bool(columns), header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for title in columns:
        drawn.add_column(title, no_wrap=title in _WHOLE)
    if not columns:
        drawn.add_column(style="bold", no_wrap=True)
        drawn.add_column(overflow="fold")
    for row in rows:
        drawn.add_row(*(Text(cell, overflow="fold") for cell in row))
    console = Console(highlight=False)
    with console.capture() as captured:
        console.print(drawn)
    return captured.get()
