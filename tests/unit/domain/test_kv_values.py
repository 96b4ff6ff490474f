"""Objects as bytes and back, merge patches, and the outline of a value."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Invalid
from domain.kv_values import as_object, merged, object_text, outline, sealed_form
from domain.plaintext import Plaintext

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
OBJECTS = st.dictionaries(st.text(max_size=5), JSON, max_size=4)


def value(text: str | bytes) -> Plaintext:
    return Plaintext(bytearray(text.encode() if isinstance(text, str) else text))


@given(OBJECTS)
def test_object_comes_back_as_it_was(data: dict[str, Any]) -> None:
    assert msgspec.json.decode(object_text(sealed_form(data))) == data


def test_members_stand_in_order_without_spaces() -> None:
    assert sealed_form({"b": {"d": 1, "c": [2]}, "a": "ü"}).buffer.decode() == '{"a":"ü","b":{"c":[2],"d":1}}'


@pytest.mark.parametrize(
    "text",
    [
        '{"a":1.10}',
        '{"a":0.1000000000000000055511151231257827}',
        '{"a":1E+400}',
        '{"a":123456789012345678901234}',
        '{"a":[1e3,{"b":-0.0}]}',
    ],
)
def test_numbers_stay_exact_through_a_patch(text: str) -> None:
    assert sealed_form(merged(as_object(value(text)), {})).buffer.decode() == text


@pytest.mark.parametrize("text", ['{"a": 1, "b" : [ {} ]}', "{}", ' {"a":1} '])
def test_stored_object_is_shown_byte_for_byte(text: str) -> None:
    assert object_text(value(text)) == text.encode()


@pytest.mark.parametrize("text", ["", "plain", "[1]", "1", "null", '"x"', '{"a":}', '{"a":1} x', "{a:1}", '{"a":nope}'])
def test_what_is_no_object_is_a_member_of_one(text: str) -> None:
    assert msgspec.json.decode(object_text(value(text))) == {"value": text}


def test_bytes_that_are_no_text_are_in_base64() -> None:
    assert as_object(value(b'{"a":"\xff"}')) == {"value_b64": "eyJhIjoi/yJ9"}


def test_what_nests_too_deep_is_text_when_stored_and_refused_when_new() -> None:
    deep = '{"a":' * 100_000 + "1" + "}" * 100_000
    assert as_object(value(deep)) == {"value": deep}
    made: dict[str, Any] = {}
    for _ in range(100_000):
        made = {"a": made}
    with pytest.raises(Invalid):
        sealed_form(made)
    while made:  # so that it is let go of level by level
        made = made.pop("a")


@pytest.mark.parametrize(
    "target,patch,result",
    [
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patches_of_rfc_7396_appendix_a(target: object, patch: dict[str, Any], result: object) -> None:
    before = msgspec.json.encode(target)
    assert merged(target, patch) == result
    assert msgspec.json.encode(target) == before


@given(OBJECTS, st.integers(0, 3))
def test_outline_holds_names_and_no_value(data: dict[str, Any], depth: int) -> None:
    found = outline(data, depth)
    assert found.keys() == data.keys()
    assert set(_leaves(found)) <= {None}


def _leaves(tree: dict[str, Any]) -> list[object]:
    return [leaf for each in tree.values() for leaf in (_leaves(each) if isinstance(each, dict) else [each])]
