"""`trstctl lease audit`: the accounts at every backend compared with the log."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

import click
import msgspec

from cli.server.compose import Runtime
from cli.server.config import Settings
from cli.server.exit_codes import COULD_NOT, FAILED, OK
from cli.server.opening import store_options, with_runtime
from cli.server.tables import OUTPUT, show
from domain.commands.lease_audit import Audited
from domain.commands.tenants import operator
from domain.errors import NotFound
from domain.views import TenantRow

_COLUMNS: Final = ("tenant", "provider", "kind", "accounts", "leases", "orphans", "ghosts", "error")


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """What was found at one backend, and the tenant whose providers were gone through."""

    tenant: str
    provider: str
    kind: str
    accounts: int
    leases: int
    orphans: list[str]
    ghosts: list[str]
    error: str | None


@click.group("lease")
def command() -> None:
    """Credentials that the server has made in other systems."""


@command.command("audit")
@click.option("--tenant", help="Only this tenant's providers, by its name or id.")
@click.option("--provider", help="Only the provider of this name.")
@OUTPUT
@store_options
def audit(tenant: str | None, provider: str | None, output: str, settings: Settings) -> int:
    """Compare the accounts at each backend with the log. It changes nothing, and may run beside a server.

    Orphans are accounts there that no lease of the log has: nobody revokes them. Ghosts are active leases whose account
    is not there. The exit code is 1 if there are any, else 2 if a backend could not be looked at. A provider of the
    configuration file is looked at for each tenant that may use it.
    """

    async def work(runtime: Runtime) -> list[Row]:
        found = [row for each in await _tenants(runtime, tenant) for row in await _audited(runtime, each, provider)]
        if provider and not found:
            raise NotFound(f"no tenant has a provider {provider!r}")
        return found

    rows = with_runtime(settings, work)
    show(output, "Leases", _COLUMNS, rows)
    return _code(rows)


async def _tenants(runtime: Runtime, name: str | None) -> Sequence[TenantRow]:
    return await runtime.views.tenants.all() if name is None else [await runtime.tenants.find(name)]


async def _audited(runtime: Runtime, tenant: TenantRow, provider: str | None) -> list[Row]:
    call = operator(tenant.tenant, os.urandom(8).hex())
    try:
        found: list[Audited] = await runtime.leasing.audit.audit(call, provider)
    except NotFound:
        return []
    return [Row(tenant=tenant.name, **msgspec.structs.asdict(each)) for each in found]


def _code(rows: Sequence[Row]) -> int:
    if any(row.orphans or row.ghosts for row in rows):
        return FAILED
    return COULD_NOT if any(row.error for row in rows) else OK
