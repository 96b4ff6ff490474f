"""Tokens with policies and terms: what logins give, and what Vault's clients create."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from domain.api_token import LIVING, MAX_GENERATIONS, ApiToken, token_stream
from domain.call import Call, Principal
from domain.commands.token_life import TokenNamed
from domain.errors import Forbidden, Unauthenticated, VersionConflict
from domain.event import Event
from domain.mounts import DEFAULT_TTL
from domain.ports import Append, Clock, EventLog, Kept, Replies
from domain.token_terms import ROOT, Terms, encoded
from domain.token_text import digest_of, token_text
from domain.views import TokenRow, TokensView

Basis = Mapping[UUID, int]
"""Streams, and the version that each must have still."""
_NOTHING: Final[Basis] = {}
_ENDED: Final = "the token is missing, unknown, expired or revoked"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A token to be: `ttl` in seconds, 0 for the longest there is."""

    subject: str
    policies: tuple[str, ...]
    terms: Terms
    ttl: int = 0
    orphan: bool = False


class Minted(NamedTuple):
    """A token that was just made. `text` is shown this once."""

    text: str
    row: TokenRow
    position: int

    def __repr__(self) -> str:
        return f"Minted(text=<redacted>, token_id={self.row.token_id!r}, position={self.position})"


class _Made(NamedTuple):
    text: str
    token_id: str


class TokenMinting:
    """`entropy` gives random bytes, of which a token is 32."""

    def __init__(
        self, log: EventLog, view: TokensView, replies: Replies, clock: Clock, entropy: Callable[[int], bytes]
    ) -> None:
        self._log = log
        self._view = view
        self._replies = replies
        self._clock = clock
        self._entropy = entropy

    async def create(self, call: Call, wanted: Wanted, *, basis: Basis = _NOTHING, decided: bool = False) -> Minted:
        """A token that the caller mints; raises `Forbidden` for more than the caller has itself.

        Without policies it has the caller's own, and the caller's scopes. An orphan outlives its maker: who may make
        one is asked by the caller of this. `decided` are policies that a role gives, whatever the caller has. Raises
        `VersionConflict` if a stream of `basis`, the role's, has another version by now.
        """
        call.require("access:write")
        caller = call.principal
        policies, scopes = _decided(caller, wanted.policies) if decided else _inherited(caller, wanted.policies)
        lineage = [] if wanted.orphan else await self._lineage(caller)
        end = None if wanted.orphan or not lineage else caller.expires_at
        return await self._issue(call, wanted, policies, scopes, lineage, end, basis=basis)

    async def logged_in(
        self, tenant: str, request_id: str, wanted: Wanted, *, events: Sequence[Event] = (), basis: Basis = _NOTHING
    ) -> Minted:
        """The token that a login gives: nobody's child. `events` are in the same append, before it.

        Raises `VersionConflict` if a stream of `basis` has another version by now.
        """
        made, token = self._made(tenant, wanted, wanted.policies, (), None, None)
        entry = Append(
            tenant=tenant,
            actor=wanted.subject,
            request_id=request_id,
            events=[*events, *token.collect_events()],  # type: ignore[list-item]  # the library types them as its own base
            unchanged=basis,
        )
        return await self._minted(tenant, made, await self._log.append(entry))

    async def _issue(
        self,
        call: Call,
        wanted: Wanted,
        policies: Sequence[str],
        scopes: Sequence[str],
        lineage: Sequence[TokenRow],
        end: datetime | None,
        *,
        basis: Basis,
    ) -> Minted:
        parent = lineage[-1].token_id if lineage else None
        made, token = self._made(call.tenant, wanted, policies, scopes, parent, end)
        kept = await self._replies.keep(call, TokenNamed(made.token_id))
        return await self._minted(call.tenant, made, await self._append(call, token, lineage, basis, kept))

    def _made(
        self,
        tenant: str,
        wanted: Wanted,
        policies: Sequence[str],
        scopes: Sequence[str],
        parent: str | None,
        end: datetime | None,
    ) -> tuple[_Made, ApiToken]:
        at = self._clock()
        expires_at = _expiry(at, wanted, end, is_root=ROOT in policies)
        terms = _settled(wanted, at, expires_at)
        made = _Made(token_text(self._entropy(32)), f"tok_{self._entropy(8).hex()}")
        token = ApiToken.issue(
            tenant, token_id=made.token_id, subject=wanted.subject, scopes=list(scopes), expires_at=expires_at,
            parent=parent, digest=digest_of(made.text), at=at, policies=policies, terms=encoded(terms),
        )  # fmt: skip
        return made, token

    async def _minted(self, tenant: str, made: _Made, position: int) -> Minted:
        row = await self._view.by_id(tenant, made.token_id)
        if row is None:
            raise Unauthenticated(_ENDED)
        return Minted(made.text, row, position)

    async def _lineage(self, caller: Principal) -> list[TokenRow]:
        if not caller.token_id:
            return []
        lineage = await self._view.lineage(caller.tenant, caller.token_id)
        if not lineage or any(row.revoked_at for row in lineage):
            raise Unauthenticated(_ENDED)
        if len(lineage) >= MAX_GENERATIONS:
            raise Forbidden(f"a token {MAX_GENERATIONS} generations from the operator's mints no further ones")
        return lineage

    async def _append(self, call: Call, token: ApiToken, lineage: Sequence[TokenRow], basis: Basis, kept: Kept) -> int:
        """Append, unless one of `lineage` has ended by now, or a stream of `basis` has grown."""
        entry = Append(
            tenant=call.tenant,
            actor=call.principal.actor,
            request_id=call.request_id,
            events=token.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
            statements=kept.statements,
            reply=kept.reply,
            unchanged={**basis, **{token_stream(row.tenant, row.token_id): LIVING for row in lineage}},
        )
        try:
            return await self._log.append(entry)
        except VersionConflict as error:
            if basis:
                raise  # whichever it was, who tries again learns it
            raise Unauthenticated(_ENDED) from error


def _decided(caller: Principal, wanted: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Policies and scopes of a token that a role gives: all but the operator's own kind."""
    if ROOT in wanted and "*" not in caller.scopes:
        raise Forbidden("root tokens may not be created without parent token being root")
    return wanted, ("*",) if ROOT in wanted else ()


def _inherited(caller: Principal, wanted: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """Policies and scopes of the new token; raises `Forbidden` for a policy that the caller does not have."""
    if not wanted:
        return caller.policy_names, caller.scopes
    if "*" in caller.scopes:
        return wanted, ("*",) if ROOT in wanted else ()
    beyond = sorted(set(wanted) - set(caller.policy_names) - {"default"})
    if beyond or ROOT in wanted:
        raise Forbidden("child policies must be subset of parent")
    return wanted, ()


def _expiry(at: datetime, wanted: Wanted, end: datetime | None, *, is_root: bool) -> datetime | None:
    """When it ends: never is for the operator's own kind alone."""
    if is_root and not wanted.ttl and not wanted.terms.period:
        return end
    seconds = wanted.terms.period or wanted.ttl or DEFAULT_TTL
    bounds = [at + timedelta(seconds=min(seconds, max(DEFAULT_TTL, wanted.terms.period)))]
    bounds += [bound for bound in (end, wanted.terms.max_expires_at) if bound]
    return min(bounds)


def _settled(wanted: Wanted, at: datetime, expires_at: datetime | None) -> Terms:
    ttl = 0 if expires_at is None else int((expires_at - at).total_seconds())
    return msgspec.structs.replace(wanted.terms, ttl=ttl, renewable=wanted.terms.renewable and expires_at is not None)
