"""A lease that a command lives with: what may be known of it outside the command, and when it ends on our clock."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final, Self

from cli.client.errors import ClientError

_RENEWED_AFTER: Final = 2 / 3
"""Which part of its life passes before a lease is renewed."""


def now() -> float:
    """Seconds on a clock that all processes share, that nobody sets, and that goes on while the machine sleeps."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


@dataclass(frozen=True, slots=True)
class HeldLease:
    """Nothing in it is secret. Times of the server are taken as differences alone: its clock may be off, or ours."""

    id: str
    target: str
    expires_at: str
    longest: str
    """The end of its role's longest life."""
    ends: float
    """Its end on our clock, a little early rather than late."""
    life: float
    """Seconds that it was issued for, and that each renewal gives it again."""
    due: float
    """When to renew it, on our clock."""

    @classmethod
    def of(cls, answer: Mapping[str, Any], asked_at: float) -> Self:
        """From the answer to an issue that was asked for at `asked_at`; raises `ClientError` if it makes no sense."""
        try:
            began = answer.get("issued_at") or answer["requested_at"]
            life = _between(began, answer["expires_at"])
            return cls(
                id=str(answer["id"]),
                target=f"{answer['provider']}/{answer['role']}",
                expires_at=answer["expires_at"],
                longest=answer["max_expires_at"],
                ends=asked_at + life,
                life=life,
                due=asked_at + life * _RENEWED_AFTER,
            )
        except (KeyError, TypeError, ValueError):
            raise ClientError("the answer is no lease") from None

    def renewed(self, answer: Mapping[str, Any]) -> Self:
        """After an answer to its renewal; raises `ClientError` if that makes no sense."""
        try:
            ends = self.ends + _between(self.expires_at, answer["expires_at"])
        except (KeyError, TypeError, ValueError):
            raise ClientError("the answer is no lease") from None
        due = now() + max(0.0, ends - now()) * _RENEWED_AFTER
        return replace(self, expires_at=answer["expires_at"], ends=ends, due=due)

    @property
    def at_its_longest(self) -> bool:
        """Whether no renewal can let it live longer."""
        return _between(self.expires_at, self.longest) <= 0

    @property
    def extension(self) -> int:
        """By how many seconds to extend it, so that it has its whole life before it again."""
        return max(1, math.ceil(self.life - (self.ends - now())))

    def line(self) -> bytes:
        """For a pipe to the process that keeps it."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> Self:
        """What `line` wrote."""
        return cls(**json.loads(line))


def _between(first: str, second: str) -> float:
    return (datetime.fromisoformat(second) - datetime.fromisoformat(first)).total_seconds()
