"""The aggregate Share: a value that whoever has its token may see so many times, until a moment, and then never again.

The log holds the hash of the token. With the last view, and with every other end, the value's key is destroyed.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Self

import msgspec

from domain.errors import Conflict, Gone
from domain.event import Aggregate, Created, Event
from domain.names import stream_of

OPEN: Final = "open"
CONSUMED: Final = "consumed"
EXPIRED: Final = "expired"
REVOKED: Final = "revoked"
LOCKED: Final = "locked"
STATES: Final = (OPEN, CONSUMED, EXPIRED, REVOKED, LOCKED)
"""`consumed`: seen as often as it may be. `locked`: too many wrong passphrases."""

MAX_VIEWS: Final = 100
"""How often a share may be seen at most."""
MAX_NOTE: Final = 200
"""Longest note, in characters."""
MAX_AGENT: Final = 200
"""How much of a client's own description is kept, in characters."""


class ShareCreated(Created, frozen=True, kw_only=True):
    """A share was made and its token handed out once; `hash` is the token's SHA-256, lower-case hex.

    With `guarded`, a passphrase is needed as well, and after `max_tries` wrong ones the share is locked.
    """

    TOPIC: ClassVar[str] = "share.created"
    share_id: str
    subject: str
    hash: str
    seal_id: str
    seal_digest: str
    expires_at: datetime
    max_views: int
    guarded: bool
    max_tries: int
    note: str


class ShareEvent(Event, frozen=True, kw_only=True):
    """What happens to a share after it was made."""

    share_id: str


class ShareViewed(ShareEvent, frozen=True, kw_only=True):
    """The value was given, for the `number`th time, to a client at `address`; with none `remaining` its key is gone."""

    TOPIC: ClassVar[str] = "share.viewed"
    number: int
    remaining: int
    address: str
    agent: str

    def apply(self, aggregate: Share) -> None:
        """One view fewer; after the last it is over."""
        aggregate.views = self.number
        if not self.remaining:
            aggregate.state = CONSUMED


class SharePassphraseFailed(ShareEvent, frozen=True, kw_only=True):
    """Somebody with the token gave a wrong passphrase, the `number`th."""

    TOPIC: ClassVar[str] = "share.passphrase.failed"
    number: int
    address: str
    agent: str

    def apply(self, aggregate: Share) -> None:
        """One try fewer, for good: a right one in between gives none back."""
        aggregate.failures = self.number


class ShareLocked(ShareEvent, frozen=True, kw_only=True):
    """Too many wrong passphrases: the value's key is destroyed."""

    TOPIC: ClassVar[str] = "share.locked"

    def apply(self, aggregate: Share) -> None:
        """The end."""
        aggregate.state = LOCKED


class ShareExpired(ShareEvent, frozen=True, kw_only=True):
    """Its time is over: the value's key is destroyed."""

    TOPIC: ClassVar[str] = "share.expired"

    def apply(self, aggregate: Share) -> None:
        """The end."""
        aggregate.state = EXPIRED


class ShareRevoked(ShareEvent, frozen=True, kw_only=True):
    """Its sender, or who manages shares, withdrew it: the value's key is destroyed."""

    TOPIC: ClassVar[str] = "share.revoked"
    reason: str

    def apply(self, aggregate: Share) -> None:
        """The end."""
        aggregate.state = REVOKED


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a share is made of."""

    share_id: str
    subject: str
    hash: str
    seal_id: str
    seal_digest: str
    expires_at: datetime
    max_views: int
    guarded: bool
    max_tries: int
    note: str


class Visitor(msgspec.Struct, frozen=True):
    """Who redeems, as far as the connection tells: the client's address, and how the client calls itself."""

    address: str
    agent: str


class Share(Aggregate):
    """One share of one tenant."""

    TOPIC = "share"

    def __init__(
        self, *, share_id: str, seal_id: str, expires_at: datetime, max_views: int, guarded: bool, max_tries: int
    ) -> None:
        self.share_id = share_id
        self.seal_id = seal_id
        self.expires_at = expires_at
        self.max_views = max_views
        self.guarded = guarded
        self.max_tries = max_tries
        self.state = OPEN
        self.views = 0
        self.failures = 0

    @classmethod
    def create(cls, tenant: str, terms: Terms, at: datetime) -> Self:
        """A share that nobody has seen."""
        return cls._create(
            ShareCreated, id=stream_of("share", tenant, terms.share_id), timestamp=at, **msgspec.structs.asdict(terms)
        )

    def must_give(self, at: datetime) -> None:
        """Raises `Gone` if it gives nothing any more."""
        if self.state != OPEN or at >= self.expires_at:
            raise Gone

    def view(self, visitor: Visitor, at: datetime) -> int:
        """Give the value once more, and return how often it may still be given. Raises `Gone`."""
        self.must_give(at)
        number = self.views + 1
        remaining = self.max_views - number
        self._trigger(ShareViewed, at, number=number, remaining=remaining, address=visitor.address, agent=visitor.agent)
        return remaining

    def refuse(self, visitor: Visitor, at: datetime) -> int:
        """Count a wrong passphrase, and return how many more may be tried: with none left it is locked.

        Raises `Gone`.
        """
        self.must_give(at)
        number = self.failures + 1
        self._trigger(SharePassphraseFailed, at, number=number, address=visitor.address, agent=visitor.agent)
        left = max(0, self.max_tries - number)
        if not left:
            self._trigger(ShareLocked, at)
        return left

    def expire(self, at: datetime) -> None:
        """End it because its time is over; raises `Conflict` if it is not, or if it has ended already."""
        if at < self.expires_at:
            raise Conflict(f"share {self.share_id} does not expire before {self.expires_at.isoformat()}")
        self._must_be_open()
        self._trigger(ShareExpired, at)

    def revoke(self, reason: str, at: datetime) -> None:
        """Withdraw it; raises `Conflict` if it has ended already."""
        self._must_be_open()
        self._trigger(ShareRevoked, at, reason=reason[:500])

    def _must_be_open(self) -> None:
        if self.state != OPEN:
            raise Conflict(f"share {self.share_id} is {self.state} already")

    def _trigger(self, kind: type[ShareEvent], at: datetime, **fields: object) -> None:
        self.trigger_event(kind, share_id=self.share_id, timestamp=at, **fields)
