"""One destination's work: so many at a time, and none for a while after the destination could not be reached."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

import msgspec

from adapters.fail_points import reached
from adapters.outbox_attempts import Attempts, means_unreachable
from domain.backends import BackendUnavailable, UnknownDestination
from domain.errors import Conflict, NotFound, VersionConflict
from domain.ports import Append, Clock
from domain.process import RetryPolicy
from domain.views import DueWorkView, Work

Inside = Callable[[Work], Awaitable[None]]
"""Does work that touches nothing but the log: the event it appends is the whole of it, and needs no intent before."""
_TRIES: Final = 3
"""How often a lane looks for work anew when other nodes took all it wanted."""
_log = logging.getLogger("trstctl.outbox")


class Effect(Protocol):
    """Does work of one kind that touches something outside the log."""

    async def begin(self, work: Work, intent: Append) -> None:
        """Append the intent, with what the aggregate adds to it; raises `VersionConflict` if another node has it."""
        ...

    async def carry_out(self, work: Work) -> None:
        """Do it, look that it is done, and append the outcome that discharges it; raises what went wrong."""
        ...


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How a lane goes about it."""

    at_once: int = 8
    """Most pieces of work under way at once."""
    seconds: float = 60.0
    """Longest that one attempt may take."""

    @property
    def claim_seconds(self) -> float:
        """How long work is a node's own: it may wait for others of the same claim before it is begun."""
        return 3 * self.seconds


class Hands(msgspec.Struct, frozen=True, kw_only=True):
    """What every lane of a node works with. `told` hears each attempt's kind and outcome; `chance` gives 0 to 1."""

    view: DueWorkView
    attempts: Attempts
    clock: Clock
    policy: RetryPolicy
    chance: Callable[[], float]
    inside: Mapping[str, Inside]
    effects: Mapping[str, Effect]
    told: Callable[[str, str], None]


class Lane:
    """The work of one destination on this node."""

    def __init__(self, destination: str, hands: Hands, pace: Pace) -> None:
        self._destination = destination
        self._hands = hands
        self._pace = pace
        self._taken: deque[Work] = deque()
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
            if len(self._taken) >= self._pace.at_once or self._rests() or not await self._take():
                return
            for _ in range(min(len(self._taken), self._pace.at_once - self._working)):
                self._working += 1
                group.create_task(self._work())

    async def _work(self) -> None:
        try:
            while self._taken:
                await self._attended(self._taken.popleft())
        finally:
            self._working -= 1

    async def _attended(self, work: Work) -> None:
        try:
            await self._do(work)
        finally:
            self._busy.discard(work.stream)
            self._changed.set()

    async def _take(self) -> bool:
        """Claim some of what is due; whether there was anything to claim."""
        most, busy = 2 * self._pace.at_once, self._busy.copy()
        due = await self._hands.view.due(self._destination, self._hands.clock(), 4 * most + len(busy))
        free = sorted((work for work in due if work.stream not in busy), key=lambda _: self._hands.chance())
        claimed = await asyncio.gather(*(self._claimed(work) for work in free[:most]))
        if not self._rests():
            self._taken.extend(work for work in claimed if work)
            self._busy.update(work.stream for work in claimed if work)
        return bool(free)

    def _drop(self) -> None:
        """Leave what is claimed and not begun: it comes round when the claim ends."""
        self._busy.difference_update(work.stream for work in self._taken)
        self._taken.clear()

    async def _claimed(self, work: Work) -> Work | None:
        if work.kind in self._hands.inside:
            return msgspec.structs.replace(work, attempts=work.attempts + 1)
        effect = self._hands.effects.get(work.kind)
        claimed, intent = self._hands.attempts.intent(work, self._pace.claim_seconds)
        try:
            await (effect.begin(work, intent) if effect else self._hands.attempts.append(intent))
        except (VersionConflict, NotFound):
            return None
        reached("outbox.claimed")
        return claimed

    async def _do(self, work: Work) -> None:
        if work.kind not in self._hands.inside and self._is_late(work):
            return
        try:
            async with asyncio.timeout(self._pace.seconds):
                await self._carried_out(work)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is recorded, and the work stays due
            await self._failed(work, _shown(error))
        else:
            reached("outbox.done")
            self._unreachable = 0
            self._hands.told(work.kind, "done")

    def _is_late(self, work: Work) -> bool:
        """Whether the claim might end before the attempt does: then another node may begin it, and this one may not."""
        return self._hands.clock() + timedelta(seconds=self._pace.seconds) > work.due_at

    async def _carried_out(self, work: Work) -> None:
        if inside := self._hands.inside.get(work.kind):
            await inside(work)
        elif effect := self._hands.effects.get(work.kind):
            await effect.carry_out(work)
        else:
            raise UnknownDestination(f"this version knows nothing of work of the kind {work.kind!r}; use the newer one")

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


def _shown(error: Exception) -> Exception:
    if isinstance(error, TimeoutError):
        return BackendUnavailable("the attempt took longer than it may; whether it had its effect is open")
    return error
