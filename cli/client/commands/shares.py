"""`share create`, `redeem`, `list`, `show` and `revoke`."""

from __future__ import annotations

from typing import Any, TypedDict, Unpack

import click

from cli.client import routes
from cli.client.arguments import body_option, seconds, yes_option
from cli.client.errors import Problem, WrongUsage
from cli.client.inputs import read_body, read_value, value_field
from cli.client.options import Command, pass_session
from cli.client.output import Table, View, columns, facts, note, show, to_terminal
from cli.client.reveal import show_value
from cli.client.session import Session
from cli.client.share_links import has_terminal, link_of, read_link, read_passphrase

_STATES = ("open", "consumed", "expired", "revoked", "locked")
_file = click.option("--file", metavar="FILE", help="Read it from FILE instead of standard input.")
_ask = click.option("--passphrase", "ask", is_flag=True, help="Ask for a passphrase on the terminal.")
_passphrase_file = click.option("--passphrase-file", metavar="FILE", help="Read the passphrase from FILE.")


class NewShare(TypedDict):
    """The options that say what is shared, and how."""

    file: str | None
    ask: bool
    passphrase_file: str | None
    ttl: str | None
    max_views: int | None
    note_text: str | None
    binary: bool
    exact: bool
    body_file: str | None


@click.command(cls=Command)
@_file
@_ask
@_passphrase_file
@click.option("--ttl", metavar="DURATION", help="How long it lives: seconds, or such as 15m, 8h, 7d.")
@click.option("--max-views", type=click.IntRange(min=1), metavar="N", help="How often it is shown; once by default.")
@click.option("--note", "note_text", metavar="WORDS", help="For your own list; kept in the log, so no secret.")
@click.option("--binary", is_flag=True, help="The value is bytes, not text.")
@click.option("--exact", is_flag=True, help="Keep the line's end after a value of one line.")
@body_option()
@pass_session
def create(session: Session, /, **options: Unpack[NewShare]) -> None:
    """Make a link by which somebody else sees a value, once unless you say otherwise, and then nobody ever again.

    The value comes from standard input, from a hidden prompt if that is a terminal, or from --file. The link is shown
    this once; `-o raw` prints it alone.
    """
    made = session.change("POST", routes.SHARES, _body(options))
    url = made.get("url")
    if url is None:
        note("this idempotency key was used before: the link was shown then, and is not shown again")
    elif to_terminal():
        note("the link is shown this once")
    told = {name: value for name, value in made.items() if name != "token"}
    show(session, View(made, facts(told), [str(url)] if url else ()))


def _body(options: NewShare) -> dict[str, Any]:
    if options["body_file"] is not None:
        if any(value not in (None, False) for name, value in options.items() if name != "body_file"):
            raise WrongUsage("-f gives the whole body", "leave the other options out, or -f")
        return read_body(options["body_file"])
    ttl = options["ttl"]
    told = {
        "ttl_seconds": seconds(ttl) if ttl else None,
        "max_views": options["max_views"],
        "note": options["note_text"],
    }
    value = read_value(options["file"], exact=options["exact"] or options["binary"], empty=False)
    passphrase = read_passphrase(options["passphrase_file"], ask=options["ask"], twice=True)
    body = value_field(value, binary=options["binary"])
    return body | {name: given for name, given in {**told, "passphrase": passphrase}.items() if given is not None}


@click.command(cls=Command)
@_file
@_ask
@_passphrase_file
@click.option("--reveal", is_flag=True, help="Show the value even on a terminal.")
@body_option()
@pass_session
def redeem(
    session: Session,
    /,
    *,
    file: str | None,
    ask: bool,
    passphrase_file: str | None,
    reveal: bool,
    body_file: str | None,
) -> None:
    """See what was shared with you; no token of your own is needed. It uses up one view: keep what comes.

    The link, or the token at its end, comes from standard input, from a hidden prompt if that is a terminal, or from
    --file. To a pipe or file goes the bare value; a terminal is shown it only with --reveal.
    """
    if to_terminal() and not reveal:
        raise WrongUsage(
            "this would show the value on the terminal, and it may be the only time", "add --reveal, or redirect it"
        )
    if body_file is not None:
        body = read_body(body_file)
        link = link_of(str(body.get("token", "")))
    else:
        link = read_link(file)
        passphrase = read_passphrase(passphrase_file, ask=ask, twice=False)
        body = {"token": link.token, **({"passphrase": passphrase} if passphrase is not None else {})}
    session.visit(link.server)
    answer = _redeemed(session, body | {"token": link.token})
    left = answer.pop("views_left")
    note(f"it can be shown {left} more time{'' if left == 1 else 's'}" if left else "it was the last time")
    named = {"name": "share"} if session.output == "dotenv" else {}
    show_value(session, answer | named, reveal=reveal)


def _redeemed(session: Session, body: dict[str, Any]) -> dict[str, Any]:
    try:
        return session.change("POST", routes.REDEEM, body)
    except Problem as problem:
        if problem.kind != "passphrase-required" or not has_terminal():
            raise
    return session.change("POST", routes.REDEEM, body | {"passphrase": read_passphrase(None, ask=True, twice=False)})


@click.command(cls=Command)
@click.option("--state", type=click.Choice(_STATES), help="Only those in this state.")
@click.option("--subject", metavar="NAME", help="Only those that NAME made; other people's need shares:manage.")
@pass_session
def list_shares(session: Session, /, *, state: str | None, subject: str | None) -> None:
    """List your shares: id, state, end and note, never the link. `-o json` tells more."""
    items = session.items(routes.SHARES, state=state, subject=subject)
    table = columns(items, "id", "state", "expires_at", "note")
    show(session, View({"items": items}, table, [str(item["id"]) for item in items]))


@click.command(cls=Command)
@click.argument("share_id", metavar="ID")
@pass_session
def show_share(session: Session, /, *, share_id: str) -> None:
    """Show what became of a share: when it was seen, and from where."""
    receipt = session.get(routes.item(routes.SHARES, share_id))
    views = [
        (f"view {view['number']}", f"{view['at']} from {view['from']} {view['agent']}") for view in receipt["views"]
    ]
    failed = [("failed passphrases", receipt["failed_passphrases"])] if receipt["failed_passphrases"] else []
    show(
        session, View(receipt, Table((), [*facts(receipt["share"]).rows, *views, *failed]), [receipt["share"]["state"]])
    )


@click.command(cls=Command)
@click.argument("share_id", metavar="ID")
@click.option("--reason", metavar="WORDS", help="Why; kept in the log.")
@yes_option(needed=False)
@pass_session
def revoke(session: Session, /, *, share_id: str, reason: str | None) -> None:
    """Withdraw the share with this id (see `list`): its value is destroyed."""
    session.change("DELETE", routes.item(routes.SHARES, share_id), {"reason": reason} if reason else None)
    result: dict[str, object] = {"id": share_id, "revoked": True}
    show(session, View(result, facts(result), [share_id]))
