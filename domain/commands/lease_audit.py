"""The comparison of the accounts at each backend with the log: orphans (there, not here), ghosts (here, not there)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from domain.backends import Backend
from domain.call import Call
from domain.catalog import Catalog, ProviderEntry
from domain.commands.lease_terms import account_of
from domain.errors import NotFound, TrstctlError
from domain.lease import ACTIVE, Lease
from domain.names import stream_of
from domain.ports import Repository
from domain.views import LeaseRow, LeasesView

_CHUNK: Final = 200


class Audited(msgspec.Struct, frozen=True, kw_only=True):
    """One backend compared with the log. `error` says why it could not be, and nothing else is known then."""

    provider: str
    kind: str
    accounts: int = 0
    """Accounts of ours there."""
    leases: int = 0
    """Leases that the log has there."""
    orphans: list[str] = []
    """Accounts there that no lease of the log has: nobody revokes them."""
    ghosts: list[str] = []
    """Leases that the log takes for active whose account is not there: their credentials do not work."""
    error: str | None = None


class LeaseAudit:
    """Compares; changes nothing."""

    def __init__(self, catalog: Catalog, view: LeasesView, repository: Repository) -> None:
        self._catalog = catalog
        self._repository = repository
        self._view = view

    async def audit(self, call: Call, provider: str | None = None) -> list[Audited]:
        """Each backend of the tenant, or one; raises `NotFound`. One that fails does not keep the others from it."""
        call.require("leases:read")
        entries = [entry for entry in await self._catalog.all(call.tenant) if provider in {None, entry.name}]
        if provider and not entries:
            raise NotFound(f"there is no provider {provider!r}")
        return [await self._audited(call.tenant, entry) for entry in entries]

    async def _audited(self, tenant: str, entry: ProviderEntry) -> Audited:
        try:
            backend = await self._catalog.backend(tenant, entry)
            # An account made in between has its intent in the log before it is there: it is no orphan.
            accounts = [name async for name in backend.accounts()]
            orphans = await self._orphans(accounts)
            leases, ghosts = await self._ghosts(entry, backend, tenant, set(accounts))
        except TrstctlError as error:
            return Audited(provider=entry.name, kind=entry.kind, error=error.message)
        return Audited(
            provider=entry.name,
            kind=entry.kind,
            accounts=len(accounts),
            leases=leases,
            orphans=orphans,
            ghosts=ghosts,
        )

    async def _orphans(self, accounts: list[str]) -> list[str]:
        found = []
        for start in range(0, len(accounts), _CHUNK):
            some = accounts[start : start + _CHUNK]
            known = await self._view.there(some)
            found += [name for name in some if name not in known]
        return sorted(found)

    async def _ghosts(
        self, entry: ProviderEntry, backend: Backend, tenant: str, accounts: set[str]
    ) -> tuple[int, list[str]]:
        count, ghosts = 0, []
        async for row in self._expected(entry):
            count += 1
            missing = row.state == ACTIVE and row.account not in accounts
            if missing and not await self._is_there(backend, tenant, row.lease_id):
                ghosts.append(row.lease_id)
        return count, ghosts

    async def _expected(self, entry: ProviderEntry) -> AsyncIterator[LeaseRow]:
        after = ""
        while rows := await self._view.expected(entry.destination, after, _CHUNK):
            for row in rows:
                yield row
            after = rows[-1].account

    async def _is_there(self, backend: Backend, tenant: str, lease_id: str) -> bool:
        """A second look: it may have been made after the list, or be of a sort that no backend lists, as a token is."""
        async with self._repository.hold(Lease, stream_of("lease", tenant, lease_id)) as lease:
            if lease is None or lease.state != ACTIVE:
                return True
            account = account_of(tenant, lease, self._catalog.settings(lease.kind, lease.settings))
        return await backend.present(account)
