"""`database/`: credentials of databases, by the providers, roles and leases of the native face."""

from __future__ import annotations

from math import ceil
from typing import Final

from api.vault import database_configs, database_roles, database_static
from api.vault.database_configs import must_allow
from api.vault.database_roles import held
from api.vault.failures import VaultError, denied
from api.vault.lease_ids import lease_id_of
from api.vault.reply import Reply
from api.vault.request import READ, VaultRequest
from api.vault.table import Route


async def creds(request: VaultRequest) -> Reply:
    """A new account of a role, leased."""
    if not request.call.allows_somewhere("leases:issue"):
        raise denied()
    found = await held(request)
    if found is None:
        raise VaultError(400, f"unknown role: {request.values['role']}")
    entry, role = found
    must_allow(entry, role.name)
    lease, position = await request.services.native.lease_making.issue(request.call, entry.name, role.name)
    credential = lease.credential if isinstance(lease.credential, dict) else {}
    return Reply(
        data={name: credential[name] for name in ("username", "password") if name in credential},
        lease_id=lease_id_of(entry.name, role.name, lease.id),
        lease_duration=ceil((lease.expires_at - lease.requested_at).total_seconds()),
        renewable=True,
        position=position,
    )


ROUTES: Final = (
    *database_configs.ROUTES,
    *database_roles.ROUTES,
    *database_static.ROUTES,
    Route("creds/{role}", {READ: creds}),
)
