"""The hash of a link, computed here a second time from its description."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.chain import GENESIS, HEADER_FIELDS, TAG, header_bytes, link

DIGESTS = st.binary(min_size=32, max_size=32)


@given(DIGESTS, st.integers(1, 2**64 - 1), DIGESTS, DIGESTS)
def test_link_hashes_tag_previous_position_header_and_body(
    prev: bytes, position: int, header: bytes, body: bytes
) -> None:
    hashed = b"trstctl-log/v1\x00" + prev + position.to_bytes(8, "big") + header + body
    assert link(prev, position, header, body) == sha256(hashed).digest()


def test_header_is_its_eight_fields_each_ended_by_a_line_feed() -> None:
    fields = ("id", "stream", 3, "type", "tenant", "time", "äctor", "")
    assert header_bytes(*fields) == "id\nstream\n3\ntype\ntenant\ntime\näctor\n\n".encode()
    assert len(HEADER_FIELDS) == len(fields)


def test_constants_of_the_format() -> None:
    assert TAG == b"trstctl-log/v1\0"
    assert bytes(32) == GENESIS


@pytest.mark.parametrize("position", [-1, 2**64])
def test_position_outside_eight_bytes_is_refused(position: int) -> None:
    with pytest.raises(OverflowError):
        link(GENESIS, position, GENESIS, GENESIS)
