"""Query strings and bodies, decoded into the structs that describe them. What does not fit is refused by its place."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, TypeVar, get_args, get_type_hints
from urllib.parse import parse_qsl

import msgspec

from api.queries import NoQuery, Query
from api.requests import AnyRequest, header_of
from domain.errors import Invalid, UnsupportedMediaType

Q = TypeVar("Q", bound=Query)
B = TypeVar("B", bound=msgspec.Struct)

_MOST_PARAMETERS: Final = 32
_LONGEST_ANSWER: Final = 300
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}\Z")


def query_of(request: AnyRequest, kind: type[Q]) -> Q:
    """The query string; raises `Invalid` for a parameter that is unknown, given twice, missing or out of bounds."""
    raw: bytes = request.scope["query_string"]
    if not raw:
        return _converted({}, kind)
    return _converted(_typed(_texts(raw), _types(kind)), kind)


def no_query(request: AnyRequest) -> None:
    """Raises `Invalid` if there is a query: whoever narrows what a request does must not be misunderstood."""
    query_of(request, NoQuery)


def body_of(request: AnyRequest, kind: type[B]) -> B:
    """The JSON body, an absent one being `{}`; raises `Invalid`, never repeating what the body holds."""
    content: bytes = request.scope["state"]["body"]
    if content:
        _must_be_json(request)
    return _decoded(content or b"{}", kind)


def in_utc(moment: datetime) -> datetime:
    """The same point in time, told in UTC; raises `Invalid` if the calendar does not reach so far."""
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise Invalid(f"{moment.isoformat()} lies outside the years 1 to 9999 in UTC") from error


def one_line(text: str, name: str) -> str:
    """`text` unchanged; raises `Invalid` if it holds a control character, of which PostgreSQL cannot keep NUL."""
    if _CONTROL.search(text):
        raise Invalid(f"{name[:100]!r} holds a control character")
    return text


def _texts(raw: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_PARAMETERS)
    except ValueError as error:
        raise Invalid(f"the query is at most {_MOST_PARAMETERS} pairs name=value of percent-encoded UTF-8") from error
    return _distinct([(name, one_line(text, name)) for name, text in pairs])


def _distinct(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"{twin[:100]!r} is given more than once")
    return members


@cache
def _types(kind: type[Query]) -> Mapping[str, type]:
    """Which parameters are numbers and which true or false; the others are text or are parsed from it."""
    hints = get_type_hints(kind)
    fields = msgspec.structs.fields(kind)
    return {field.encode_name: plain for field in fields for plain in (int, bool) if plain in _parts(hints[field.name])}


def _parts(hint: object) -> Iterable[object]:
    return get_args(hint) or (hint,)


def _typed(texts: Mapping[str, str], types: Mapping[str, type]) -> dict[str, object]:
    typed: dict[str, object] = dict(texts)
    for name, text in texts.items():
        kind = types.get(name)
        if kind is int and _WHOLE_NUMBER.match(text):
            typed[name] = int(text)
        elif kind is bool and text in {"true", "false"}:
            typed[name] = text == "true"
    return typed


def _converted(members: Mapping[str, object], kind: type[Q]) -> Q:
    try:
        return msgspec.convert(members, kind)
    except msgspec.ValidationError as error:
        text = _told(error).replace("Object contains unknown field", "there is no parameter")
        text = text.replace("Object missing required field", "missing parameter").replace(" | null", "")
        raise Invalid(f"in the query, {text.removesuffix(', got `str`')}") from error


def _must_be_json(request: AnyRequest) -> None:
    declared = header_of(request, b"content-type")
    if declared is not None and declared.partition(";")[0].strip().lower() != "application/json":
        raise UnsupportedMediaType("the body is taken as JSON only; send it with 'Content-Type: application/json'")


@cache
def _decoder(kind: type[B]) -> msgspec.json.Decoder[B]:
    return msgspec.json.Decoder(kind)


def _decoded(content: bytes, kind: type[B]) -> B:
    try:
        body: B = _decoder(kind).decode(content)
    except msgspec.MsgspecError as error:
        raise Invalid(f"in the body, {_told(error)}") from None
    except UnicodeDecodeError:
        raise Invalid("the body is not UTF-8") from None  # its error holds the bytes
    if content.count(b":") != _members(msgspec.json.decode(content)):
        json.loads(content, object_pairs_hook=_distinct)  # the decoder would silently take the last of two members
    return body


def _members(value: object) -> int:
    """How many members all objects in it have. With as many colons as that, no member was there twice."""
    if isinstance(value, dict):
        return len(value) + sum(_members(each) for each in value.values() if isinstance(each, dict | list))
    return sum(_members(each) for each in value if isinstance(each, dict | list)) if isinstance(value, list) else 0


def _told(error: Exception) -> str:
    what, _, where = str(error).partition(" - at `$")
    text = f"{where.strip('`.')}: {what}" if where else what
    return text[:_LONGEST_ANSWER]
