"""Which events a read model says it concerns itself with: the committer asks it about no other."""

from __future__ import annotations

import types
import typing
from datetime import UTC, datetime
from typing import Any, Literal, get_args, get_origin
from uuid import UUID, uuid4

import msgspec
import pytest

from domain.event import Event
from domain.events import EVENTS
from domain.ports import Projection, Record
from tests.stores import every_projection

NOW = datetime(2026, 6, 25, 12, tzinfo=UTC)
PLAIN: dict[object, Any] = {
    str: "x", int: 1, bool: True, float: 1.0, bytes: b"x", datetime: NOW, UUID: uuid4(), type(None): None, Any: "x",
}  # fmt: skip


def value_of(kind: Any) -> Any:
    """Something of that type: what is optional is there, what may be many is one."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return value_of(arguments[0])
    if origin is Literal:
        return arguments[0]
    if origin is dict:
        return {value_of(arguments[0]): value_of(arguments[1])}
    if origin in (list, tuple):
        return origin([value_of(arguments[0])])
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind(**{field.name: value_of(field.type) for field in msgspec.structs.fields(kind)})
    return PLAIN[kind]


def sample(kind: type[Event]) -> Record:
    event = kind(**{field.name: value_of(field.type) for field in msgspec.structs.fields(kind)})
    return Record(
        position=1, id="e", stream=uuid4(), version=1, type=kind.TOPIC, tenant="acme", time=NOW, actor="alice#tok",
        request_id="r", event=event,
    )  # fmt: skip


def changes(projection: Projection, kind: type[Event]) -> bool:
    """Whether an event of that kind changes anything; one that it fails on concerns it as well."""
    try:
        return bool(list(projection.apply(sample(kind))))
    except (LookupError, ValueError, msgspec.MsgspecError):
        return True


@pytest.mark.parametrize("projection", every_projection(), ids=lambda projection: projection.name)
def test_nothing_changes_by_events_that_a_read_model_does_not_name(projection: Projection) -> None:
    others = [kind for kind in EVENTS.values() if not issubclass(kind, projection.concerns)]
    assert [kind.TOPIC for kind in others if changes(projection, kind)] == []


@pytest.mark.parametrize("projection", every_projection(), ids=lambda projection: projection.name)
def test_every_event_that_a_read_model_names_is_there(projection: Projection) -> None:
    for named in projection.concerns:
        assert any(issubclass(kind, named) for kind in EVENTS.values()), named


def test_uses_concern_no_read_model_that_is_written_with_them() -> None:
    for topic in ("secret.read", "transit.encrypted", "transit.decrypted"):
        concerned = [each.name for each in every_projection() if issubclass(EVENTS[topic], each.concerns)]
        assert concerned == ["audit"]
