"""Commands on tenants, for the operator of the server."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from domain.call import Call, Principal
from domain.errors import AlreadyExists, NotFound
from domain.ports import Append, Clock, EventLog, Sealer
from domain.results import Done
from domain.tenant import Tenant
from domain.views import TenantRow, TenantsView


def operator(tenant: str, request_id: str) -> Call:
    """The call of whoever runs the `trstctl` command on the server: it holds the store, so it holds every scope."""
    principal = Principal(tenant=tenant, subject="operator", scopes=("*",), token_id="")
    return Call(principal=principal, request_id=request_id)


class TenantCommands:
    """`entropy` gives random bytes, of which ids are made."""

    def __init__(
        self, log: EventLog, sealer: Sealer, view: TenantsView, clock: Clock, entropy: Callable[[int], bytes]
    ) -> None:
        self._log = log
        self._sealer = sealer
        self._view = view
        self._clock = clock
        self._entropy = entropy

    async def create(self, name: str, title: str, request_id: str) -> Done[TenantRow]:
        """A tenant with a key of its own; raises `AlreadyExists` if the name is taken."""
        if await self._view.find(name):
            raise AlreadyExists(f"there is a tenant {name!r}", [name])
        tenant, at = str(UUID(bytes=self._entropy(16), version=4)), self._clock()
        begun = Tenant.begin(tenant, name, title, at)
        position = await self._log.append(
            Append(
                tenant=tenant,
                actor=operator(tenant, request_id).principal.actor,
                request_id=request_id,
                events=begun.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=await self._sealer.create_tenant_key(tenant),
            )
        )
        return Done(TenantRow(tenant=tenant, name=name, title=title, created_at=at), position)

    async def find(self, name_or_id: str) -> TenantRow:
        """The tenant with this name or id; raises `NotFound`."""
        row = await self._view.find(name_or_id)
        if row is None:
            raise NotFound(f"there is no tenant {name_or_id!r}; see 'trstctl tenant list'")
        return row
