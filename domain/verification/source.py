"""Where a log is read from, as a protocol. A source reads one snapshot: what is appended meanwhile is not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from domain.verification.segment import Segment


class HeldCheckpoint(NamedTuple):
    """A checkpoint as somebody kept it: where it is from, such as a file's name, and its text."""

    source: str
    note: str


class SealedRow(NamedTuple):
    """A sealed value outside the log, its data key, or both."""

    tenant: str
    seal_id: str
    digest: bytes | None
    """SHA-256 of the sealed bytes; None if there is only a key."""
    has_key: bool
    is_reply: bool
    """Whether it belongs to a reply kept for a repeated request, which no event names."""


class LogSource(Protocol):
    """A stored or an exported log. Its methods raise `StoreUnavailable` or `Invalid` if it cannot be read."""

    def count(self) -> int | None:
        """About how many events there are, to show progress; None if that is not known."""
        ...

    def segments(self) -> Iterator[Segment]:
        """All events in the order of their positions."""
        ...

    def sealed(self) -> Iterator[Sequence[SealedRow]] | None:
        """All sealed values, a few at a time, of the same snapshot; None if the source has none by its nature."""
        ...
