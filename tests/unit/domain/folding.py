"""Folding an aggregate's events, as the repository does with what it reads back from the log."""

from __future__ import annotations

from typing import TypeVar, cast

from domain.event import Aggregate, Event

A = TypeVar("A", bound=Aggregate)


def taken(aggregate: Aggregate) -> list[Event]:
    """The events that the commands on it triggered since they were last taken."""
    return cast("list[Event]", aggregate.collect_events())


def folded(kind: type[A], events: list[Event]) -> A:
    """The aggregate that these events make."""
    aggregate: A | None = None
    for event in events:
        aggregate = cast("A", event.mutate(cast("None", aggregate)))
    assert isinstance(aggregate, kind)
    return aggregate


def state(aggregate: Aggregate) -> dict[str, object]:
    """All that the aggregate knows."""
    return {name: value for name, value in vars(aggregate).items() if name != "_pending_events"}
