"""Bounds of values, media types and metadata."""

from __future__ import annotations

import pytest

from domain.errors import Invalid, TooLarge
from domain.plaintext import Plaintext
from domain.values import (
    BINARY,
    MAX_METADATA,
    MAX_VALUE,
    TEXT,
    checked_content_type,
    checked_metadata,
    checked_value,
)


def test_value_may_have_a_mebibyte_and_no_byte_more() -> None:
    checked_value(Plaintext(bytearray()), "a")
    checked_value(Plaintext(bytearray(MAX_VALUE)), "a")
    with pytest.raises(TooLarge, match=f"{MAX_VALUE + 1} bytes"):
        checked_value(Plaintext(bytearray(MAX_VALUE + 1)), "a")


@pytest.mark.parametrize(
    "text", [TEXT, BINARY, "application/json", "application/vnd.x+json", 'a/b; c="d"', "a/b;c=d;e=f"]
)
def test_media_type_is_taken(text: str) -> None:
    assert checked_content_type(text) == text


@pytest.mark.parametrize(
    "text",
    ["", "text", "text/", "/plain", "text/plain\n", "text/plain; ", "a b/c", "a/b\r\nx: y", "a/" + "b" * 65, "ä/b"],
)
def test_other_media_type_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="media type"):
        checked_content_type(text)


def test_metadata_is_bounded_in_every_direction() -> None:
    good = {"k" * 128: "v" * 1024, "other": ""}
    assert checked_metadata(good) is good
    assert checked_metadata({str(number): "" for number in range(MAX_METADATA)})
    bad = [{"": "v"}, {"k" * 129: "v"}, {"k": "v" * 1025}, {str(number): "" for number in range(MAX_METADATA + 1)}]
    for metadata in bad:
        with pytest.raises(Invalid):
            checked_metadata(metadata)


def test_refusal_of_metadata_does_not_repeat_it() -> None:
    with pytest.raises(Invalid) as refused:
        checked_metadata({"k": "hunter2" * 200})
    assert "hunter2" not in refused.value.message
