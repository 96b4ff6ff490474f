"""Commands on API tokens: issue, list, and telling who shows one. How they end is in `domain.commands.token_ends`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import msgspec

from domain.api_token import LIVING, MAX_GENERATIONS, ApiToken, token_stream
from domain.call import Call, Policies, Principal
from domain.commands.token_life import TokenLife
from domain.errors import Forbidden, Invalid, Unauthenticated, VersionConflict
from domain.ports import Append, Clock, EventLog, Replies
from domain.results import Done
from domain.scopes import covers, parsed
from domain.token_text import digest_of, token_text, well_formed
from domain.views import TokenRow, TokensView

MAX_TTL: Final = 10 * 366 * 24 * 3600
"""Longest life of a token that expires, in seconds."""
_MOST_SEEN: Final = 10_000
_REFUSED: Final = "the token is missing, unknown, expired or revoked; send a good one as 'Authorization: Bearer trst_…'"


class TokenMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A token as told to its tenant. `token` is there once, in the answer to its issue."""

    id: str
    subject: str
    scopes: list[str]
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revocation_reason: str | None = None
    parent: str | None = None
    token: str | msgspec.UnsetType = msgspec.UNSET
    replayed: bool | msgspec.UnsetType = msgspec.UNSET


def meta_of(row: TokenRow) -> TokenMeta:
    """What may be told of a token."""
    return TokenMeta(
        id=row.token_id,
        subject=row.subject,
        scopes=list(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
        revocation_reason=row.reason,
        parent=row.parent,
    )


class PolicyBook(Protocol):
    """Policies by name, compiled."""

    async def compiled(self, tenant: str, generation: int, names: Sequence[str]) -> Policies:
        """What the tenant's policies of these names allow together, as of its `generation`."""
        ...


class TokenCommands:
    """`entropy` gives random bytes, of which a token is 32; `max_ephemeral_ttl` is in seconds."""

    def __init__(
        self,
        log: EventLog,
        view: TokensView,
        replies: Replies,
        clock: Clock,
        entropy: Callable[[int], bytes],
        max_ephemeral_ttl: int,
        life: TokenLife,
        book: PolicyBook,
    ) -> None:
        self._seen: set[str] = set()
        self._life = life
        self._book = book
        self._log = log
        self._view = view
        self._replies = replies
        self._clock = clock
        self._entropy = entropy
        self._max_ephemeral_ttl = max_ephemeral_ttl

    async def authenticate(self, text: str, address: str = "") -> Principal:
        """Whose token this is, looked up anew each time, so that a revocation holds at once; it comes from `address`.

        Raises `Unauthenticated`, `Forbidden` for an address that the token may not be used from.
        """
        digest = digest_of(text)
        if digest not in self._seen and not well_formed(text):
            raise Unauthenticated(_REFUSED)
        row = await self._view.by_hash(digest)
        if row is None or row.revoked_at or (row.expires_at and row.expires_at <= self._clock()):
            raise Unauthenticated(_REFUSED)
        self._note(digest)
        principal = Principal(
            tenant=row.tenant,
            subject=row.subject,
            scopes=row.scopes,
            token_id=row.token_id,
            expires_at=row.expires_at,
            generation=row.generation,
        )
        return principal if row.terms is None else await self._with_policies(principal, row, address)

    def _note(self, digest: str) -> None:
        """The form of this one need not be looked at again."""
        if len(self._seen) >= _MOST_SEEN:
            self._seen.clear()
        self._seen.add(digest)

    async def _with_policies(self, principal: Principal, row: TokenRow, address: str) -> Principal:
        await self._life.use(row, address)
        if not row.policies or "*" in row.scopes:
            return msgspec.structs.replace(principal, policy_names=row.policies)
        book = await self._book.compiled(row.tenant, row.generation, row.policies)
        return msgspec.structs.replace(principal, policies=book, policy_names=row.policies)

    async def issue(
        self, call: Call, subject: str, scopes: Sequence[str], ttl_seconds: int | None = None
    ) -> Done[TokenMeta]:
        """A new token, shown this once. Raises `Forbidden` for scopes, or a life, beyond the caller's own."""
        call.require("access:write")
        wanted = parsed(scopes)
        if not covers(call.principal.scopes, wanted):
            raise Forbidden("a token may only be given scopes that yours has")
        lineage = await self._lineage(call.principal)
        at = self._clock()
        expires_at = self._expiry(call, at, ttl_seconds)
        text = token_text(self._entropy(32))
        token_id = f"tok_{self._entropy(8).hex()}"
        token = ApiToken.issue(
            call.tenant,
            token_id=token_id,
            subject=subject,
            scopes=list(wanted),
            expires_at=expires_at,
            parent=call.principal.token_id or None,
            digest=digest_of(text),
            at=at,
        )
        meta = TokenMeta(
            id=token_id,
            subject=subject,
            scopes=list(wanted),
            created_at=at,
            expires_at=expires_at,
            parent=call.principal.token_id or None,
        )
        position = await self._append(call, token, lineage, msgspec.structs.replace(meta, replayed=True))
        return Done(msgspec.structs.replace(meta, token=text), position)

    async def issue_ephemeral(
        self, call: Call, subject: str | None, scopes: Sequence[str], ttl_seconds: int
    ) -> Done[TokenMeta]:
        """A token that lives for a bounded time and no longer, for the caller's own subject if none is given."""
        if ttl_seconds > self._max_ephemeral_ttl:
            raise Invalid(
                f"ttl_seconds: an ephemeral key lives at most {self._max_ephemeral_ttl} seconds here; ask for less, or"
                " have access.max_ephemeral_ttl_seconds raised"
            )
        whom = call.principal.subject if subject is None else subject
        return await self.issue(call, whom, scopes, ttl_seconds)

    async def _lineage(self, caller: Principal) -> Sequence[TokenRow]:
        """The caller's token and what it descends from; nothing for the operator, who has none."""
        if not caller.token_id:
            return ()
        lineage = await self._view.lineage(caller.tenant, caller.token_id)
        if not lineage or any(row.revoked_at for row in lineage):
            raise Unauthenticated(_REFUSED)
        if len(lineage) >= MAX_GENERATIONS:
            raise Forbidden(f"a token {MAX_GENERATIONS} generations from the operator's mints no further ones")
        return lineage

    @staticmethod
    def _expiry(call: Call, at: datetime, ttl_seconds: int | None) -> datetime | None:
        own = call.principal.expires_at
        if ttl_seconds is None:
            return own
        if not 1 <= ttl_seconds <= MAX_TTL:
            raise Invalid(f"ttl_seconds is 1 to {MAX_TTL}; leave it out for a token that lives as long as yours")
        expires_at = at + timedelta(seconds=ttl_seconds)
        if own and expires_at > own:
            raise Forbidden(f"a token may not outlive yours, which expires at {own.isoformat()}")
        return expires_at

    async def _append(self, call: Call, token: ApiToken, lineage: Sequence[TokenRow], result: object) -> int:
        """Append, unless one of `lineage` has ended by now: a token must not outlive what it descends from."""
        kept = await self._replies.keep(call, result)
        entry = Append(
            tenant=call.tenant,
            actor=call.principal.actor,
            request_id=call.request_id,
            events=token.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
            statements=kept.statements,
            reply=kept.reply,
            unchanged={token_stream(row.tenant, row.token_id): LIVING for row in lineage},
        )
        try:
            return await self._log.append(entry)
        except VersionConflict as error:
            raise Unauthenticated(_REFUSED) from error

    async def page(
        self, call: Call, subject: str | None, cursor: str, limit: int, *, include_revoked: bool
    ) -> list[TokenMeta]:
        """The tenant's tokens in order of id, after `cursor`."""
        call.require("access:read")
        rows = await self._view.page(call.tenant, subject, cursor, limit, include_revoked=include_revoked)
        return [meta_of(row) for row in rows]
