"""How a lane claims what is due: many pieces in one append, and one by one where another node was quicker."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Final
from uuid import UUID

import msgspec

from adapters.fail_points import reached
from adapters.outbox_hands import Hands, Pace
from domain.errors import NotFound, VersionConflict
from domain.ports import Append
from domain.undertaking import Begun
from domain.views import Work

_MOST: Final = 16
"""Most that is claimed in one go: so long are others kept waiting by one append of ours."""
_QUICK: Final = timedelta(seconds=1)
"""A lane that needs more within this time claims twice as much the next time."""
_SPREAD: Final = 4
"""How many times more to look at than is claimed, while other nodes claim too: then they seldom want the same."""


class Claims:
    """Claims of one destination's work for this node."""

    def __init__(self, destination: str, hands: Hands, pace: Pace) -> None:
        self._destination = destination
        self._hands = hands
        self._pace = pace
        self._most = 0
        self._taken_at: datetime | None = None
        self._are_others = True

    async def take(self, busy: Collection[UUID]) -> tuple[list[Begun], bool]:
        """Some of what is due and not `busy`; and whether there was anything to claim."""
        most, spread = self._grown(), _SPREAD if self._are_others else 1
        due = await self._hands.view.due(self._destination, self._hands.clock(), spread * most + len(busy))
        free = [work for work in due if work.stream not in busy]
        if not free:
            return [], False
        blocks = [free[start : start + most] for start in range(0, len(free), most)]
        wanted = blocks[min(int(self._hands.chance() * len(blocks)), len(blocks) - 1)]
        self._are_others = False
        found = await asyncio.gather(*(self._claimed_together(group) for group in _groups(wanted)))
        return list(chain.from_iterable(found)), True

    def _grown(self) -> int:
        """How much to claim. Little for a lane that is slow: what it holds, no other node can begin."""
        now, least = self._hands.clock(), 2 * self._pace.at_once
        is_quick = self._taken_at is not None and now - self._taken_at < _QUICK
        self._most = max(least, min(2 * self._most, _MOST)) if is_quick else least
        self._taken_at = now
        return self._most

    async def _claimed_together(self, group: Sequence[Work]) -> Sequence[Begun]:
        batched = self._hands.batched.get(group[0].kind)
        if batched and len(group) > 1:
            try:
                begun = await batched.begin_all([self._intent(work) for work in group])
            except (VersionConflict, NotFound):
                self._are_others = True
            else:
                reached("outbox.claimed")
                return begun
        claimed = await asyncio.gather(*(self._claimed(work) for work in group))
        return [Begun(work) for work in claimed if work]

    async def _claimed(self, work: Work) -> Work | None:
        if work.kind in self._hands.inside:
            return msgspec.structs.replace(work, attempts=work.attempts + 1)
        effect = self._hands.batched.get(work.kind) or self._hands.effects.get(work.kind)
        claimed, intent = self._intent(work)
        try:
            await (effect.begin(work, intent) if effect else self._hands.attempts.append(intent))
        except (VersionConflict, NotFound):
            self._are_others = True
            return None
        reached("outbox.claimed")
        return claimed

    def _intent(self, work: Work) -> tuple[Work, Append]:
        return self._hands.attempts.intent(work, self._pace.claim_seconds)


def _groups(works: Sequence[Work]) -> list[list[Work]]:
    """What may share an append."""
    groups: dict[tuple[str, str], list[Work]] = {}
    for work in works:
        groups.setdefault((work.kind, work.tenant), []).append(work)
    return list(groups.values())
