"""Commands on leases that are there: show, list, renew, revoke."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.backends import BackendError
from domain.call import Call
from domain.catalog import Catalog
from domain.commands.lease_terms import LeaseMeta, Patience, account_of
from domain.errors import Conflict, Forbidden, Invalid, NotFound, VersionConflict
from domain.lease import ACTIVE, PENDING, REVOKED, Lease
from domain.names import stream_of
from domain.ports import Append, Clock, EventLog, Kept, Replies, Repository
from domain.results import Done
from domain.views import LeaseFilter, LeaseRow, LeasesView

_CHUNK: Final = 500
"""Leases that are revoked together."""
_LOOK: Final = 0.004
"""How soon to look whether a revocation is done, in seconds; then less and less often, as most are done at once."""
_LOOK_AGAIN: Final = 0.2
"""When to look again: after so large a part of the time waited so far."""


class Revoking(msgspec.Struct, frozen=True, kw_only=True):
    """How many leases are being revoked."""

    revoking: int


class LeaseCommands:
    """`wake` tells the process manager of work at a destination that is due now."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        catalog: Catalog,
        view: LeasesView,
        replies: Replies,
        clock: Clock,
        patience: Patience,
        wake: Callable[[str], None],
    ) -> None:
        self._log = log
        self._repository = repository
        self._catalog = catalog
        self._view = view
        self._replies = replies
        self._clock = clock
        self._patience = patience
        self._wake = wake

    async def show(self, call: Call, lease_id: str) -> LeaseMeta:
        """One lease, without its credential; raises `NotFound`."""
        return LeaseMeta.of(await self._row(call, lease_id, "leases:read"), self._clock())

    async def page(self, call: Call, wanted: LeaseFilter, after_id: str, limit: int) -> tuple[list[LeaseMeta], str]:
        """Leases in order of time after `after_id`, those that the caller may see; and the last id looked at."""
        rows = await self._view.page(call.tenant, wanted, after_id, limit)
        now = self._clock()
        seen = [LeaseMeta.of(row, now) for row in rows if self._may(call, row, "leases:read")]
        return seen, rows[-1].lease_id if len(rows) == limit else ""

    async def renew(self, call: Call, lease_id: str, extend_seconds: int) -> Done[LeaseMeta]:
        """Let it live longer, at most to its role's longest life, at the backend first.

        Raises `NotFound`, `Conflict` if it is not active or at its longest life already, `BackendError`.
        """
        if extend_seconds < 1:
            raise Invalid("extend_seconds is at least 1")
        row = await self._row(call, lease_id, "leases:issue")
        async with self._repository.hold(Lease, stream_of("lease", call.tenant, lease_id)) as lease:
            if lease is None:
                raise NotFound(f"there is no lease {lease_id!r}")
            expires_at = lease.request_renewal(timedelta(seconds=extend_seconds), self._clock())
            await self._append(call, lease)
            await self._renewed_there(call, lease, expires_at)
            lease.renew(expires_at, self._clock())
            meta = msgspec.structs.replace(LeaseMeta.of(row, self._clock()), expires_at=expires_at)
            return Done(meta, await self._append(call, lease, await self._replies.keep(call, meta)))

    async def usual_life(self, call: Call, lease_id: str) -> int:
        """How long a lease of its role lives that asks for nothing, in seconds; 0 if the role is there no longer."""
        row = await self._row(call, lease_id, "leases:read")
        entry = await self._catalog.find(call.tenant, row.provider)
        role = entry.roles.get(row.role) if entry else None
        return role.default_ttl_seconds if role else 0

    async def _renewed_there(self, call: Call, lease: Lease, expires_at: datetime) -> None:
        entry = await self._catalog.find(call.tenant, lease.provider)
        if entry is None or entry.destination != lease.destination:
            raise Conflict(f"the provider {lease.provider!r} is configured no longer; the lease ends when it was to")
        backend = await self._catalog.backend(call.tenant, entry)
        account = account_of(call.tenant, lease, self._catalog.settings(lease.kind, lease.settings))
        try:
            await backend.renew(msgspec.structs.replace(account, expires_at=expires_at))
        except BackendError as error:
            lease.fail_renewal(error.code, self._clock())
            await self._append(call, lease)
            raise

    async def revoke(self, call: Call, lease_id: str, reason: str = "") -> Done[LeaseMeta]:
        """Take the credential back, and wait a moment for the backend; twice is as good as once. Raises `NotFound`."""
        row = await self._row(call, lease_id, "leases:revoke")
        position = await self._revoke(call, row, reason, keep=True)
        self._wake(row.destination)
        return Done(await self._awaited(call, lease_id), position)

    async def revoke_all(self, call: Call, wanted: LeaseFilter, reason: str = "") -> Done[Revoking]:
        """Take back all that `wanted` describes and the caller may revoke; the backends follow as fast as they can."""
        if wanted == LeaseFilter():
            raise Invalid("name a provider, role, prefix or subject; to revoke all, give the prefix of each provider")
        count = position = 0
        for state in (PENDING, ACTIVE):
            after = ""
            while rows := await self._view.page(call.tenant, _in_state(wanted, state), after, _CHUNK):
                mine = [row for row in rows if self._may(call, row, "leases:revoke")]
                positions = await asyncio.gather(*(self._revoke(call, row, reason) for row in mine))
                count, position, after = count + len(mine), max([position, *positions]), rows[-1].lease_id
                for destination in {row.destination for row in mine}:
                    self._wake(destination)
        return Done(Revoking(revoking=count), position)

    async def _revoke(self, call: Call, row: LeaseRow, reason: str, *, keep: bool = False) -> int:
        while True:
            try:
                async with self._repository.hold(Lease, stream_of("lease", call.tenant, row.lease_id)) as lease:
                    if lease is None:
                        raise NotFound(f"there is no lease {row.lease_id!r}")
                    lease.revoke("revoked", reason[:500], self._clock())
                    meta = msgspec.structs.replace(LeaseMeta.of(row, self._clock()), state=lease.state)
                    return await self._append(call, lease, await self._replies.keep(call, meta) if keep else Kept())
            except VersionConflict:
                continue  # it was renewed or ended elsewhere at this moment: look again

    async def _awaited(self, call: Call, lease_id: str) -> LeaseMeta:
        began = self._clock()
        while True:
            row = await self._view.find(call.tenant, lease_id)
            if row is None:
                raise NotFound(f"there is no lease {lease_id!r}")
            waited = (self._clock() - began).total_seconds()
            if row.gone_at or row.state == REVOKED or waited >= self._patience.revoke_wait:
                return LeaseMeta.of(row, self._clock())
            await asyncio.sleep(max(_LOOK, _LOOK_AGAIN * waited))

    async def _row(self, call: Call, lease_id: str, verb: str) -> LeaseRow:
        row = await self._view.find(call.tenant, lease_id)
        if row is None or not self._may(call, row, "leases:read"):
            raise NotFound(f"there is no lease {lease_id!r}")
        if not self._may(call, row, verb):
            raise Forbidden(f"this needs the scope {verb}:{row.provider}/{row.role}; ask an operator for it")
        return row

    @staticmethod
    def _may(call: Call, row: LeaseRow, verb: str) -> bool:
        """Whoever a lease was issued to may see, renew and revoke it."""
        return row.subject == call.principal.subject or call.allows(verb, f"{row.provider}/{row.role}")

    async def _append(self, call: Call, lease: Lease, kept: Kept = Kept()) -> int:  # noqa: B008 - it is frozen
        events: Sequence[object] = lease.collect_events()
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=events,  # type: ignore[arg-type]  # the library types them as its own base
                statements=kept.statements,
                reply=kept.reply,
            )
        )


def _in_state(wanted: LeaseFilter, state: str) -> LeaseFilter:
    return msgspec.structs.replace(wanted, state=state)
