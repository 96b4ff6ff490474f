"""The process manager's rules: which event obliges us to what, and when. Events and the clock in, intents out.

`projections.due_work` keeps what `changes` says; `adapters.outbox` looks by the clock what has come due, and does it.
A rule for a further event is a function here and a line in `_RULES`; who carries it out is named in
`cli.server.processing`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from domain.api_token import ApiTokenIssued, ApiTokenRevoked
from domain.event import Event


class Due(msgspec.Struct, frozen=True):
    """From `at` on, `kind` is to be done about `ref`; it replaces what was due before of that kind about it."""

    kind: str
    ref: str
    at: datetime
    destination: str = ""
    """Whose own queue, time limits and pauses it has: a backend's name. Empty: nothing outside the log is touched."""


class Discharged(msgspec.Struct, frozen=True):
    """Nothing of `kind` is to be done about `ref` any more."""

    kind: str
    ref: str


Change = Due | Discharged

EXPIRE_TOKEN: Final = "api_token.expire"  # noqa: S105 - a kind of work


def _token_issued(event: ApiTokenIssued) -> Iterable[Change]:
    if event.expires_at:
        yield Due(EXPIRE_TOKEN, event.token_id, event.expires_at)


def _token_revoked(event: ApiTokenRevoked) -> Iterable[Change]:
    yield Discharged(EXPIRE_TOKEN, event.token_id)


_RULES: Final[dict[type[Event], Callable[[Any], Iterable[Change]]]] = {
    ApiTokenIssued: _token_issued,
    ApiTokenRevoked: _token_revoked,
}


def changes(event: Event) -> Iterable[Change]:
    """What `event` changes in the work there is to do."""
    rule = _RULES.get(type(event))
    return rule(event) if rule else ()


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How failed work is repeated. Times in seconds."""

    first: float = 1.0
    longest: float = 300.0
    attempts: int = 8
    """After so many failures a person is needed."""
    parked: float = 3600.0
    """How often it is tried while it waits for a person: a backend that comes back heals by itself."""

    def pause(self, number: int, chance: float) -> timedelta:
        """How long to wait after the `number`th failure: doubled each time, and by `chance` (0 to 1) up to half less.

        Without the chance, all that failed together would come again together.
        """
        seconds: float = min(self.first * 2.0 ** min(number - 1, 30), self.longest)
        return timedelta(seconds=seconds * (1 - chance / 2))

    def is_hopeless(self, number: int) -> bool:
        """Whether the `number`th failure is one for a person."""
        return number >= self.attempts
