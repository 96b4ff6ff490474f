"""What every lane of a node works with: who does which kind of work, and how much of it at once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from adapters.outbox_attempts import Attempts
from domain.ports import Append, Clock
from domain.process import RetryPolicy
from domain.undertaking import Begun
from domain.views import DueWorkView, Work

Inside = Callable[[Work], Awaitable[None]]
"""Does work that touches nothing but the log: the event it appends is the whole of it, and needs no intent before."""


class Effect(Protocol):
    """Does work of one kind that touches something outside the log."""

    async def begin(self, work: Work, intent: Append) -> None:
        """Append the intent, with what the aggregate adds to it; raises `VersionConflict` if another node has it."""
        ...

    async def carry_out(self, work: Work) -> None:
        """Do it, look that it is done, and append the outcome that discharges it; raises what went wrong."""
        ...


class Batched(Protocol):
    """Does work of one kind outside the log, and records many intents, or many outcomes, in one append.

    Each is of one tenant. What fails for several is repeated for each by itself.
    """

    async def begin(self, work: Work, intent: Append) -> None:
        """As an `Effect` does."""
        ...

    async def begin_all(self, claims: Sequence[tuple[Work, Append]]) -> Sequence[Begun]:
        """`begin` each, all or none; raises `VersionConflict` or `NotFound`, and then none is."""
        ...

    def together(self, work: Work) -> int:
        """How many pieces such as this one are done for little more than the price of one; 1 if each has its own."""
        ...

    async def do_all(self, begun: Sequence[Begun]) -> None:
        """Do them, and look that they are done; raises what went wrong, and then how many are done is open."""
        ...

    async def record_all(self, done: Sequence[Begun]) -> None:
        """Append the outcomes that discharge them, all or none."""
        ...


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How a lane goes about it."""

    at_once: int = 8
    """Most attempts under way at once. What a backend ends together with others is one attempt with them."""
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
    batched: Mapping[str, Batched] = {}
    told: Callable[[str, str], None]
