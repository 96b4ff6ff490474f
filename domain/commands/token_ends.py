"""How tokens end: revoked by somebody, with all that descend from them, or by the clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final
from uuid import UUID

from domain.api_token import EXPIRED, inherited, revocation
from domain.call import Call
from domain.errors import Conflict, NotFound, VersionConflict
from domain.event import Event
from domain.ports import Append, Clock, EventLog, Replies
from domain.results import Done
from domain.token_life import life_stream
from domain.views import TokenRow, TokensView, Work

MOST_AT_ONCE: Final = 1000
"""Most tokens whose ends one append records."""
_TRIES: Final = 3


class TokenEnds:
    """`entropy` gives random bytes, of which request ids are made."""

    def __init__(
        self, log: EventLog, view: TokensView, replies: Replies, clock: Clock, entropy: Callable[[int], bytes]
    ) -> None:
        self._log = log
        self._view = view
        self._replies = replies
        self._clock = clock
        self._entropy = entropy

    async def revoke(self, call: Call, token_id: str, reason: str = "") -> Done[None]:
        """Refuse the token, and all that descend from it, from now on, on every node; raises `NotFound`, `Conflict`.

        The token's own event ends them all. Theirs are in the same append, so far as they are known and not too many;
        the last try goes without, so that nobody can hold a revocation up by having tokens come and go meanwhile.
        """
        call.require("access:write")
        return await self._ended(call, token_id, reason)

    async def revoke_own(self, call: Call) -> Done[None]:
        """Refuse the caller's own token from now on, and all that descend from it; nobody needs a scope for that."""
        return await self._ended(call, call.principal.token_id, "by itself")

    async def revoke_alone(self, call: Call, token_id: str) -> Done[None]:
        """Refuse the token from now on; those that it minted live on, as orphans. Raises `NotFound`, `Conflict`."""
        call.require("access:write")
        await self._must_live(call, token_id)
        event = revocation(call.tenant, token_id, "", self._clock(), orphaning=True)
        return Done(None, await self._record(call.tenant, call.principal.actor, [event]))

    async def _ended(self, call: Call, token_id: str, reason: str) -> Done[None]:
        for tries_left in reversed(range(_TRIES)):
            await self._must_live(call, token_id)
            try:
                return Done(None, await self._revoked(call, token_id, reason, with_minted=tries_left > 0))
            except VersionConflict:
                if not tries_left:
                    raise
        raise VersionConflict(f"token {token_id} is being changed by many at once; try again")

    async def _must_live(self, call: Call, token_id: str) -> None:
        row = await self._view.by_id(call.tenant, token_id)
        if row is None:
            raise NotFound(f"there is no token {token_id!r}")
        if row.revoked_at:
            raise Conflict(f"token {token_id} is revoked already")

    async def _revoked(self, call: Call, token_id: str, reason: str, *, with_minted: bool) -> int:
        at, events = self._clock(), []
        if with_minted:
            minted = await self._view.minted(call.tenant, token_id, at, MOST_AT_ONCE)
            events = [revocation(call.tenant, each, inherited(token_id, reason), at) for each in minted]
        kept = await self._replies.keep(call, None)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=[revocation(call.tenant, token_id, reason, at), *events],
                statements=kept.statements,
                reply=kept.reply,
            )
        )

    async def expire(self, work: Work) -> None:
        """Record that the token's time is over; raises `VersionConflict` if its end is recorded already."""
        row, now = await self._view.by_id(work.tenant, work.ref), self._clock()
        if row and row.expires_at and row.expires_at > now:
            return  # renewed meanwhile: it comes due again
        # Of a renewal and this end at the same moment, one is refused.
        unchanged = {life_stream(work.tenant, work.ref): row.life_version if row else 0}
        await self._record(work.tenant, "trstctl", [revocation(work.tenant, work.ref, EXPIRED, now)], unchanged)

    async def record_ended(self) -> None:
        """Record the ends of tokens that ended with one they descend from, unless another node does; some at a time.

        They are refused in any case: this is for whoever looks in the log for a token's own end.
        """
        rows = await self._view.unrecorded(MOST_AT_ONCE)
        for (tenant, by), group in groupby(rows, lambda row: (row.tenant, row.revoked_by or "")):
            try:
                await self._record(tenant, by, [self._own_end(row) for row in group])
            except VersionConflict:
                continue

    def _own_end(self, row: TokenRow) -> Event:
        return revocation(row.tenant, row.token_id, row.reason or "", self._clock())

    async def _record(
        self, tenant: str, actor: str, events: Sequence[Event], unchanged: Mapping[UUID, int] | None = None
    ) -> int:
        request_id = self._entropy(16).hex()
        return await self._log.append(
            Append(tenant=tenant, actor=actor, request_id=request_id, events=events, unchanged=unchanged or {})
        )
