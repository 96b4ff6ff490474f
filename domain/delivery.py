"""What happens to a piece of outside work, attempt by attempt: the intent before each effect, and how it failed.

The outcome that ends the work is an event of the aggregate it is about, such as `lease.revocation.verified`. Each piece
of work has a stream of its own, so that of two nodes that attempt it at once one is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.event import Event
from domain.names import stream_of


def delivery_stream(tenant: str, kind: str, ref: str, origin: str) -> UUID:
    """The stream of the work that the event `origin` (its id) gave rise to."""
    return stream_of("delivery", tenant, f"{kind}\n{ref}\n{origin}")


class DeliveryEvent(Event, frozen=True, kw_only=True):
    """`kind` and `ref` name the work, as in `domain.process.Due`."""

    kind: str
    ref: str


class DeliveryAttempted(DeliveryEvent, frozen=True, kw_only=True):
    """The `number`th attempt begins at `destination`; until `until` the work is `node`'s own."""

    TOPIC: ClassVar[str] = "delivery.attempted"
    destination: str
    number: int
    node: str
    until: datetime


class DeliveryFailed(DeliveryEvent, frozen=True, kw_only=True):
    """The attempt did not succeed, as far as is known; it is repeated at `retry_at`."""

    TOPIC: ClassVar[str] = "delivery.failed"
    number: int
    error: str
    detail: str
    retry_at: datetime


class DeliveryParked(DeliveryEvent, frozen=True, kw_only=True):
    """It failed too often, or in a way that no repetition mends: a person is needed. It is still tried, seldom."""

    TOPIC: ClassVar[str] = "delivery.parked"
    number: int
    error: str
    detail: str
    retry_at: datetime


class DeliveryRetried(DeliveryEvent, frozen=True, kw_only=True):
    """A person asked for it to be tried at once, and as often as at first."""

    TOPIC: ClassVar[str] = "delivery.retried"


class DeliveryResolved(DeliveryEvent, frozen=True, kw_only=True):
    """A person closed it, by hand and on their word: nothing more is tried."""

    TOPIC: ClassVar[str] = "delivery.resolved"
    reason: str
