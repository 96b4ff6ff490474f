"""`trstctl migrate`: bring a PostgreSQL store to what this version expects."""

from __future__ import annotations

import asyncio

import click

from cli.server.config import Settings
from cli.server.migrating import migrated
from cli.server.opening import store_options


@click.command("migrate")
@store_options
def command(settings: Settings) -> None:
    """Create or change the tables of a PostgreSQL store, all or nothing.

    To be run as a user that may do so, before servers of a new version start. An embedded store needs none: it is
    brought up to date when it is opened.
    """
    done = asyncio.run(migrated(settings))
    for name in done:
        click.echo(f"done: {name}")
    if not done:
        click.echo("the store is as this version needs it")
