"""How tokens live on: renewed within their terms, and counted where their uses are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network
from typing import Final, NamedTuple
from uuid import UUID

from domain.api_token import LIVING, revocation, token_stream
from domain.call import Call
from domain.errors import Forbidden, Invalid, Unauthenticated, VersionConflict
from domain.event import Event
from domain.mounts import DEFAULT_TTL
from domain.ports import Append, Clock, EventLog, Kept, Replies
from domain.results import Done
from domain.token_life import ApiTokenRenewed, ApiTokenUsed, life_stream
from domain.token_terms import Terms
from domain.views import TokenRow, TokensView

USED_UP: Final = "used as often as it may be"
_TRIES: Final = 16
_NOTHING: Final[Mapping[UUID, int]] = {}
_NO_REPLY: Final = Kept()


class TokenNamed(NamedTuple):
    """What is kept for who repeats a request about a token: which one it was."""

    token_id: str


class TokenLife:
    """`entropy` gives random bytes, of which request ids are made."""

    def __init__(
        self, log: EventLog, view: TokensView, replies: Replies, clock: Clock, entropy: Callable[[int], bytes]
    ) -> None:
        self._log = log
        self._view = view
        self._replies = replies
        self._clock = clock
        self._entropy = entropy

    async def find(self, tenant: str, token_id: str) -> TokenRow | None:
        """The token, if it is good at this moment."""
        row = await self._view.by_id(tenant, token_id)
        return row if row and not row.revoked_at and not self._is_over(row) else None

    async def last_seen(self, tenant: str, token_id: str) -> TokenRow | None:
        """The token, also one that has ended: by its last use, say, which is the request that asks."""
        return await self._view.by_id(tenant, token_id)

    async def by_digest(self, tenant: str, digest: str) -> TokenRow | None:
        """The tenant's token whose text has this SHA-256, if it is good at this moment."""
        row = await self._view.by_hash(digest)
        return row if row and row.tenant == tenant and not row.revoked_at and not self._is_over(row) else None

    async def renew(
        self, call: Call, row: TokenRow, increment: int, terms: Terms, basis: Mapping[UUID, int]
    ) -> Done[TokenRow]:
        """Let the token live for `increment` seconds from now (0: for what `terms`, its terms as they are now, say).

        Never beyond those, nor its parent. Raises `Invalid` for one that is not renewable, and `VersionConflict` if a
        stream of `basis` has another version by now.
        """
        if not terms.renewable or row.expires_at is None:
            raise Invalid("lease is not renewable")
        until = await self._until(row, terms, terms.period or increment or terms.ttl or DEFAULT_TTL)
        event = ApiTokenRenewed(
            originator_id=life_stream(row.tenant, row.token_id),
            originator_version=row.life_version + 1,
            timestamp=self._clock(),
            token_id=row.token_id,
            expires_at=until,
        )
        kept = await self._replies.keep(call, TokenNamed(row.token_id))
        position = await self._append(row, call.principal.actor, call.request_id, [event], basis, kept)
        renewed = await self._view.by_id(row.tenant, row.token_id)
        if renewed is None or renewed.revoked_at:
            raise Unauthenticated("the token was revoked meanwhile")
        return Done(renewed, position)

    async def _until(self, row: TokenRow, terms: Terms, seconds: int) -> datetime:
        now = self._clock()
        bounds = [now + timedelta(seconds=seconds)]
        if terms.max_expires_at:
            bounds.append(terms.max_expires_at)
        if not terms.period:
            bounds.append(row.created_at + timedelta(seconds=DEFAULT_TTL))
        if row.parent:
            parent = await self._view.by_id(row.tenant, row.parent)
            bounds += [parent.expires_at] if parent and parent.expires_at else []
        until = min(bounds)
        if until <= now:
            raise Invalid("past the max TTL, cannot renew")
        return until

    async def use(self, row: TokenRow, address: str) -> None:
        """Count one use, if its uses are counted, and check from where it comes; raises `Unauthenticated`.

        The last use ends the token, in the same append.
        """
        _must_come_from(row, address)
        if not row.terms or not row.terms.uses:
            return
        for _ in range(_TRIES):
            if row.uses_left < 1:
                break
            try:
                await self._append(row, f"{row.subject}#{row.token_id}", self._entropy(8).hex(), self._uses(row))
            except VersionConflict:
                fresh = await self._view.by_id(row.tenant, row.token_id)
                if fresh is None or fresh.revoked_at:
                    break
                row = fresh
            else:
                return
        raise Unauthenticated("the token was used as often as it may be")

    def _uses(self, row: TokenRow) -> list[Event]:
        at, remaining = self._clock(), row.uses_left - 1
        used = ApiTokenUsed(
            originator_id=life_stream(row.tenant, row.token_id),
            originator_version=row.life_version + 1,
            timestamp=at,
            token_id=row.token_id,
            remaining=remaining,
        )
        return [used] if remaining else [used, revocation(row.tenant, row.token_id, USED_UP, at)]

    async def _append(
        self,
        row: TokenRow,
        actor: str,
        request_id: str,
        events: list[Event],
        basis: Mapping[UUID, int] = _NOTHING,
        kept: Kept = _NO_REPLY,
    ) -> int:
        """Append, unless the token has ended by now, or a stream of `basis` has grown."""
        ends = any(event.originator_id == token_stream(row.tenant, row.token_id) for event in events)
        unchanged = basis if ends else {**basis, token_stream(row.tenant, row.token_id): LIVING}
        return await self._log.append(
            Append(
                tenant=row.tenant,
                actor=actor,
                request_id=request_id,
                events=events,
                statements=kept.statements,
                reply=kept.reply,
                unchanged=unchanged,
            )
        )

    def _is_over(self, row: TokenRow) -> bool:
        return row.expires_at is not None and row.expires_at <= self._clock()


def _must_come_from(row: TokenRow, address: str) -> None:
    if not row.terms or not row.terms.cidrs:
        return
    try:
        if any(ip_address(address) in ip_network(cidr, strict=False) for cidr in row.terms.cidrs):
            return
    except ValueError:
        pass
    raise Forbidden("this token may not be used from here")
