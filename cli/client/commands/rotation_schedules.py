"""`rotation-schedules create`, `list`, `show`, `change`, `pause`, `resume`, `run` and `remove`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cli.client import routes
from cli.client.arguments import body_option, break_glass_option, seconds, yes_option
from cli.client.errors import WrongUsage
from cli.client.inputs import read_body
from cli.client.options import Command, pass_session
from cli.client.output import View, columns, facts, show
from cli.client.session import Session


def _times(command: Callable[..., Any]) -> Callable[..., Any]:
    for decorate in (
        body_option(),
        click.option("--grace", metavar="DURATION", help="How long the old account lives on after each rotation."),
        click.option("--timezone", metavar="ZONE", help="Of cron and window, such as Europe/Vienna; else UTC."),
        click.option("--window", metavar="HOURS", help="Only within these hours, such as 22:00-04:00."),
        click.option("--cron", metavar="FIELDS", help="Or by cron, in five fields: '30 3 * * sun'."),
        click.option("--every", metavar="DURATION", help="How often: such as 30d."),
        click.option("--name", metavar="NAME", help="What people call it."),
    ):
        command = decorate(command)
    return command


@click.command(cls=Command)
@click.option("--key", metavar="PATH", help="The secret that is rotated.")
@click.option("--provider", metavar="NAME", help="The backend that its account is in.")
@click.option("--old-ref", metavar="NAME", help="The account, or access key, that is stored there now.")
@click.option("--paused", is_flag=True, help="It does not come round until `resume`.")
@_times
@break_glass_option()
@pass_session
def create(session: Session, /, *, body_file: str | None, paused: bool, **options: str | None) -> None:
    """Rotate a stored credential again and again. The server's own scheduler does it. `-o raw` prints its id."""
    body = _body(body_file, options)
    if body_file is None and not {"name", "key", "provider", "old_ref"} <= body.keys():
        raise WrongUsage("rotate what?", "give --name, --key, --provider and --old-ref, and --every or --cron; or -f")
    _show_one(session, session.change("POST", routes.SCHEDULES, body | ({"enabled": False} if paused else {})))


def _body(body_file: str | None, options: dict[str, str | None]) -> dict[str, Any]:
    given: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    if body_file is not None:
        if given:
            raise WrongUsage("-f gives the whole body", "leave the other options out")
        return read_body(body_file)
    for option, member in (("every", "interval_seconds"), ("grace", "grace_seconds")):
        if option in given:
            given[member] = seconds(given.pop(option))
    return given


def _show_one(session: Session, schedule: dict[str, Any]) -> None:
    show(session, View(schedule, facts(schedule), [str(schedule.get("id", ""))]))


@click.command(cls=Command)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="At most N; all of them by default.")
@pass_session
def list_schedules(session: Session, /, *, limit: int | None) -> None:
    """List schedules, with the next and the last run of each."""
    items = session.items(routes.SCHEDULES, limit)
    table = columns(items, "id", "name", "provider", "key", "enabled", "next_run_at", "last_run_at", "last_error")
    show(session, View({"items": items}, table, [str(item["id"]) for item in items]))


@click.command("show", cls=Command)
@click.argument("schedule_id", metavar="ID")
@pass_session
def show_schedule(session: Session, /, *, schedule_id: str) -> None:
    """Show a schedule. Its history: `rotations list --schedule ID`."""
    _show_one(session, session.get(routes.item(routes.SCHEDULES, schedule_id)))


@click.command(cls=Command)
@click.argument("schedule_id", metavar="ID")
@_times
@break_glass_option()
@pass_session
def change(session: Session, /, *, schedule_id: str, body_file: str | None, **options: str | None) -> None:
    """Change what is given. --every or --cron sets the whole of its times anew, window and zone with it."""
    body = _body(body_file, options)
    if not body:
        raise WrongUsage("change what?", "give --every, --cron, --grace or --name, or -f FILE")
    _change(session, schedule_id, body)


def _change(session: Session, schedule_id: str, body: dict[str, Any]) -> None:
    _show_one(session, session.change("PATCH", routes.item(routes.SCHEDULES, schedule_id), body))


@click.command(cls=Command)
@click.argument("schedule_id", metavar="ID")
@pass_session
def pause(session: Session, /, *, schedule_id: str) -> None:
    """Let it come round no more until `resume`."""
    _change(session, schedule_id, {"enabled": False})


@click.command(cls=Command)
@click.argument("schedule_id", metavar="ID")
@break_glass_option()
@pass_session
def resume(session: Session, /, *, schedule_id: str) -> None:
    """Let it come round again."""
    _change(session, schedule_id, {"enabled": True})


@click.command("run", cls=Command)
@click.argument("schedule_id", metavar="ID")
@break_glass_option()
@pass_session
def run_now(session: Session, /, *, schedule_id: str) -> None:
    """Start its rotation now; its next time stays what it is. `-o raw` prints the rotation's id."""
    fired = session.change("POST", f"{routes.item(routes.SCHEDULES, schedule_id)}/run")
    show(session, View(fired, facts(fired), [str(fired.get("rotation_id", ""))]))


@click.command(cls=Command)
@click.argument("schedule_id", metavar="ID")
@yes_option(needed=False)
@pass_session
def remove(session: Session, /, *, schedule_id: str) -> None:
    """Remove it. A rotation that is under way goes on."""
    session.change("DELETE", routes.item(routes.SCHEDULES, schedule_id))
    result: dict[str, object] = {"id": schedule_id, "removed": True}
    show(session, View(result, facts(result), [schedule_id]))
