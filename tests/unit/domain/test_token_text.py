"""Tokens as text: a form that scanners recognise and a checksum that catches typing errors."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.token_text import PREFIX, SHARE_PREFIX, digest_of, token_text, well_formed

ENTROPY = st.binary(min_size=32, max_size=32)


@given(ENTROPY)
def test_token_has_its_form_and_checksum(entropy: bytes) -> None:
    token = token_text(entropy)
    assert re.fullmatch(r"trst_[0-9A-Za-z]{49}", token)
    assert well_formed(token)


@given(ENTROPY)
def test_token_of_one_kind_is_none_of_another(entropy: bytes) -> None:
    share = token_text(entropy, SHARE_PREFIX)
    assert well_formed(share, SHARE_PREFIX)
    assert not well_formed(share)
    assert not well_formed(token_text(entropy), SHARE_PREFIX)
    assert share.removeprefix(SHARE_PREFIX) == token_text(entropy).removeprefix(PREFIX)


@given(ENTROPY, ENTROPY)
def test_other_entropy_gives_another_token(one: bytes, other: bytes) -> None:
    assert (token_text(one) == token_text(other)) == (one == other)


@given(ENTROPY, st.integers(0, 53), st.sampled_from("0aZ9_-"))
def test_one_wrong_character_is_noticed(entropy: bytes, at: int, wrong: str) -> None:
    token = token_text(entropy)
    mistyped = token[:at] + wrong + token[at + 1 :]
    assert well_formed(mistyped) == (mistyped == token)


@given(ENTROPY, st.integers(5, 52))
def test_two_swapped_characters_are_noticed(entropy: bytes, at: int) -> None:
    token = token_text(entropy)
    swapped = token[:at] + token[at + 1] + token[at] + token[at + 2 :]
    assert well_formed(swapped) == (swapped == token)


@pytest.mark.parametrize("entropy", [bytes(32), b"\xff" * 32])
def test_extreme_entropy_fits(entropy: bytes) -> None:
    assert well_formed(token_text(entropy))


def test_all_256_bits_are_in_the_token() -> None:
    tokens = {token_text((1 << bit).to_bytes(32, "big")) for bit in range(256)}
    assert len(tokens) == 256


@pytest.mark.parametrize("change", ["", " ", "\n", "x"])
def test_something_before_or_after_is_no_token(change: str) -> None:
    token = token_text(b"7" * 32)
    assert well_formed(token + change) == (not change)
    assert well_formed(change + token) == (not change)
    assert not well_formed(change)


def test_form_of_tokens_stays_as_it_is() -> None:
    assert token_text(bytes(range(32))) == "trst_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf1Yo7hP"


def test_digest_is_the_sha256_of_the_whole_text() -> None:
    token = token_text(b"7" * 32)
    assert digest_of(token) == sha256(token.encode()).hexdigest()
