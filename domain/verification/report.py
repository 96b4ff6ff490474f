"""What a verification found."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Fault(NamedTuple):
    """What a check yields: where, and what is wrong."""

    position: int | None
    what: str


class Finding(msgspec.Struct, frozen=True):
    """Something that is not as it was written. It names positions and ids, never a secret's path."""

    position: int | None
    """The first event it concerns; None if it concerns none, such as a sealed value that no event names."""
    check: str
    """The check's name in `domain.verification.checks`."""
    what: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The result. `intact` is true if and only if there is no finding."""

    intact: bool
    events: int
    """How many events were read."""
    head: str
    """The last event's stored hash, lower-case hex; 64 zeros if there are no events."""
    withheld: int
    """Of how many events the header or the body was left out, so that only its digest took part."""
    sealed: int | None
    """How many sealed values were compared with the log; None where there are none to compare, as in an export."""
    checkpoints: int
    """How many checkpoints took part."""
    covered: int
    """The size of the largest checkpoint. What came after it could have been cut off unseen."""
    first_bad: Finding | None
    findings: tuple[Finding, ...]
    """By position; of each check at most `MOST_FINDINGS`."""
