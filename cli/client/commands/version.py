"""`version`."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

import click

from cli.client.options import Command, pass_session
from cli.client.output import View, facts, show
from cli.client.session import Session


@click.command(cls=Command)
@pass_session
def version(session: Session, /) -> None:
    """Show the version of this client and of the Python that runs it."""
    try:
        client = installed_version("trstctl")
    except PackageNotFoundError:
        client = "not installed: run from its source"
    result = {"client": client, "python": sys.version.split()[0]}
    show(session, View(result, facts(dict(result)), [client]))
