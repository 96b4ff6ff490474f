"""Drafts become links of the chain."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.log.linking import Draft, Head, chained
from domain.chain import GENESIS, header_bytes, link
from domain.errors import Invalid

LINES = st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=8)
DRAFTS = st.builds(Draft, LINES, st.integers(1, 9), LINES, LINES, LINES, LINES, LINES, st.binary(max_size=20))
DRAFT = Draft("stream", 1, "type", "tenant", "time", "actor", "request", b"{}")


@given(st.lists(DRAFTS, max_size=5), st.integers(0, 2**40), st.binary(min_size=32, max_size=32))
def test_each_link_holds_the_one_before(drafts: list[Draft], position: int, prev: bytes) -> None:
    links = chained(Head(position, prev), drafts)
    assert [each.position for each in links] == [position + number for number in range(1, len(drafts) + 1)]
    for each, draft in zip(links, drafts, strict=True):
        assert each.prev_hash == prev
        assert each[2:10] == draft
        header = header_bytes(each.id, *each[2:9])
        assert each.hash == link(prev, each.position, sha256(header).digest(), sha256(each.body).digest())
        prev = each.hash


def test_first_link_follows_the_genesis() -> None:
    (first,) = chained(Head(), [DRAFT])
    assert (first.position, first.prev_hash) == (1, GENESIS)


def test_ids_are_128_random_bits_each() -> None:
    links = [*chained(Head(), [DRAFT] * 50), *chained(Head(), [DRAFT] * 50)]
    assert len({bytes.fromhex(each.id) for each in links}) == 100
    assert {len(each.id) for each in links} == {32}


@pytest.mark.parametrize("field", ["stream", "type", "tenant", "time", "actor", "request_id"])
def test_line_feed_in_a_header_field_is_refused(field: str) -> None:
    forged = DRAFT._replace(**{field: "a\nb"})  # type: ignore[arg-type]  # a field of text
    with pytest.raises(Invalid, match="line feed"):
        chained(Head(), [DRAFT, forged])
