"""Refused unwraps in the log: each of a wrapping that there was; of what never was a token, those of a minute in one.

So whoever guesses fills neither the log nor the disk, and is seen all the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from domain.ports import Append, Clock, EventLog
from domain.wrapping import WrappingRefused

WINDOW: Final = timedelta(minutes=1)
_NOWHERE: Final = UUID(int=0)


class WrappingRefusals:
    """Of this node."""

    def __init__(self, log: EventLog, clock: Clock) -> None:
        self._log = log
        self._clock = clock
        self._told: dict[str, datetime] = {}
        self._untold: dict[str, int] = {}

    async def known(self, tenant: str, actor: str, request_id: str, address: str, how: str, wrapping_id: str) -> None:
        """Somebody has the token of an answer that is gone."""
        await self._tell(tenant, actor, request_id, address, how, wrapping_id, 1)

    async def unknown(self, tenant: str, actor: str, request_id: str, address: str, how: str) -> None:
        """Somebody has what is no token: told at once, then once a minute, each time with how many there were."""
        at, told = self._clock(), self._told.get(tenant)
        self._untold[tenant] = self._untold.get(tenant, 0) + 1
        if told and told <= at < told + WINDOW:
            return
        self._told[tenant] = at
        await self._tell(tenant, actor, request_id, address, how, "", self._untold.pop(tenant))

    async def _tell(
        self, tenant: str, actor: str, request_id: str, address: str, how: str, wrapping_id: str, number: int
    ) -> None:
        event = WrappingRefused(
            originator_id=_NOWHERE,
            originator_version=0,
            timestamp=self._clock(),
            wrapping_id=wrapping_id,
            how=how,
            address=address,
            number=number,
        )
        await self._log.append(Append(tenant=tenant, actor=actor, request_id=request_id, events=[event]))
