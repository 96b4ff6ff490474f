"""Refused logins in the log: the first of a minute at once, the others of that minute counted, in one event.

So whoever hammers on a mount fills neither the log nor the disk, and is seen all the same. Between two events the count
is in memory: a node that is killed forgets at most a minute of it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.logins.outcome import LoginRefused, NotLoggedIn
from domain.logins.place import Place
from domain.ports import Append, Clock, EventLog

ANYBODY: Final = "anybody"
"""How the log names who did not log in."""
WINDOW: Final = timedelta(minutes=1)
_NOWHERE: Final = UUID(int=0)


@dataclass
class _Counted:
    place: Place
    reason: str
    since: datetime
    number: int = 0
    role: str = ""
    address: str = ""
    request_id: str = ""


class Refusals:
    """Of this node."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._counted: dict[tuple[str, str, str], _Counted] = {}
        self._flushing = asyncio.Lock()

    async def add(self, place: Place, refusal: NotLoggedIn, address: str, request_id: str) -> None:
        """Record it. The first of its kind is in the log when this returns."""
        await self.flush()
        key = (place.tenant, place.accessor, refusal.reason)
        counted = self._counted.get(key)
        first = counted is None
        if counted is None:
            counted = self._counted[key] = _Counted(place, refusal.reason, self._clock())
        counted.number += 1
        counted.role, counted.address, counted.request_id = refusal.role, address, request_id
        if first:
            await self._tell(counted)

    async def flush(self, *, everything: bool = False) -> None:
        """Tell what was counted in minutes that are over, or all of it: before the node stops."""
        end = self._clock() - WINDOW
        async with self._flushing:
            over = [key for key, counted in self._counted.items() if everything or counted.since <= end]
            for key in over:
                counted = self._counted.pop(key)
                if counted.number:
                    await self._tell(counted)

    async def _tell(self, counted: _Counted) -> None:
        event = LoginRefused(
            originator_id=_NOWHERE,
            originator_version=0,
            timestamp=self._clock(),
            mount=counted.place.path,
            method=counted.place.method,
            role=counted.role,
            reason=counted.reason,
            number=counted.number,
            address=counted.address,
        )
        counted.number = 0
        await self._log.append(
            Append(tenant=counted.place.tenant, actor=ANYBODY, request_id=counted.request_id, events=[event])
        )
