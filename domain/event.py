"""The bases of every aggregate and event.

They are `eventsourcing` aggregates whose events are msgspec structs with explicit topics.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate
from eventsourcing.utils import register_topic


class Event(msgspec.Struct, CanMutateAggregate[UUID], frozen=True, kw_only=True):
    """One immutable fact. `originator_*` and `timestamp` go to the log's header, every other field to its body.

    `TOPIC` is the type's permanent name in the log. A field never carries a secret value, sealed or not.
    """

    TOPIC: ClassVar[str]
    VERSION: ClassVar[int] = 1
    """Version of the body's fields; an older one in the log is brought up by the mapper's upcasters."""
    originator_id: UUID
    originator_version: int
    timestamp: datetime

    def __init_subclass__(cls, **options: Any) -> None:  # noqa: ANN401 - whatever msgspec takes
        super().__init_subclass__(**options)
        if "TOPIC" in cls.__dict__:
            register_topic(cls.TOPIC, cls)

    def _as_dict(self) -> dict[str, Any]:
        return msgspec.structs.asdict(self)


class Created(Event, CanInitAggregate[UUID], frozen=True, kw_only=True):
    """The first event of an aggregate's stream."""

    originator_topic: str


class AccessEvent(Event, frozen=True, kw_only=True):
    """A fact about a use: a read, a refusal.

    It belongs to a stream of its own node, and gets its version when appended.
    """


class Aggregate(BaseAggregate[UUID]):
    """A consistency boundary: commands on it trigger events, and the events alone make its state."""
