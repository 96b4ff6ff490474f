"""Events to the bytes of a body and back. The header's fields are columns; the body is canonical JSON."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import msgspec

from adapters.log.linking import Draft
from domain.errors import LogBroken
from domain.event import AccessEvent, Event
from domain.events import EVENTS
from domain.ports import Record
from domain.random_text import RandomText

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]

UPCASTERS: Final[dict[tuple[str, int], Upcaster]] = {}
"""(topic, version of the body) to what makes it the next version. Empty while every event is in its first."""

_HEADER: Final = frozenset({"originator_id", "originator_version", "timestamp"})
_ENCODER: Final = msgspec.json.Encoder(order="sorted")
_DECODER: Final = msgspec.json.Decoder(dict[str, Any])
_SALT: Final = RandomText(os.urandom, 16)
_FIELDS: dict[type[Event], tuple[str, ...]] = {}


def body_of(event: Event) -> bytes:
    """The event's own fields as canonical JSON, with a fresh salt that keeps a withheld body from being guessed."""
    kind = type(event)
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = tuple(name for name in kind.__struct_fields__ if name not in _HEADER)
        _FIELDS[kind] = fields
    body: dict[str, Any] = {name: getattr(event, name) for name in fields}
    body["salt"] = _SALT()
    if kind.VERSION > 1:
        body["v"] = kind.VERSION
    return _ENCODER.encode(body)


def event_of(
    topic: str,
    stream: UUID,
    version: int,
    time: str,
    body: bytes,
    upcasters: Mapping[tuple[str, int], Upcaster] = UPCASTERS,
) -> Event:
    """The event that was written; raises `LogBroken` for a topic or body this version does not know."""
    kind = EVENTS.get(topic)
    if kind is None:
        raise LogBroken(f"the log holds an event {topic!r} that this version does not know; use a newer trstctl")
    return decoded(kind, stream, version, time, body, upcasters)


def decoded(
    kind: type[Event], stream: UUID, version: int, time: str, body: bytes, upcasters: Mapping[tuple[str, int], Upcaster]
) -> Event:
    """The body as an event of `kind`, brought up to its current version; raises `LogBroken` if it cannot be."""
    try:
        fields = _DECODER.decode(body)
        del fields["salt"]
        written = fields.pop("v", 1)
        if written > kind.VERSION:
            raise LogBroken(f"the log holds version {written} of {kind.TOPIC!r}; use a newer trstctl")
        for old in range(written, kind.VERSION):
            fields = upcasters[kind.TOPIC, old](fields)
        fields.update(originator_id=stream, originator_version=version, timestamp=time)
        return msgspec.convert(fields, kind)
    except (msgspec.MsgspecError, LookupError, TypeError, ValueError) as error:
        raise LogBroken(f"an event {kind.TOPIC!r} in the log has an unreadable body: {error}") from error


def record_of(position: int, draft: Draft, event_id: str, event: Event) -> Record:
    """What projections are given for an event."""
    return Record(
        position=position,
        id=event_id,
        stream=UUID(draft.stream) if isinstance(event, AccessEvent) else event.originator_id,
        version=draft.version,
        type=draft.type,
        tenant=draft.tenant,
        time=event.timestamp,
        actor=draft.actor,
        request_id=draft.request_id,
        event=event,
    )
