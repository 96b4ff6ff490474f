"""Commands on wrapped answers: wrap one, take it once, put it into a new wrapping; and the end of what nobody took.

Taken exactly once, whatever comes at once on however many nodes: the use is an event that expects its version of the
wrapping's stream, it destroys the answer's key in the same append, and is in the log before the answer goes out.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Final

import msgspec

from domain.commands.wrapping_refusals import WrappingRefusals
from domain.errors import Gone, NotFound, VersionConflict
from domain.mounts import DEFAULT_TTL
from domain.names import stream_of
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Repository, SealContext, Sealer, Statement
from domain.results import Done
from domain.token_text import WRAPPING_PREFIX, digest_of, token_text, well_formed
from domain.views import Work
from domain.wrapping import OPEN, REWRAP, UNWRAP, Terms, Wrapping
from domain.wrapping_view import WrappingRow, WrappingsView

_ITSELF: Final = "trstctl"
"""How the log names the server where nobody asked for what it did."""


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, as far as is known: `actor` for the log."""

    tenant: str
    actor: str
    request_id: str
    address: str


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be wrapped. The buffer is the caller's to wipe."""

    body: Plaintext
    creation_path: str
    holds: str
    """See `domain.wrapping.Terms`."""


class Wrapped(msgspec.Struct, frozen=True, kw_only=True):
    """A wrapping that was just made. `token` is shown this once."""

    token: str
    wrapping_id: str
    creation_path: str
    holds: str
    ttl_seconds: int
    created_at: datetime

    def __repr__(self) -> str:
        """Without the token."""
        return f"Wrapped({self.wrapping_id})"


class WrappingCommands:
    """`entropy` gives random bytes, of which tokens and ids are made."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        view: WrappingsView,
        clock: Clock,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._view = view
        self._clock = clock
        self._entropy = entropy
        self._refusals = WrappingRefusals(log, clock)

    async def wrap(self, asking: Asking, contents: Contents, ttl_seconds: int) -> Done[Wrapped]:
        """Wrap an answer for so many seconds, 32 days at most."""
        wrapping, made, statements = await self._made(asking, contents, ttl_seconds)
        return Done(made, await self._append(asking, [wrapping], statements))

    async def tenant_of(self, token: str) -> str | None:
        """Whose wrapping a token is of; None if it is of none."""
        row = await self._row(token)
        return row.tenant if row else None

    async def look_up(self, asking: Asking, token: str) -> WrappingRow:
        """What may be told of a wrapping that can still be opened; raises `Gone`."""
        row = await self._row(token)
        if row is None or row.tenant != asking.tenant or row.state != OPEN or row.expires_at <= self._clock():
            raise Gone
        return row

    async def known_as(self, tenant: str, wrapping_id: str) -> WrappingRow | None:
        """What may be told of a wrapping by its id, its accessor, while it can be opened."""
        row = await self._view.by_id(tenant, wrapping_id)
        return row if row and row.state == OPEN and row.expires_at > self._clock() else None

    async def revoke(self, asking: Asking, wrapping_id: str) -> int:
        """Take a wrapping back that nobody has opened, and destroy what is in it; raises `Gone`."""
        async with self._repository.hold(Wrapping, stream_of("wrapping", asking.tenant, wrapping_id)) as held:
            wrapping = self._giving(held)
            wrapping.revoke(self._clock())
            return await self._append(asking, [wrapping], self._sealer.destroy(asking.tenant, [wrapping.seal_id]))

    async def unwrap(self, asking: Asking, token: str) -> Done[Plaintext]:
        """The answer, which the caller wipes; raises `Gone`, and the refusal is in the log."""
        async with self._opening(asking, token, UNWRAP) as (row, wrapping):
            body = await self._opened(row, wrapping)
            try:
                wrapping.use(UNWRAP, asking.address, self._clock())
                return Done(body, await self._append(asking, [wrapping], self._destruction(row, wrapping)))
            except BaseException:
                body.wipe()
                raise

    async def rewrap(self, asking: Asking, token: str) -> Done[Wrapped]:
        """The same answer in a new wrapping, which lives as long as the first was to; raises `Gone`, as `unwrap`."""
        async with self._opening(asking, token, REWRAP) as (row, wrapping):
            with await self._opened(row, wrapping) as body:
                contents = Contents(body=body, creation_path=row.creation_path, holds=row.holds)
                anew, made, statements = await self._made(asking, contents, row.ttl_seconds)
            wrapping.use(REWRAP, asking.address, self._clock())
            destruction = self._destruction(row, wrapping)
            return Done(made, await self._append(asking, [wrapping, anew], [*destruction, *statements]))

    async def expire(self, work: Work) -> None:
        """End a wrapping whose time is over, as the process manager wants; raises `Conflict` if it has ended."""
        async with self._repository.hold(Wrapping, stream_of("wrapping", work.tenant, work.ref)) as wrapping:
            if wrapping is None:
                raise NotFound(f"there is no wrapping {work.ref!r}")
            wrapping.expire(self._clock())
            asking = Asking(tenant=work.tenant, actor=_ITSELF, request_id=self._entropy(8).hex(), address="")
            await self._append(asking, [wrapping], self._sealer.destroy(work.tenant, [wrapping.seal_id]))

    async def _made(
        self, asking: Asking, contents: Contents, ttl_seconds: int
    ) -> tuple[Wrapping, Wrapped, Sequence[Statement]]:
        at, ttl = self._clock(), min(max(ttl_seconds, 1), DEFAULT_TTL)
        wrapping_id = f"wrp_{int(at.timestamp() * 1000):012x}{self._entropy(6).hex()}"
        token = token_text(self._entropy(32), WRAPPING_PREFIX)
        sealed = await self._sealer.seal(_context(asking.tenant, wrapping_id), contents.body)
        terms = Terms(
            wrapping_id=wrapping_id,
            hash=digest_of(token),
            creation_path=contents.creation_path,
            holds=contents.holds,
            ttl_seconds=ttl,
            expires_at=at + timedelta(seconds=ttl),
            seal_id=sealed.seal_id,
            seal_digest=sealed.digest,
        )
        made = Wrapped(
            token=token, wrapping_id=wrapping_id, creation_path=terms.creation_path, holds=terms.holds,
            ttl_seconds=ttl, created_at=at,
        )  # fmt: skip
        return Wrapping.create(asking.tenant, terms, at), made, sealed.statements

    async def _row(self, token: str) -> WrappingRow | None:
        return await self._view.by_hash(digest_of(token)) if well_formed(token, WRAPPING_PREFIX) else None

    @asynccontextmanager
    async def _opening(self, asking: Asking, token: str, how: str) -> AsyncIterator[tuple[WrappingRow, Wrapping]]:
        """The wrapping, alone in this process; whoever is refused is so in the log before it is told."""
        row = await self._row(token)
        if row is None or row.tenant != asking.tenant:
            await self._refusals.unknown(asking.tenant, asking.actor, asking.request_id, asking.address, how)
            raise Gone
        try:
            stream = stream_of("wrapping", row.tenant, row.wrapping_id)
            async with self._repository.hold(Wrapping, stream) as wrapping:
                yield row, self._giving(wrapping)
        except (Gone, VersionConflict):  # taken before, or by another node in this moment
            await self._refusals.known(
                asking.tenant, asking.actor, asking.request_id, asking.address, how, row.wrapping_id
            )
            raise Gone from None

    def _giving(self, wrapping: Wrapping | None) -> Wrapping:
        if wrapping is None:
            raise Gone
        wrapping.must_give(self._clock())
        return wrapping

    async def _opened(self, row: WrappingRow, wrapping: Wrapping) -> Plaintext:
        try:
            return await self._sealer.open(_context(row.tenant, row.wrapping_id), wrapping.seal_id)
        except NotFound:  # another node gave it just now
            raise Gone from None

    def _destruction(self, row: WrappingRow, wrapping: Wrapping) -> Sequence[Statement]:
        return self._sealer.destroy(row.tenant, [wrapping.seal_id])

    async def _append(self, asking: Asking, changed: Sequence[Wrapping], statements: Sequence[Statement]) -> int:
        events = [event for each in changed for event in each.collect_events()]
        return await self._log.append(
            Append(
                tenant=asking.tenant,
                actor=asking.actor,
                request_id=asking.request_id,
                events=events,  # type: ignore[arg-type]  # the library types them as its own base
                statements=statements,
            )
        )


def _context(tenant: str, wrapping_id: str) -> SealContext:
    return SealContext(tenant, "wrapping", wrapping_id, 1)
