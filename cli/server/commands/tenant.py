"""`trstctl tenant`: create and list tenants."""

from __future__ import annotations

import os

import click

from cli.server.compose import Runtime
from cli.server.config import Settings
from cli.server.opening import store_options, with_runtime
from cli.server.tables import OUTPUT, show
from domain.views import TenantRow


@click.group("tenant")
def command() -> None:
    """Tenants share nothing with each other."""


@command.command("create")
@click.argument("name")
@click.option("--title", default="", help="What people call it.")
@store_options
def create(name: str, title: str, settings: Settings) -> None:
    """Create a tenant with a key of its own and print its id."""

    async def work(runtime: Runtime) -> TenantRow:
        return (await runtime.tenants.create(name, title or name, os.urandom(8).hex())).result

    click.echo(with_runtime(settings, work).tenant)


@command.command("list")
@OUTPUT
@store_options
def list_(output: str, settings: Settings) -> None:
    """List all tenants."""

    async def work(runtime: Runtime) -> list[TenantRow]:
        return await runtime.views.tenants.all()

    show(output, "Tenants", ("tenant", "name", "title", "created_at"), with_runtime(settings, work))
