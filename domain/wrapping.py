"""The aggregate Wrapping: an answer of the Vault surface that lies sealed until whoever has its token takes it, once.

The log holds the hash of the token. With the use, as with every other end, the answer's key is destroyed.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Self

import msgspec

from domain.errors import Conflict, Gone
from domain.event import AccessEvent, Aggregate, Created, Event
from domain.names import stream_of

OPEN: Final = "open"
USED: Final = "used"
EXPIRED: Final = "expired"
REVOKED: Final = "revoked"

UNWRAP: Final = "unwrap"
REWRAP: Final = "rewrap"


class WrappingCreated(Created, frozen=True, kw_only=True):
    """An answer was wrapped and a token for it handed out once; `hash` is the token's SHA-256, lower-case hex."""

    TOPIC: ClassVar[str] = "wrapping.created"
    wrapping_id: str
    hash: str
    creation_path: str
    holds: str
    ttl_seconds: int
    expires_at: datetime
    seal_id: str
    seal_digest: str


class WrappingEvent(Event, frozen=True, kw_only=True):
    """What happens to a wrapped answer afterwards."""

    wrapping_id: str


class WrappingUsed(WrappingEvent, frozen=True, kw_only=True):
    """The answer was given, to a client at `address`, or went into a new wrapping: its key is destroyed."""

    TOPIC: ClassVar[str] = "wrapping.used"
    how: str
    address: str

    def apply(self, aggregate: Wrapping) -> None:
        """The end."""
        aggregate.state = USED


class WrappingExpired(WrappingEvent, frozen=True, kw_only=True):
    """Nobody took it in time: the answer's key is destroyed."""

    TOPIC: ClassVar[str] = "wrapping.expired"

    def apply(self, aggregate: Wrapping) -> None:
        """The end."""
        aggregate.state = EXPIRED


class WrappingRevoked(WrappingEvent, frozen=True, kw_only=True):
    """It was taken back before anybody took it: the answer's key is destroyed."""

    TOPIC: ClassVar[str] = "wrapping.revoked"

    def apply(self, aggregate: Wrapping) -> None:
        """The end."""
        aggregate.state = REVOKED


class WrappingRefused(AccessEvent, frozen=True, kw_only=True):
    """Somebody showed a token that gives nothing: of an answer that was taken already, or of none there ever was.

    The first says that somebody else had the token. Of the second, those of a minute are one event.
    """

    TOPIC: ClassVar[str] = "wrapping.refused"
    wrapping_id: str
    how: str
    address: str
    number: int


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a wrapping is made of."""

    wrapping_id: str
    hash: str
    creation_path: str
    """The path whose answer it is."""
    holds: str
    """Accessor of the token, or of the secret id, that is in it; empty if it is something else."""
    ttl_seconds: int
    expires_at: datetime
    seal_id: str
    seal_digest: str


class Wrapping(Aggregate):
    """One wrapped answer of one tenant."""

    TOPIC = "wrapping"

    def __init__(self, *, wrapping_id: str, seal_id: str, expires_at: datetime) -> None:
        self.wrapping_id = wrapping_id
        self.seal_id = seal_id
        self.expires_at = expires_at
        self.state = OPEN

    @classmethod
    def create(cls, tenant: str, terms: Terms, at: datetime) -> Self:
        """A wrapping that nobody has opened."""
        return cls._create(
            WrappingCreated,
            id=stream_of("wrapping", tenant, terms.wrapping_id),
            timestamp=at,
            **msgspec.structs.asdict(terms),
        )

    def must_give(self, at: datetime) -> None:
        """Raises `Gone` if it gives nothing any more."""
        if self.state != OPEN or at >= self.expires_at:
            raise Gone

    def use(self, how: str, address: str, at: datetime) -> None:
        """Give the answer, for good; raises `Gone`."""
        self.must_give(at)
        self.trigger_event(WrappingUsed, wrapping_id=self.wrapping_id, how=how, address=address, timestamp=at)

    def revoke(self, at: datetime) -> None:
        """Take it back; raises `Gone` if it gives nothing any more."""
        self.must_give(at)
        self.trigger_event(WrappingRevoked, wrapping_id=self.wrapping_id, timestamp=at)

    def expire(self, at: datetime) -> None:
        """End it because its time is over; raises `Conflict` if it is not, or if it has ended already."""
        if at < self.expires_at:
            raise Conflict(f"wrapping {self.wrapping_id} does not expire before {self.expires_at.isoformat()}")
        if self.state != OPEN:
            raise Conflict(f"wrapping {self.wrapping_id} is {self.state} already")
        self.trigger_event(WrappingExpired, wrapping_id=self.wrapping_id, timestamp=at)
