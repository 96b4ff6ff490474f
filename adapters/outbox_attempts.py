"""How attempts are recorded: the intent, which is also the claim, and what failed."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

import msgspec

from domain.backends import BackendError, NotYet, UnknownDestination
from domain.delivery import DeliveryAttempted, DeliveryFailed, DeliveryParked
from domain.errors import TrstctlError
from domain.event import Event
from domain.ports import Append, Clock, EventLog
from domain.process import RetryPolicy
from domain.views import Work

_log = logging.getLogger("trstctl.outbox")
_DETAIL: Final = 500
"""Longest text of a failure in the log, in characters."""


class Attempts:
    """What one node records. `chance` gives numbers from 0 to 1."""

    def __init__(
        self, log: EventLog, clock: Clock, node: str, policy: RetryPolicy, chance: Callable[[], float]
    ) -> None:
        self._log = log
        self._clock = clock
        self._node = node
        self._policy = policy
        self._chance = chance

    def intent(self, work: Work, claim_seconds: float) -> tuple[Work, Append]:
        """The work as it is once the intent is appended, and the append of the intent."""
        at = self._clock()
        until = at + timedelta(seconds=claim_seconds)
        event = DeliveryAttempted(
            originator_id=work.stream,
            originator_version=work.version + 1,
            timestamp=at,
            kind=work.kind,
            ref=work.ref,
            destination=work.destination,
            number=work.attempts + 1,
            node=self._node,
            until=until,
        )
        claimed = msgspec.structs.replace(work, version=work.version + 1, attempts=work.attempts + 1, due_at=until)
        return claimed, self._entry(work, [event])

    async def append(self, intent: Append) -> None:
        """Append an intent that no aggregate adds to; raises `VersionConflict` if another node has the work."""
        await self._log.append(intent)

    async def failed(self, work: Work, error: Exception) -> None:
        """Record that the attempt failed, and when the next one is; a person is told of what fails too often."""
        await self._log.append(self._entry(work, [self._failure(work, error)]))

    def _failure(self, work: Work, error: Exception) -> DeliveryFailed | DeliveryParked:
        at = self._clock()
        retry_at, parked = at + self._policy.pause(work.attempts, self._chance()), False
        if isinstance(error, NotYet):
            retry_at = max(error.until, at)
        elif work.needs_attention or isinstance(error, UnknownDestination) or self._policy.is_hopeless(work.attempts):
            retry_at, parked = at + timedelta(seconds=self._policy.parked), True
        code, detail = _told(error)
        if parked:
            known = {"kind": work.kind, "ref": work.ref, "destination": work.destination, "tenant": work.tenant}
            _log.error("work needs a person", extra={**known, "error": code, "detail": detail, "id": str(work.stream)})
        return (DeliveryParked if parked else DeliveryFailed)(
            originator_id=work.stream,
            originator_version=work.version + 1,
            timestamp=at,
            kind=work.kind,
            ref=work.ref,
            number=work.attempts,
            error=code,
            detail=detail,
            retry_at=retry_at,
        )

    def _entry(self, work: Work, events: Sequence[Event]) -> Append:
        return Append(
            tenant=work.tenant, actor=f"trstctl#{self._node}", request_id=os.urandom(8).hex(), events=list(events)
        )


def _told(error: Exception) -> tuple[str, str]:
    """Code and text for the log. The text of an error that is not ours might hold anything, so it is left out."""
    if isinstance(error, TrstctlError):
        return error.code, error.message[:_DETAIL].replace("\n", " ")
    return type(error).__name__, "an unexpected error; the server's log has it"


def means_unreachable(error: Exception) -> bool:
    """Whether the destination as a whole seems to be down, so that the rest of its work had better wait as well."""
    return isinstance(error, BackendError) and error.code == "backend-unavailable"
