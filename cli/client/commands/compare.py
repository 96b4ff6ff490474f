"""`secrets diff` and `refs`."""

from __future__ import annotations

from typing import Any

import click

from cli.client import routes
from cli.client.arguments import break_glass_option, path_argument
from cli.client.errors import WrongUsage
from cli.client.exit_codes import ExitCode
from cli.client.options import Command, pass_session
from cli.client.output import Table, View, facts, show
from cli.client.session import Session


@click.command(cls=Command)
@path_argument("left")
@path_argument("right", required=False)
@click.option("--from", "older", type=click.IntRange(min=1), metavar="N", help="The one version.")
@click.option("--to", "newer", type=click.IntRange(min=1), metavar="N", help="The other version; else the newest.")
@click.option("--reveal", is_flag=True, help="Show the values that differ.")
@click.option("--exit-code", is_flag=True, help="End with 1 if there is a difference.")
@break_glass_option()
@pass_session
def diff(
    session: Session,
    /,
    *,
    left: str,
    right: str | None,
    older: int | None,
    newer: int | None,
    reveal: bool,
    exit_code: bool,
) -> int:
    """Compare two versions of the secret LEFT, or the secrets in the folders LEFT and RIGHT.

    Says what is missing, equal and different; shows no value without --reveal.
    """
    if right is None:
        same = _versions(session, left, older, newer, reveal=reveal)
    elif older is not None or newer is not None:
        raise WrongUsage("--from and --to compare versions of one secret", "give one path, or leave them out")
    else:
        same = _folders(session, left, right, reveal=reveal)
    return ExitCode.FAILED if exit_code and not same else ExitCode.OK


def _versions(session: Session, path: str, older: int | None, newer: int | None, *, reveal: bool) -> bool:
    if older is None:
        raise WrongUsage("which versions?", "give --from N, and --to N unless it is the newest; or two folders")
    address = routes.secret(path, "diff")
    if newer is None:
        newer = session.items(routes.secret(path, "history"), 1)[0]["version"]
    query: dict[str, int | bool | None] = {"from": older, "to": newer, "reveal": reveal}
    result = session.get(address, **query)
    same = result["equal"] is True
    show(session, View(result, facts(result), ["equal" if same else "different"]))
    return same


def _folders(session: Session, left: str, right: str, *, reveal: bool) -> bool:
    result = session.get(f"{routes.STORE}/diff", left=left, right=right, reveal=reveal)
    only_left, only_right, different = result["only_left"], result["only_right"], result["different"]
    rows = [
        *(_row(name, "only left", reveal=reveal) for name in only_left),
        *(_row(name, "only right", reveal=reveal) for name in only_right),
        *(_row(entry["name"], "different", *_values(entry), reveal=reveal) for entry in different),
        *(_row(name, "equal", reveal=reveal) for name in result["equal"]),
    ]
    table = Table(["name", "state", *((left, right) if reveal else ())], rows)
    show(session, View(result, table, [f"{row[1]}\t{row[0]}" for row in rows]))
    return not (only_left or only_right or different)


def _row(name: str, state: str, *values: object, reveal: bool) -> list[object]:
    return [name, state, *((values or (None, None)) if reveal else ())]


def _values(entry: dict[str, Any]) -> tuple[object, object]:
    left, right = (entry.get(f"{side}_value", entry.get(f"{side}_value_b64")) for side in ("left", "right"))
    return left, right


@click.command(cls=Command)
@path_argument()
@pass_session
def refs(session: Session, /, *, path: str) -> None:
    """Show which secrets the value of PATH refers to with ${secret.path}, and which refer to it."""
    result = session.get(routes.secret(path, "references"))
    rows = [
        *(["uses", _pinned(use)] for use in result["uses"]),
        *(["used by", str(name)] for name in result["used_by"]),
    ]
    show(session, View(result, Table(("relation", "name"), rows), [f"{relation}\t{name}" for relation, name in rows]))


def _pinned(use: dict[str, Any]) -> str:
    return f"{use['path']}@{use['version']}" if use.get("version") else str(use["path"])
