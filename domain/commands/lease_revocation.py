"""How the process manager takes a credential back: remove it, look, and only then say that it is gone."""

from __future__ import annotations

import msgspec

from domain.backends import Backend, BackendRefused, UnknownDestination
from domain.catalog import Catalog
from domain.commands.lease_terms import account_of
from domain.errors import NotFound
from domain.lease import Lease
from domain.names import stream_of
from domain.ports import Append, Clock, EventLog, Repository
from domain.views import Work


class LeaseRevocation:
    """Work of the kind `lease.revoke`; `ref` is the lease's id."""

    def __init__(self, log: EventLog, repository: Repository, catalog: Catalog, clock: Clock) -> None:
        self._log = log
        self._repository = repository
        self._catalog = catalog
        self._clock = clock

    async def begin(self, work: Work, intent: Append) -> None:
        """With the intent, the lease's end is recorded, so that from now on nothing renews or finishes it."""
        async with self._repository.hold(Lease, stream_of("lease", work.tenant, work.ref)) as lease:
            if lease is None:
                raise NotFound(f"there is no lease {work.ref!r}")
            lease.end(self._clock())
            events = [*intent.events, *lease.collect_events()]
            await self._log.append(msgspec.structs.replace(intent, events=events))

    async def carry_out(self, work: Work) -> None:
        """Remove the account, look, record; raises `UnknownDestination`, `BackendError`."""
        lease = await self._lease(work)
        backend = await self._backend(work.tenant, lease)
        account = account_of(work.tenant, lease, self._catalog.settings(lease.kind, lease.settings))
        await backend.remove(account)
        if await backend.present(account):
            raise BackendRefused(f"the account {account.name} was removed and is still there; look at the backend")
        await self._verified(work)

    async def _lease(self, work: Work) -> Lease:
        async with self._repository.hold(Lease, stream_of("lease", work.tenant, work.ref)) as lease:
            if lease is None:
                raise NotFound(f"there is no lease {work.ref!r}")
            return lease

    async def _backend(self, tenant: str, lease: Lease) -> Backend:
        entry = await self._catalog.find(tenant, lease.provider)
        if entry is None or entry.destination != lease.destination or entry.kind != lease.kind:
            raise UnknownDestination(
                f"the account {lease.account} is at the provider {lease.provider!r} ({lease.kind}), which is not"
                " configured any more; configure it again under this name, then retry"
            )
        return await self._catalog.backend(tenant, entry)

    async def _verified(self, work: Work) -> None:
        async with self._repository.hold(Lease, stream_of("lease", work.tenant, work.ref)) as lease:
            if lease is None or lease.gone:
                return
            lease.verify(self._clock())
            await self._log.append(
                Append(
                    tenant=work.tenant,
                    actor="trstctl",
                    request_id=work.stream.hex,
                    events=lease.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                )
            )
