"""Events to bytes and back: canonical, salted, brought up from older versions, and refused when they make no sense."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, ClassVar, get_type_hints
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.log.mapper import UPCASTERS, Upcaster, body_of, decoded, event_of
from domain.errors import LogBroken
from domain.event import Event
from domain.events import EVENTS
from domain.instants import instant

STREAM = UUID(int=7)
NOW = datetime(2026, 6, 25, 12, 0, 0, 123456, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))


def events(kind: type[Event]) -> st.SearchStrategy[Event]:
    """Any event of this type, by the types of its fields."""
    hints = get_type_hints(kind)
    own: dict[Any, st.SearchStrategy[Any]] = {datetime: MOMENTS, datetime | None: st.none() | MOMENTS}
    fields = {name: own[hint] if hint in own else st.from_type(hint) for name, hint in hints.items()}
    return st.builds(kind, **{name: fields[name] for name in kind.__struct_fields__})


any_event = st.sampled_from(sorted(EVENTS)).flatmap(lambda topic: events(EVENTS[topic]))


@pytest.mark.parametrize("topic", sorted(EVENTS))
@given(data=st.data())
@settings(max_examples=20)
def test_every_event_is_read_back_as_it_was_written(topic: str, data: st.DataObject) -> None:
    event = data.draw(events(EVENTS[topic]))
    back = event_of(topic, event.originator_id, event.originator_version, instant(event.timestamp), body_of(event))
    assert back == event
    assert type(back) is EVENTS[topic]


def refuse_float(text: str) -> float:
    raise AssertionError(f"a float in a body: {text}")


@given(any_event)
def test_body_is_canonical_json(event: Event) -> None:
    body = body_of(event)
    fields = json.loads(body, parse_float=refuse_float)
    assert list(fields) == sorted(fields)
    again = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert body == again


@given(any_event)
def test_body_holds_the_events_own_fields_and_a_salt(event: Event) -> None:
    fields = json.loads(body_of(event))
    header = {"originator_id", "originator_version", "timestamp"}
    assert set(fields) == set(type(event).__struct_fields__) - header | {"salt"}
    assert len(bytes.fromhex(fields["salt"])) == 16


def example() -> Event:
    return EVENTS["secret.created"](
        originator_id=STREAM, originator_version=1, timestamp=NOW, originator_topic="secret", path="a"
    )  # type: ignore[call-arg]  # the table knows its types as Event


def test_salt_is_fresh_each_time() -> None:
    assert len({body_of(example()) for _ in range(100)}) == 100


def test_bytes_of_a_body_are_as_described() -> None:
    body = body_of(example())
    salt = json.loads(body)["salt"]
    assert body == f'{{"originator_topic":"secret","path":"a","salt":"{salt}"}}'.encode()


def broken(**changes: Any) -> bytes:
    """The body of an example with members changed, or left out if None."""
    fields = json.loads(body_of(example())) | changes
    return json.dumps({name: value for name, value in fields.items() if value is not None}).encode()


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff"])
def test_body_that_is_no_object_breaks_the_log(body: bytes) -> None:
    with pytest.raises(LogBroken):
        event_of("secret.created", STREAM, 1, instant(NOW), body)


@pytest.mark.parametrize("name,value", [("salt", None), ("path", None), ("path", 7), ("v", 2), ("v", "1"), ("v", [])])
def test_body_with_a_member_missing_or_wrong_breaks_the_log(name: str, value: object) -> None:
    with pytest.raises(LogBroken):
        event_of("secret.created", STREAM, 1, instant(NOW), broken(**{name: value}))


def test_unknown_topic_asks_for_a_newer_version() -> None:
    with pytest.raises(LogBroken, match=r"secret\.invented.*newer"):
        event_of("secret.invented", STREAM, 1, instant(NOW), b"{}")


class Moved(Event, frozen=True, kw_only=True):
    """An event that was written differently twice before."""

    TOPIC: ClassVar[str] = "test.moved"
    VERSION: ClassVar[int] = 3
    source: str
    target: str
    count: int


def split(fields: dict[str, Any]) -> dict[str, Any]:
    source, target = fields.pop("route").split(">")
    return fields | {"source": source, "target": target}


def counted(fields: dict[str, Any]) -> dict[str, Any]:
    return fields | {"count": 1}


CHAIN: dict[tuple[str, int], Upcaster] = {("test.moved", 1): split, ("test.moved", 2): counted}


def moved(**fields: object) -> Event:
    body = msgspec.json.encode({"salt": "00" * 16, **fields})
    return decoded(Moved, STREAM, 4, instant(NOW), body, CHAIN)


def test_body_of_each_version_is_brought_up_to_the_newest() -> None:
    wanted = Moved(originator_id=STREAM, originator_version=4, timestamp=NOW, source="a", target="b", count=1)
    assert moved(route="a>b") == wanted
    assert moved(v=2, source="a", target="b") == wanted
    assert moved(v=3, source="a", target="b", count=1) == wanted


def test_newest_version_is_written_into_the_body() -> None:
    event = Moved(originator_id=STREAM, originator_version=4, timestamp=NOW, source="a", target="b", count=2)
    body = body_of(event)
    assert json.loads(body)["v"] == 3
    assert decoded(Moved, STREAM, 4, instant(NOW), body, CHAIN) == event


def test_missing_step_of_the_chain_breaks_the_log() -> None:
    body = msgspec.json.encode({"salt": "", "route": "a>b"})
    for steps in ({}, {("test.moved", 1): split}):
        with pytest.raises(LogBroken):
            decoded(Moved, STREAM, 4, instant(NOW), body, steps)


def test_version_from_the_future_asks_for_a_newer_program() -> None:
    with pytest.raises(LogBroken, match="newer"):
        moved(v=4, source="a", target="b", count=1)


def test_every_older_version_of_an_event_has_its_upcaster() -> None:
    steps = {(topic, version) for topic, kind in EVENTS.items() for version in range(1, kind.VERSION)}
    assert set(UPCASTERS) == steps
