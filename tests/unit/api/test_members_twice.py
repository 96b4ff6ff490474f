"""A member that stands twice in a body is refused, however it is written; what only looks like it is not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from api.decoding import body_of
from api.requests import AnyRequest
from domain.errors import Invalid


class Body(msgspec.Struct):
    a: Any = None
    b: Any = None


def decoded(content: bytes) -> Body:
    scope = {"headers": [(b"content-type", b"application/json")], "state": {"body": content}}
    return body_of(cast("AnyRequest", SimpleNamespace(scope=scope)), Body)


@pytest.mark.parametrize(
    "content",
    [
        b'{"a":1,"a":2}',
        b'{"a" :1,"a" :2}',
        b'{"a":1,"a" :2}',
        b'{"a":{"x":1,"x":1},"b":":"}',
        b'{"a":[{"x":1},{"y":1,"y":2}]}',
        b'{"a":1,"\\u0061":2}',
    ],
)
def test_member_given_twice_is_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match="given more than once"):
        decoded(content)


@pytest.mark.parametrize("content", [b'{"a":"x:y:z"}', b'{"a":{"a":{"a":1}}}', b'{"a":[{"x":1},{"x":1}]}', b"{}"])
def test_colons_in_values_and_equal_names_at_different_places_are_not(content: bytes) -> None:
    assert decoded(content) == msgspec.json.decode(content, type=Body)
