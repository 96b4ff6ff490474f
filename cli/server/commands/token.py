"""`trstctl token`: create, list and revoke API tokens, by whoever holds the store."""

from __future__ import annotations

import os
import re
from typing import Final

import click

from cli.server.compose import Runtime
from cli.server.config import Settings
from cli.server.opening import store_options, with_runtime
from cli.server.tables import OUTPUT, show
from domain.commands.tenants import operator
from domain.commands.tokens import TokenMeta
from domain.errors import Invalid

_TTL: Final = re.compile(r"([1-9][0-9]{0,8})([smhd]?)\Z")
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


@click.group("token")
def command() -> None:
    """API tokens. Only a hash of each is stored; the token is printed once."""


@command.command("create")
@click.option("--tenant", required=True, help="The tenant's name or id.")
@click.option("--subject", required=True, help="Whom it is for, such as ci or ada@example.com.")
@click.option(
    "--scopes", required=True, help="Comma-separated, such as secrets:read:app/*,secrets:list or role:editor."
)
@click.option("--ttl", help="How long it lives: 90s, 15m, 12h or 30d. Without it, until revoked.")
@store_options
def create(tenant: str, subject: str, scopes: str, ttl: str | None, settings: Settings) -> None:
    """Issue a token and print it, this once."""

    async def work(runtime: Runtime) -> TokenMeta:
        row = await runtime.tenants.find(tenant)
        call = operator(row.tenant, os.urandom(8).hex())
        return (await runtime.tokens.issue(call, subject, scopes.split(","), ttl_seconds(ttl))).result

    click.echo(with_runtime(settings, work).token)


def ttl_seconds(text: str | None) -> int | None:
    """A duration such as `12h` in seconds; raises `Invalid`."""
    if text is None:
        return None
    match = _TTL.match(text)
    if match is None:
        raise Invalid(f"--ttl {text!r}: write a number with s, m, h or d, such as 15m")
    return int(match[1]) * _SECONDS[match[2]]


@command.command("list")
@click.option("--tenant", required=True, help="The tenant's name or id.")
@click.option("--subject", help="Only this subject's.")
@click.option("--include-revoked", is_flag=True, help="Also those that are revoked.")
@OUTPUT
@store_options
def list_(tenant: str, subject: str | None, output: str, settings: Settings, *, include_revoked: bool) -> None:
    """List a tenant's tokens."""

    async def work(runtime: Runtime) -> list[TokenMeta]:
        call = operator((await runtime.tenants.find(tenant)).tenant, os.urandom(8).hex())
        found: list[TokenMeta] = []
        while True:
            cursor = found[-1].id if found else ""
            page = await runtime.tokens.page(call, subject, cursor, 500, include_revoked=include_revoked)
            if not page:
                return found
            found += page

    columns = ("id", "subject", "scopes", "created_at", "expires_at", "revoked_at")
    show(output, "Tokens", columns, with_runtime(settings, work))


@command.command("revoke")
@click.argument("token_id")
@click.option("--tenant", required=True, help="The tenant's name or id.")
@click.option("--reason", default="", help="Why; it is written to the log.")
@store_options
def revoke(token_id: str, tenant: str, reason: str, settings: Settings) -> None:
    """Refuse a token from now on, on every node."""

    async def work(runtime: Runtime) -> None:
        call = operator((await runtime.tenants.find(tenant)).tenant, os.urandom(8).hex())
        await runtime.token_ends.revoke(call, token_id, reason)

    with_runtime(settings, work)
    click.echo(f"{token_id} is revoked")
