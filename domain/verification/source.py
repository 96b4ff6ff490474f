"""Where a log is read from, as a protocol. A source reads one snapshot: what is appended meanwhile is not seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple, Protocol

from domain.verification.segment import Segment
from domain.verification.statements import SealId


class HeldCheckpoint(NamedTuple):
    """A checkpoint as somebody kept it: where it is from, such as a file's name, and its text."""

    source: str
    note: str


class SealedValue(NamedTuple):
    """A sealed value, as the store has it."""

    id: SealId
    digest: bytes
    """SHA-256 of the sealed bytes."""


class SealedStore(Protocol):
    """What a store has of sealed values, in the same snapshot as its log."""

    def replies(self) -> AbstractSet[SealId]:
        """Those that belong to replies kept for repeated requests: no event names them."""
        ...

    def sealed_values(self) -> Iterator[Sequence[SealedValue]]:
        """All sealed values, a few at a time."""
        ...

    def data_keys(self) -> Iterator[Sequence[SealId]]:
        """Of which sealed values the store has the data key, many at a time."""
        ...


class LogSource(Protocol):
    """A stored or an exported log. Its methods raise `StoreUnavailable` or `Invalid` if it cannot be read."""

    def count(self) -> int | None:
        """About how many events there are, to show progress; None if that is not known."""
        ...

    def segments(self) -> Iterator[Segment]:
        """All events in the order of their positions."""
        ...

    def sealed(self) -> SealedStore | None:
        """The sealed values, to be read after the log; None if the source has none by its nature."""
        ...
