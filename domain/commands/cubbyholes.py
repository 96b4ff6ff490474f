"""Commands of a token on what it keeps for itself, and the end of that with the token."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

import msgspec

from domain.api_token import LIVING, token_stream
from domain.call import Call
from domain.cubbyhole import MAX_PATH, Cubbyhole, CubbyholeRead, cubbyhole_stream
from domain.cubbyhole_view import CubbyholesView
from domain.errors import Forbidden, Invalid, NotFound, VersionConflict
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Replies, Repository, SealContext, Sealer, Statement
from domain.views import Work

_ITSELF: Final = "trstctl"
"""How the log names the server where nobody asked for what it did."""
_NOWHERE: Final = UUID(int=0)
_TRIES: Final = 16


class CubbyholeCommands:
    """No scope is needed, and none helps: a token has its own, and nobody has another's."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        view: CubbyholesView,
        replies: Replies,
        clock: Clock,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._view = view
        self._replies = replies
        self._clock = clock
        self._entropy = entropy

    async def read(self, call: Call, path: str) -> tuple[Plaintext, int]:
        """What is kept under `path`, which the caller wipes, and the position of the record; raises `NotFound`."""
        entry = await self._view.entry(call.tenant, call.principal.token_id, path)
        if entry is None:
            raise NotFound("there is nothing under this path")
        value = await self._sealer.open(_context(call, path, entry.number), entry.seal_id)
        read = CubbyholeRead(
            originator_id=_NOWHERE,
            originator_version=0,
            timestamp=self._clock(),
            token_id=call.principal.token_id,
            path=path,
            number=entry.number,
        )
        try:
            entry_read = Append(
                tenant=call.tenant, actor=call.principal.actor, request_id=call.request_id, events=[read]
            )
            return value, await self._log.append(entry_read)
        except BaseException:
            value.wipe()
            raise

    async def paths(self, call: Call, prefix: str) -> list[str]:
        """The paths that begin with `prefix`, in order."""
        return await self._view.paths(call.tenant, call.principal.token_id, prefix)

    async def write(self, call: Call, path: str, value: Plaintext) -> int:
        """Keep `value` under `path`, in place of what is there; the position. The last of those at once stands.

        Raises `Invalid` for the path or for too many entries, `Forbidden` if the token has ended by now.
        """
        if not 1 <= len(path) <= MAX_PATH:
            raise Invalid(f"a path has 1 to {MAX_PATH} characters")

        async def written(cubbyhole: Cubbyhole) -> list[Statement]:
            sealed = await self._sealer.seal(_context(call, path, cubbyhole.written + 1), value)
            old = cubbyhole.write(path, sealed.seal_id, sealed.digest, self._clock())
            return [*sealed.statements, *(self._sealer.destroy(call.tenant, [old]) if old else ())]

        for _ in range(_TRIES):
            try:
                async with self._repository.hold(Cubbyhole, _stream(call)) as held:
                    cubbyhole = held or Cubbyhole.begin(call.tenant, call.principal.token_id, self._clock())
                    return await self._append(call, cubbyhole, await written(cubbyhole), unchanged=_living(call))
            except VersionConflict:
                continue  # another node wrote, or the token has ended: then no try helps
        raise Forbidden("the token has ended")

    async def delete(self, call: Call, path: str) -> int:
        """Keep it no longer; the position, or 0 if there is nothing."""
        for _ in range(_TRIES):
            try:
                async with self._repository.hold(Cubbyhole, _stream(call)) as cubbyhole:
                    seal_id = cubbyhole.delete(path, self._clock()) if cubbyhole else None
                    if cubbyhole is None or seal_id is None:
                        return 0
                    return await self._append(call, cubbyhole, self._sealer.destroy(call.tenant, [seal_id]))
            except VersionConflict:
                continue
        raise VersionConflict("this cubbyhole is being changed by many at once; try again")

    async def end(self, work: Work) -> None:
        """Destroy what an ended token kept, as the process manager wants; raises `Conflict` if that is done."""
        async with self._repository.hold(Cubbyhole, cubbyhole_stream(work.tenant, work.ref)) as cubbyhole:
            if cubbyhole is None:
                raise NotFound(f"there is no cubbyhole of {work.ref!r}")
            seal_ids = cubbyhole.end(self._clock())
            await self._log.append(
                Append(
                    tenant=work.tenant,
                    actor=_ITSELF,
                    request_id=self._entropy(8).hex(),
                    events=cubbyhole.collect_events(),  # type: ignore[arg-type]  # the library types them as its own
                    statements=self._sealer.destroy(work.tenant, seal_ids) if seal_ids else (),
                )
            )

    async def _append(
        self, call: Call, cubbyhole: Cubbyhole, statements: Sequence[Statement], unchanged: Mapping[UUID, int] = {}
    ) -> int:
        kept = await self._replies.keep(msgspec.structs.replace(call, success=204), None)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=cubbyhole.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=[*statements, *kept.statements],
                reply=kept.reply,
                unchanged=unchanged,
            )
        )


def _stream(call: Call) -> UUID:
    return cubbyhole_stream(call.tenant, call.principal.token_id)


def _living(call: Call) -> dict[UUID, int]:
    """That the token has not ended: what is written after its end nobody would ever destroy."""
    return {token_stream(call.tenant, call.principal.token_id): LIVING}


def _context(call: Call, path: str, number: int) -> SealContext:
    return SealContext(call.tenant, "cubbyhole", f"{call.principal.token_id}\n{path}", number)
