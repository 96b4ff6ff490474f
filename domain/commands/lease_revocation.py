"""How the process manager takes credentials back: remove them, look, and only then say that they are gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from domain.backends import Account, Backend, BackendRefused, Bulk, UnknownDestination
from domain.catalog import Catalog
from domain.commands.lease_terms import account_of
from domain.errors import NotFound
from domain.lease import Lease
from domain.names import stream_of
from domain.ports import Append, Clock, EventLog, Repository
from domain.undertaking import Begun
from domain.views import Work

_TOGETHER: Final = 32
"""Accounts that are ended in one go where the backend can: it must be done well within the time limit of a call."""


class LeaseRevocation:
    """Work of the kind `lease.revoke`; `ref` is the lease's id. What it knows of work that is begun is the lease."""

    def __init__(self, log: EventLog, repository: Repository, catalog: Catalog, clock: Clock) -> None:
        self._log = log
        self._repository = repository
        self._catalog = catalog
        self._clock = clock
        self._in_bulk: set[str] = set()

    async def begin(self, work: Work, intent: Append) -> None:
        """With the intent, the lease's end is recorded, so that from now on nothing renews or finishes it."""
        async with self._repository.hold(Lease, stream_of("lease", work.tenant, work.ref)) as lease:
            if lease is None:
                raise NotFound(f"there is no lease {work.ref!r}")
            lease.end(self._clock())
            events = [*intent.events, *lease.collect_events()]
            await self._log.append(msgspec.structs.replace(intent, events=events))

    async def begin_all(self, claims: Sequence[tuple[Work, Append]]) -> Sequence[Begun]:
        """The same for several of one tenant; raises `NotFound`, also if one of them is in use at this moment."""
        streams = [stream_of("lease", work.tenant, work.ref) for work, _ in claims]
        leases = await self._repository.unheld(Lease, streams)
        at = self._clock()
        begun: list[Begun] = []
        ends: list[object] = []
        for stream, (work, _) in zip(streams, claims, strict=True):
            if (lease := leases.get(stream)) is None:
                raise NotFound(f"there is no lease {work.ref!r}")
            lease.end(at)
            ends += lease.collect_events()
            begun.append(Begun(work, lease))
        # Those of one kind after the other, which the store writes as runs of one statement.
        intents = [event for _, intent in claims for event in intent.events]
        entry = msgspec.structs.replace(claims[0][1], events=[*intents, *ends], patient=True)
        await self._log.append(entry)
        return begun

    def together(self, work: Work) -> int:
        """Many, if the backend was seen to end many at once."""
        return _TOGETHER if work.destination in self._in_bulk else 1

    async def do_all(self, begun: Sequence[Begun]) -> None:
        """Remove the accounts, and look; raises `UnknownDestination`, `BackendError`."""
        leases = [each.known or await self._lease(each.work) for each in begun]
        tenant = begun[0].work.tenant
        backend = await self._backend(tenant, leases)
        settings = {text: self._catalog.settings(leases[0].kind, text) for text in {lease.settings for lease in leases}}
        accounts = [account_of(tenant, lease, settings[lease.settings]) for lease in leases]
        if still := await self._still_there(backend, accounts):
            raise BackendRefused(f"the account {still} was removed and is still there; look at the backend")

    async def _still_there(self, backend: Backend, accounts: Sequence[Account]) -> str:
        if len(accounts) == 1:
            await backend.remove(accounts[0])
            return accounts[0].name if await backend.present(accounts[0]) else ""
        if not isinstance(backend, Bulk):
            raise BackendRefused("this backend ends one account at a time")
        await backend.remove_all(accounts)
        return min(await backend.present_of(accounts), default="")

    async def record_all(self, done: Sequence[Begun]) -> None:
        """They are seen to be gone. What fails for several may be repeated for each."""
        if len(done) == 1 or any(each.known is None for each in done):
            for each in done:
                await self._verified(each.work)
            return
        at = self._clock()
        for each in done:
            each.known.verify(at)
        events = [event for each in done for event in each.known.collect_events()]
        await self._append(done[0].work, events, patient=True)

    async def _lease(self, work: Work) -> Lease:
        async with self._repository.hold(Lease, stream_of("lease", work.tenant, work.ref)) as lease:
            if lease is None:
                raise NotFound(f"there is no lease {work.ref!r}")
            return lease

    async def _backend(self, tenant: str, leases: Sequence[Lease]) -> Backend:
        """The one that all of them are at."""
        entry = await self._catalog.find(tenant, leases[0].provider)
        for lease in leases:
            if entry is None or (entry.name, entry.destination, entry.kind) != (
                lease.provider,
                lease.destination,
                lease.kind,
            ):
                raise UnknownDestination(
                    f"the account {lease.account} is at the provider {lease.provider!r} ({lease.kind}), which is not"
                    " configured any more; configure it again under this name, then retry"
                )
        if entry is None:
            raise NotFound("there is no work to be done")
        backend = await self._catalog.backend(tenant, entry)
        (self._in_bulk.add if isinstance(backend, Bulk) else self._in_bulk.discard)(entry.destination)
        return backend

    async def _verified(self, work: Work) -> None:
        async with self._repository.hold(Lease, stream_of("lease", work.tenant, work.ref)) as lease:
            if lease is not None and not lease.gone:
                lease.verify(self._clock())
                await self._append(work, lease.collect_events())

    async def _append(self, work: Work, events: Sequence[object], *, patient: bool = False) -> None:
        if events:
            await self._log.append(
                Append(
                    tenant=work.tenant,
                    actor="trstctl",
                    request_id=work.stream.hex,
                    events=events,  # type: ignore[arg-type]  # the library types them as its own base
                    patient=patient,
                )
            )
