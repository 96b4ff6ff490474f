"""`access tokens create`, `list` and `revoke`."""

from __future__ import annotations

from typing import Any

import click

from cli.client import routes
from cli.client.arguments import body_option, seconds, yes_option
from cli.client.errors import WrongUsage
from cli.client.inputs import read_body
from cli.client.options import Command, pass_session
from cli.client.output import View, columns, facts, note, show, to_terminal
from cli.client.session import Session


@click.command(cls=Command)
@click.option("--subject", metavar="NAME", help="Whose token: a person or a service.")
@click.option("--scopes", multiple=True, metavar="SCOPES", help="Such as secrets:read:app/*,role:viewer; repeatable.")
@click.option("--ttl", metavar="DURATION", help="Seconds, or such as 15m, 8h, 30d.")
@body_option()
@pass_session
def create(
    session: Session, /, *, subject: str | None, scopes: tuple[str, ...], ttl: str | None, body_file: str | None
) -> None:
    """Issue a token that may do at most what yours may. The server keeps only its hash: the token is shown this once.

    `-o raw` prints the token alone.
    """
    show_issued(session, session.change("POST", routes.API_TOKENS, _body(subject, scopes, ttl, body_file)))


def show_issued(session: Session, issued: dict[str, Any]) -> None:
    """Show a new token, or say that it was shown before."""
    token = issued.get("token")
    if token is None:
        note("this idempotency key was used before: the token was shown then, and is not shown again")
    elif to_terminal():
        note("the token is shown this once")
    show(session, View(issued, facts(issued), [token] if token else ()))


def _body(subject: str | None, scopes: tuple[str, ...], ttl: str | None, body_file: str | None) -> dict[str, Any]:
    if body_file is not None:
        if subject or scopes or ttl:
            raise WrongUsage("-f gives the whole body", "leave --subject, --scopes and --ttl out")
        return read_body(body_file)
    listed = [scope.strip() for text in scopes for scope in text.split(",") if scope.strip()]
    if not subject or not listed:
        raise WrongUsage("a token is for somebody and something", "give --subject NAME --scopes SCOPES, or -f FILE")
    return {"subject": subject, "scopes": listed, **({"ttl_seconds": seconds(ttl)} if ttl else {})}


@click.command(cls=Command)
@click.option("--subject", metavar="NAME", help="Only this subject's.")
@click.option("--include-revoked", is_flag=True, help="Also those that no longer work.")
@pass_session
def list_tokens(session: Session, /, *, subject: str | None, include_revoked: bool) -> None:
    """List tokens: id, subject, scopes and times, never the token."""
    items = session.items(routes.API_TOKENS, subject=subject, include_revoked=include_revoked)
    table = columns(items, "id", "subject", "scopes", "created_at", "expires_at", "revoked_at")
    show(session, View({"items": items}, table, [str(item["id"]) for item in items]))


@click.command(cls=Command)
@click.argument("token_id", metavar="ID")
@click.option("--reason", metavar="WORDS", help="Why; kept in the log.")
@yes_option(needed=False)
@pass_session
def revoke(session: Session, /, *, token_id: str, reason: str | None) -> None:
    """Revoke the token with this id (see `list`): from now on every node refuses it."""
    session.change("DELETE", routes.item(routes.API_TOKENS, token_id), {"reason": reason} if reason else None)
    result: dict[str, object] = {"id": token_id, "revoked": True}
    show(session, View(result, facts(result), [token_id]))
