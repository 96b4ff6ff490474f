"""`audit events`, `export`, `verify`, `checkpoints` and `key`."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import click

from cli.client import routes
from cli.client.exit_codes import ExitCode
from cli.client.options import Command, pass_session
from cli.client.output import Table, View, facts, show, write_bytes
from cli.client.session import Session


class Filters(TypedDict):
    """Which events are wanted; None is no condition."""

    type: str | None
    actor: str | None
    path: str | None
    since: str | None
    until: str | None
    q: str | None


@click.command(cls=Command)
@click.option("--type", metavar="TYPE,TYPE", help="Such as secret.version.written.")
@click.option("--actor", metavar="SUBJECT", help="Who did it.")
@click.option("--path", metavar="PATH", help="On which secret, or transit key; a * at the end stands for any rest.")
@click.option("--since", metavar="TIME", help="From then on, RFC 3339.")
@click.option("--until", metavar="TIME", help="Until then, RFC 3339.")
@click.option("-q", "--query", "q", metavar="WORDS", help="Only events that hold these words.")
@click.option("--oldest-first", is_flag=True, help="The other way round.")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", default=50, show_default=True, help="At most N.")
@click.option("--all", "everything", is_flag=True, help="No limit.")
@pass_session
def events(
    session: Session, /, *, limit: int, everything: bool, oldest_first: bool, **filters: Unpack[Filters]
) -> None:
    """Show events of the log, the newest first. `-o raw` prints positions."""
    order = "asc" if oldest_first else "desc"
    items = session.items(f"{routes.AUDIT}/events", None if everything else limit, order=order, **filters)
    rows = [[i["position"], i["time"], i["type"], _what(i), i["actor"], i.get("request_id")] for i in items]
    table = Table(("position", "time", "type", "what", "actor", "request"), rows)
    show(session, View({"items": items}, table, [str(item["position"]) for item in items]))


def _what(event: dict[str, Any]) -> object:
    """What an event is about, in a few words: the path, the subject, or the paths given to variables."""
    body = event.get("body")
    if not isinstance(body, dict):
        return None
    if "left" in body:
        return [body["left"], body.get("right")]
    return next((body[name] for name in ("path", "subject", "variables", "token_id", "name") if body.get(name)), None)


@click.command(cls=Command)
@pass_session
def export(session: Session, /) -> None:
    """Write the log out, one JSON object a line, to be verified elsewhere (docs/reference/log-format.md)."""
    for chunk in session.connection().stream(f"{routes.AUDIT}/export", {}):
        write_bytes(chunk)


@click.command(cls=Command)
@pass_session
def verify(session: Session, /) -> int:
    """Have the server verify its whole log. Exit code 0: it is intact; 1: it is not.

    To trust no server, verify an export: trstctl audit verify, or docs/reference/verify_log.py.
    """
    result = session.ask(f"{routes.AUDIT}/verify", {})
    intact = result.get("intact") is True
    show(session, View(result, facts(result), ["intact" if intact else "broken"]))
    return ExitCode.OK if intact else ExitCode.FAILED


@click.command(cls=Command)
@click.option("--now", is_flag=True, help="Have a new one signed, and show that.")
@pass_session
def checkpoints(session: Session, /, *, now: bool) -> None:
    """Show the signed checkpoints of the log. Keep one elsewhere: with it a cut or rewritten log is found out.

    `-o raw` writes the signed notes themselves.
    """
    address = f"{routes.AUDIT}/checkpoints"
    notes = (session.change("POST", address) if now else session.get(address))["items"]
    rows = [note.splitlines()[:3] for note in notes]
    table = Table(("log", "events", "head"), [[*row, *[None] * (3 - len(row))] for row in rows])
    show(session, View({"items": notes}, table, ["\n".join(notes).removesuffix("\n")] if notes else ()))


@click.command(cls=Command)
@pass_session
def key(session: Session, /) -> None:
    """Show the public key that signs checkpoints."""
    text = session.text(f"{routes.AUDIT}/key").strip()
    show(session, View({"key": text}, facts({"key": text}), [text]))
