"""`secrets get`, `list` and `history`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click

from cli.client import routes
from cli.client.arguments import break_glass_option, path_argument
from cli.client.options import Command, pass_session
from cli.client.output import Table, View, columns, show, write_text
from cli.client.reveal import check_may_show, show_value
from cli.client.session import Session

_version = click.option("--version", type=click.IntRange(min=1), metavar="N", help="That version, not the current one.")
_reveal = click.option("--reveal", is_flag=True, help="Show the value even on a terminal.")


@click.command(cls=Command)
@path_argument()
@_version
@click.option("--resolve", is_flag=True, help="Expand references ${secret.path} in the value.")
@_reveal
@break_glass_option()
@pass_session
def get(session: Session, /, *, path: str, version: int | None, resolve: bool, reveal: bool) -> None:
    """Read a secret. To a pipe or file goes the bare value; a terminal is shown it only with --reveal.

    Every reading is recorded in the log.
    """
    check_may_show(session, reveal=reveal)
    show_value(session, session.get(routes.secret(path), version=version, resolve=resolve), reveal=reveal)


@click.command(cls=Command)
@path_argument("prefix", required=False)
@click.option("--folders", is_flag=True, help="Only what is directly under PREFIX, and the folders there.")
@click.option("--deleted", is_flag=True, help="The deleted secrets instead.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N; all of them by default.")
@pass_session
def list_names(session: Session, /, *, prefix: str | None, folders: bool, deleted: bool, limit: int | None) -> None:
    """List the names of secrets that begin with PREFIX, never their values. `-o raw` prints one name a line."""
    delimiter = "/" if folders else None
    pages = session.pages(routes.STORE, limit, prefix=prefix, delimiter=delimiter, deleted=deleted)
    if session.output == "raw":
        for page in pages:
            write_text("".join(f"{name}\n" for name in _names(page)))
        return
    items, found = _gathered(pages)
    rows = [*([folder, None, None] for folder in found), *columns(items, "name", "version", "updated_at").rows]
    show(session, View({"items": items, "folders": found}, Table(("name", "version", "updated at"), rows), ()))


def _names(page: dict[str, Any]) -> list[str]:
    return [*page.get("folders", ()), *(str(item["name"]) for item in page["items"])]


def _gathered(pages: Iterable[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[str]]:
    items: list[dict[str, Any]] = []
    folders: dict[str, None] = {}
    for page in pages:
        items += page["items"]
        folders |= dict.fromkeys(page.get("folders", ()))
    return items, list(folders)


@click.command(cls=Command)
@path_argument()
@_version
@_reveal
@break_glass_option()
@pass_session
def history(session: Session, /, *, path: str, version: int | None, reveal: bool) -> None:
    """List a secret's versions: number, time, writer, state. With --version, read that version's value."""
    address = routes.secret(path, "history")
    if version is not None:
        check_may_show(session, reveal=reveal)
        show_value(session, session.get(address, version=version), reveal=reveal)
        return
    items = session.items(address)
    table = columns(items, "version", "created_at", "actor", "state", "cause", "recovered_from")
    show(session, View({"name": path, "items": items}, table, [str(item["version"]) for item in items]))
