"""`whoami`."""

from __future__ import annotations

import click

from cli.client import routes
from cli.client.options import Command, pass_session
from cli.client.output import View, facts, show
from cli.client.session import Session


@click.command(cls=Command)
@pass_session
def whoami(session: Session, /) -> None:
    """Show the tenant, subject, scopes and expiry of the token in use. `-o raw` prints the subject."""
    principal = session.get(routes.WHOAMI)
    show(session, View(principal, facts(principal), [str(principal.get("subject", ""))]))
