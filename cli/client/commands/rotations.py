"""`rotations run`, `list` and `show`."""

from __future__ import annotations

from typing import Any

import click

from cli.client import routes
from cli.client.arguments import body_option, break_glass_option, path_argument, seconds
from cli.client.errors import WrongUsage
from cli.client.exit_codes import ExitCode
from cli.client.inputs import read_body
from cli.client.options import Command, pass_session
from cli.client.output import View, columns, facts, show
from cli.client.session import Session


@click.command(cls=Command)
@path_argument("key", required=False)
@click.option("--provider", metavar="NAME", help="The backend that the account is in.")
@click.option("--old-ref", metavar="NAME", help="The account, or access key, that is stored there now and is to end.")
@click.option("--grace", metavar="DURATION", help="How long the old one lives on, such as 10m; else it ends at once.")
@body_option()
@break_glass_option()
@pass_session
def run(session: Session, /, *, body_file: str | None, **options: str | None) -> int:
    """Replace the account behind the secret at KEY: a new one is made, stored, tried by a login, and the old one ends.

    If any of it fails, all is as before, and the exit code is 1. The answer never holds the credential.
    """
    done = session.change("POST", routes.ROTATIONS, _body(body_file, options))
    show(session, View(done, facts(done), [str(done.get("state", ""))]))
    return ExitCode.FAILED if done.get("failed_phase") else ExitCode.OK


def _body(body_file: str | None, options: dict[str, str | None]) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    if body_file is not None:
        if given:
            raise WrongUsage("-f gives the whole body", "leave KEY and the other options out")
        return read_body(body_file)
    body: dict[str, Any] = {name: given[name] for name in ("provider", "key", "old_ref") if name in given}
    if len(body) < 3:
        raise WrongUsage("rotate what?", "trstctl-cli rotations run KEY --provider NAME --old-ref NAME, or -f FILE")
    return body | ({"grace_seconds": seconds(given["grace"])} if "grace" in given else {})


@click.command(cls=Command)
@click.option("--key", metavar="PATH", help="Only of this secret.")
@click.option("--schedule", "schedule_id", metavar="ID", help="Only of this schedule.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N; all of them by default.")
@pass_session
def list_rotations(session: Session, /, *, key: str | None, schedule_id: str | None, limit: int | None) -> None:
    """List rotations, newest first."""
    items = session.items(routes.ROTATIONS, limit, key=key, schedule_id=schedule_id)
    table = columns(items, "id", "provider", "key", "state", "old_ref", "new_ref", "failed_phase", "started_at")
    show(session, View({"items": items}, table, [str(item["id"]) for item in items]))


@click.command("show", cls=Command)
@click.argument("rotation_id", metavar="ID")
@pass_session
def show_rotation(session: Session, /, *, rotation_id: str) -> None:
    """Show a rotation, and how far it is. `-o raw` prints its state."""
    found = session.get(routes.item(routes.ROTATIONS, rotation_id))
    show(session, View(found, facts(found), [str(found.get("state", ""))]))
