"""`ephemeral api-keys issue`."""

from __future__ import annotations

from typing import Any

import click

from cli.client import routes
from cli.client.arguments import body_option, seconds
from cli.client.commands.access import show_issued
from cli.client.errors import WrongUsage
from cli.client.inputs import read_body
from cli.client.options import Command, pass_session
from cli.client.session import Session


@click.command(cls=Command)
@click.option("--subject", metavar="NAME", help="Whom it is for; left out, yourself.")
@click.option("--scope", "scopes", multiple=True, metavar="SCOPE", help="Such as secrets:read:app/*; repeatable.")
@click.option("--ttl", metavar="DURATION", help="How long it lives: seconds, or such as 15m.")
@body_option()
@pass_session
def issue(
    session: Session, /, *, subject: str | None, scopes: tuple[str, ...], ttl: str | None, body_file: str | None
) -> None:
    """Issue an API key that ends by itself and may do at most what yours may. It is shown this once.

    `-o raw` prints the key alone.
    """
    show_issued(session, session.change("POST", routes.EPHEMERAL_KEYS, _body(subject, scopes, ttl, body_file)))


def _body(subject: str | None, scopes: tuple[str, ...], ttl: str | None, body_file: str | None) -> dict[str, Any]:
    if body_file is not None:
        if subject is not None or scopes or ttl:
            raise WrongUsage("-f gives the whole body", "leave --subject, --scope and --ttl out")
        return read_body(body_file)
    if not scopes or not ttl:
        raise WrongUsage("a key is for something and ends", "give --scope SCOPE --ttl DURATION, or -f FILE")
    return {**({} if subject is None else {"subject": subject}), "scopes": list(scopes), "ttl_seconds": seconds(ttl)}
