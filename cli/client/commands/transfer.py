"""`secrets import` and `export`."""

from __future__ import annotations

from typing import Any

import click

from cli.client import routes, trees
from cli.client.arguments import body_option, break_glass_option
from cli.client.errors import ClientError, WrongUsage
from cli.client.inputs import read_body, read_text
from cli.client.options import Command, pass_session
from cli.client.output import View, columns, show, to_terminal, write_bytes, write_whole
from cli.client.session import Session


@click.command(cls=Command)
@click.argument("file", required=False)
@click.option("--prefix", metavar="PREFIX", help="Folder to store under.")
@click.option("--format", "form", type=click.Choice(trees.FORMATS), help="Form of FILE; else its name tells.")
@click.option("--dry-run", is_flag=True, help="Only list the paths that would be written.")
@body_option()
@break_glass_option()
@pass_session
def import_values(
    session: Session, /, *, file: str | None, prefix: str | None, form: str | None, dry_run: bool, body_file: str | None
) -> None:
    """Store all values of FILE (- for standard input), each as version 1 of a new secret, or none if a path exists.

    Nested JSON or YAML becomes paths: {"db": {"user": "x"}} is db/user. Nothing is interpolated.
    """
    if (file is None) == (body_file is None):
        raise WrongUsage("import what?", "trstctl-cli secrets import FILE, or - for standard input, or -f FILE")
    if body_file is not None:
        if prefix or form:
            raise WrongUsage("-f gives the whole body", "leave --prefix and --format out")
        body = read_body(body_file)
    else:
        body = _body(file or "", prefix or "", form)
    items = _planned(body) if dry_run else session.change("POST", f"{routes.STORE}/import", body)["items"]
    names = [str(item["name"]) for item in items]
    show(session, View({"items": items}, columns(items, "name", "version"), names))


def _body(file: str, prefix: str, form: str | None) -> dict[str, Any]:
    values = trees.values(read_text(file), form or trees.format_of(file))
    if not values:
        raise WrongUsage(f"there is no value in {file}")
    return {"prefix": prefix, "values": values}


def _planned(body: dict[str, Any]) -> list[dict[str, Any]]:
    folder = routes.folder(str(body.get("prefix") or ""))
    return [{"name": f"{folder}{path}"} for path in body.get("values", ())]


@click.command(cls=Command)
@click.argument("prefix")
@click.option("--format", "form", type=click.Choice(trees.FORMATS), help="Form of the output; json by default.")
@click.option("--resolve", is_flag=True, help="Expand references ${secret.path} in the values.")
@click.option("--reveal", is_flag=True, help="Show the values even on a terminal.")
@break_glass_option()
@pass_session
def export_values(session: Session, /, *, prefix: str, form: str | None, resolve: bool, reveal: bool) -> None:
    """Write all secrets in the folder PREFIX ('' for all there are), with their values.

    Every reading is recorded in the log. What is written as json or yaml, `import` takes back.
    """
    form = form or session.output or "json"
    if form not in trees.FORMATS:
        raise WrongUsage(f"there is no {form} form of an export", f"use --format {'|'.join(trees.FORMATS)}")
    if to_terminal() and not reveal:
        raise WrongUsage("this would show every value on the terminal", "send it to a file, or add --reveal")
    query: dict[str, str | int | bool | None] = {"prefix": routes.folder(prefix), "format": form, "resolve": resolve}
    if form == "json":
        _write_values(session.get(f"{routes.STORE}/export", **query))
        return
    for chunk in session.connection().stream(f"{routes.STORE}/export", query):
        write_bytes(chunk)


def _write_values(answer: dict[str, Any]) -> None:
    values = answer.get("values")
    if not isinstance(values, dict):
        raise ClientError("the answer holds no values")
    write_whole(values, "json")
