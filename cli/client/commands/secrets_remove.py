"""`secrets delete`, `undelete` and `destroy`."""

from __future__ import annotations

import sys
from typing import Any

import click

from cli.client import routes
from cli.client.arguments import body_option, break_glass_option, path_argument, whole_numbers, yes_option
from cli.client.errors import ClientError, WrongUsage
from cli.client.inputs import read_body
from cli.client.interrupts import heeded
from cli.client.options import Command, pass_session
from cli.client.output import View, facts, show
from cli.client.session import Session


@click.command(cls=Command)
@path_argument()
@yes_option(needed=False)
@break_glass_option()
@pass_session
def delete(session: Session, /, *, path: str) -> None:
    """Delete a secret: it is no longer read or listed. Its history stays, and `undelete` brings it back."""
    session.change("DELETE", routes.secret(path))
    result: dict[str, object] = {"name": path, "deleted": True}
    show(session, View(result, facts(result), [path]))


@click.command(cls=Command)
@path_argument()
@break_glass_option()
@pass_session
def undelete(session: Session, /, *, path: str) -> None:
    """Bring a deleted secret back as it was."""
    meta = session.change("POST", routes.secret(path, "undelete"))
    show(session, View(meta, facts(meta), [str(meta.get("version", ""))]))


@click.command(cls=Command)
@path_argument()
@click.option("--versions", metavar="N,N", help="Which versions.")
@click.option("--all", "everything", is_flag=True, help="All versions.")
@body_option()
@yes_option()
@break_glass_option()
@pass_session
def destroy(
    session: Session, /, *, path: str, versions: str | None, everything: bool, body_file: str | None, yes: bool
) -> None:
    """Destroy versions of a secret: their keys are deleted, and no backup brings the values back.

    Asks before on a terminal; elsewhere it wants --yes.
    """
    address, body = routes.secret(path, "destroy"), _body(versions, body_file, everything=everything)
    if not yes:
        _ask(path, body)
    result = session.change("POST", address, body)
    show(session, View(result, facts(result), [str(number) for number in result.get("destroyed", ())]))


def _body(versions: str | None, body_file: str | None, *, everything: bool) -> dict[str, Any]:
    if (versions is not None) + everything + (body_file is not None) != 1:
        raise WrongUsage("destroy what?", "give one of --versions 1,2 and --all and -f FILE")
    if body_file is not None:
        return read_body(body_file)
    return {"all": True} if everything else {"versions": whole_numbers(versions or "")}


def _ask(path: str, body: dict[str, Any]) -> None:
    if sys.stdin is None or not sys.stdin.isatty():
        raise WrongUsage("destroying cannot be undone", "if that is meant, add --yes")
    what = "all versions" if body.get("all") else f"versions {', '.join(map(str, body.get('versions') or ()))}"
    with heeded():
        agreed = click.confirm(f"Destroy {what} of {path} for ever?", err=True)
    if not agreed:
        raise ClientError("nothing was destroyed")
