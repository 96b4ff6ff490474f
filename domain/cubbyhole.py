"""The aggregate Cubbyhole: what one token keeps for itself, by path. It ends with its token, and the keys with it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, NamedTuple, Self
from uuid import UUID

from domain.errors import Conflict, Forbidden, Invalid
from domain.event import AccessEvent, Aggregate, Created, Event
from domain.names import stream_of

MAX_ENTRIES: Final = 1000
"""Most entries of one token."""
MAX_PATH: Final = 1024
"""Longest path of an entry, in characters."""


def cubbyhole_stream(tenant: str, token_id: str) -> UUID:
    """The stream of a token's cubbyhole."""
    return stream_of("cubbyhole", tenant, token_id)


class CubbyholeCreated(Created, frozen=True, kw_only=True):
    """A token keeps something for itself for the first time."""

    TOPIC: ClassVar[str] = "cubbyhole.created"
    token_id: str


class CubbyholeWritten(Event, frozen=True, kw_only=True):
    """The token keeps something under this path; the value lies under `seal_id`."""

    TOPIC: ClassVar[str] = "cubbyhole.written"
    token_id: str
    path: str
    number: int
    seal_id: str
    seal_digest: str

    def apply(self, aggregate: Cubbyhole) -> None:
        """It is there."""
        aggregate.written = self.number
        aggregate.entries[self.path] = Entry(self.number, self.seal_id)


class CubbyholeEntriesDestroyed(Event, frozen=True, kw_only=True):
    """The data keys of these entries are gone: overwritten, deleted, or ended with their token."""

    TOPIC: ClassVar[str] = "cubbyhole.entries.destroyed"
    token_id: str
    numbers: list[int]

    def apply(self, aggregate: Cubbyhole) -> None:
        """They are not there any more."""
        gone = set(self.numbers)
        aggregate.entries = {path: entry for path, entry in aggregate.entries.items() if entry.number not in gone}


class CubbyholeEnded(Event, frozen=True, kw_only=True):
    """Its token has ended."""

    TOPIC: ClassVar[str] = "cubbyhole.ended"
    token_id: str

    def apply(self, aggregate: Cubbyhole) -> None:
        """Nothing is kept in it any more."""
        aggregate.ended = True


class CubbyholeRead(AccessEvent, frozen=True, kw_only=True):
    """A token was given what it keeps under this path."""

    TOPIC: ClassVar[str] = "cubbyhole.read"
    token_id: str
    path: str
    number: int


class Entry(NamedTuple):
    """What is kept under one path: its number, and where it lies sealed."""

    number: int
    seal_id: str


class Cubbyhole(Aggregate):
    """The cubbyhole of one token. `written` counts what was ever kept in it."""

    TOPIC = "cubbyhole"

    def __init__(self, token_id: str) -> None:
        self.token_id = token_id
        self.written = 0
        self.entries: dict[str, Entry] = {}
        self.ended = False

    @classmethod
    def begin(cls, tenant: str, token_id: str, at: datetime) -> Self:
        """An empty one."""
        return cls._create(CubbyholeCreated, id=cubbyhole_stream(tenant, token_id), token_id=token_id, timestamp=at)

    def write(self, path: str, seal_id: str, seal_digest: str, at: datetime) -> str | None:
        """Keep the newly sealed value under `path`; the seal that is to be destroyed, if there was something.

        Raises `Forbidden` if the token has ended, `Invalid` if there is too much already.
        """
        if self.ended:
            raise Forbidden("the token of this cubbyhole has ended")
        old = self.entries.get(path)
        if old is None and len(self.entries) >= MAX_ENTRIES:
            raise Invalid(f"a cubbyhole has at most {MAX_ENTRIES} entries; delete some")
        if old:
            self._destroy([old.number], at)
        self.trigger_event(
            CubbyholeWritten,
            token_id=self.token_id,
            path=path,
            number=self.written + 1,
            seal_id=seal_id,
            seal_digest=seal_digest,
            timestamp=at,
        )
        return old.seal_id if old else None

    def delete(self, path: str, at: datetime) -> str | None:
        """Keep it no longer; the seal that is to be destroyed, or None if there was nothing."""
        entry = self.entries.get(path)
        if entry is None:
            return None
        self._destroy([entry.number], at)
        return entry.seal_id

    def end(self, at: datetime) -> list[str]:
        """End it with its token; the seals that are to be destroyed. Raises `Conflict` if it has ended already."""
        if self.ended:
            raise Conflict(f"the cubbyhole of {self.token_id} has ended already")
        entries = sorted(self.entries.values())
        if entries:
            self._destroy([entry.number for entry in entries], at)
        self.trigger_event(CubbyholeEnded, token_id=self.token_id, timestamp=at)
        return [entry.seal_id for entry in entries]

    def _destroy(self, numbers: list[int], at: datetime) -> None:
        self.trigger_event(CubbyholeEntriesDestroyed, token_id=self.token_id, numbers=numbers, timestamp=at)
