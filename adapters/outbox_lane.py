"""One destination's work: so many at a time, and none for a while after the destination could not be reached."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from adapters.fail_points import reached
from adapters.outbox_attempts import means_unreachable
from adapters.outbox_claims import Claims
from adapters.outbox_hands import Hands, Pace
from adapters.outbox_outcomes import Outcomes
from domain.backends import BackendUnavailable, UnknownDestination
from domain.errors import Conflict, NotFound, VersionConflict
from domain.undertaking import Begun
from domain.views import Work

_TRIES: Final = 3
"""How often a lane looks for work anew when other nodes took all it wanted."""
_UNRECORDED: Final = 128
"""With so many outcomes still to be recorded, nothing more is begun."""
_log = logging.getLogger("trstctl.outbox")


class Lane:
    """The work of one destination on this node."""

    def __init__(self, destination: str, hands: Hands, pace: Pace) -> None:
        self._destination = destination
        self._hands = hands
        self._pace = pace
        self._claims = Claims(destination, hands, pace)
        self._outcomes = Outcomes(hands, self._recorded)
        self._taken: deque[Begun] = deque()
        self._busy: set[UUID] = set()
        self._working = 0
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unreachable = 0
        self._rests_until: datetime | None = None

    def wake(self) -> None:
        """Begin, or look again, unless it is resting."""
        if self._rests():
            return
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def settled(self) -> None:
        """Wait until nothing is under way."""
        if self._task:
            await asyncio.wait([self._task])

    async def stop(self) -> None:
        """Leave everything where it is: what was claimed comes due again when the claim ends."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _rests(self) -> bool:
        return self._rests_until is not None and self._hands.clock() < self._rests_until

    async def _run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                while self._changed.is_set():
                    self._changed.clear()
                    await self._keep_busy(group)
                    if self._busy:
                        await self._changed.wait()
        except Exception as error:  # noqa: BLE001 - such as a store that is away: logged whole, and tried at the next tick
            _log.exception("work could not be looked for", exc_info=error, extra={"destination": self._destination})
        finally:
            self._task = None
            self._drop()

    async def _keep_busy(self, group: asyncio.TaskGroup) -> None:
        """Have as much under way as may be, and as much again claimed: then nobody waits for a claim."""
        for _ in range(_TRIES):
            self._employ(group)
            if len(self._taken) >= self._pace.at_once or self._has_enough() or not await self._take():
                return
        self._employ(group)

    def _employ(self, group: asyncio.TaskGroup) -> None:
        for _ in range(min(len(self._taken), self._pace.at_once - self._working)):
            self._working += 1
            group.create_task(self._work(group))

    def _has_enough(self) -> bool:
        return self._rests() or len(self._outcomes) >= _UNRECORDED

    async def _take(self) -> bool:
        """Claim some of what is due; whether there was anything to claim."""
        claimed, was_any = await self._claims.take(self._busy.copy())
        if not self._rests():
            self._taken.extend(claimed)
            self._busy.update(begun.work.stream for begun in claimed)
        return was_any

    def _drop(self) -> None:
        """Leave what is claimed and not begun: it comes round when the claim ends."""
        self._let_go(self._taken)
        self._taken.clear()

    def _let_go(self, begun: Iterable[Begun]) -> None:
        self._busy.difference_update(each.work.stream for each in begun)
        self._changed.set()

    async def _work(self, group: asyncio.TaskGroup) -> None:
        try:
            while self._taken:
                some = self._next()
                self._changed.set()
                await self._do(some, group)
        finally:
            self._working -= 1

    def _next(self) -> list[Begun]:
        """One, or as many as are done together."""
        some = [self._taken.popleft()]
        batched = self._hands.batched.get(some[0].work.kind)
        most = batched.together(some[0].work) if batched and not some[0].alone else 1
        while self._taken and len(some) < most and _fits(some[0], self._taken[0]):
            some.append(self._taken.popleft())
        return some

    async def _do(self, some: Sequence[Begun], group: asyncio.TaskGroup) -> None:
        if some[0].work.kind not in self._hands.inside and any(self._is_late(each.work) for each in some):
            self._let_go(some)
            return
        try:
            async with asyncio.timeout(self._pace.seconds):
                await self._carried_out(some)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is recorded, and the work stays due
            await self._failed_together(some, error)
        else:
            self._unreachable = 0
            await self._succeeded(some, group)

    def _is_late(self, work: Work) -> bool:
        """Whether the claim might end before the attempt does: then another node may begin it, and this one may not."""
        return self._hands.clock() + timedelta(seconds=self._pace.seconds) > work.due_at

    async def _carried_out(self, some: Sequence[Begun]) -> None:
        work = some[0].work
        if inside := self._hands.inside.get(work.kind):
            await inside(work)
        elif batched := self._hands.batched.get(work.kind):
            await batched.do_all(some)
        elif effect := self._hands.effects.get(work.kind):
            await effect.carry_out(work)
        else:
            raise UnknownDestination(f"this version knows nothing of work of the kind {work.kind!r}; use the newer one")

    async def _succeeded(self, some: Sequence[Begun], group: asyncio.TaskGroup) -> None:
        if some[0].work.kind in self._hands.batched:
            self._outcomes.add(some, group)
            return
        for each in some:
            await self._recorded(each, None)

    async def _recorded(self, begun: Begun, error: Exception | None) -> None:
        try:
            if error:
                await self._failed(begun.work, error)
            else:
                reached("outbox.done")
                self._hands.told(begun.work.kind, "done")
        finally:
            self._let_go([begun])

    async def _failed_together(self, some: Sequence[Begun], error: Exception) -> None:
        """What failed for several may have failed for one of them: from here on each is by itself."""
        if len(some) > 1 and not self._rests():
            self._taken.extendleft(each._replace(alone=True) for each in reversed(some))
            self._changed.set()
            return
        for each in some:
            await self._recorded(each, _shown(error))

    async def _failed(self, work: Work, error: Exception) -> None:
        if isinstance(error, Conflict | NotFound) and not await self._is_still_due(work):
            return
        _log.warning("an attempt failed", exc_info=error, extra={"kind": work.kind, "ref": work.ref})
        self._hands.told(work.kind, "failed")
        if means_unreachable(error):
            self._rest()
        with suppress(VersionConflict):  # another node has it by now, or a person decided: theirs stands
            await self._hands.attempts.failed(work, error)
        reached("outbox.failed")

    async def _is_still_due(self, work: Work) -> bool:
        now = await self._hands.view.of(work.tenant, work.kind, work.ref)
        return now is not None and now.stream == work.stream

    def _rest(self) -> None:
        if self._rests():
            return  # attempts that were under way together say the same
        self._unreachable += 1
        pause = self._hands.policy.pause(self._unreachable, self._hands.chance())
        self._rests_until = self._hands.clock() + pause
        self._drop()


def _fits(one: Begun, other: Begun) -> bool:
    return one.work.kind == other.work.kind and one.work.tenant == other.work.tenant and not other.alone


def _shown(error: Exception) -> Exception:
    if isinstance(error, TimeoutError):
        return BackendUnavailable("the attempt took longer than it may; whether it had its effect is open")
    return error
