"""Passphrases as bytes: bounded, and the same however a keyboard composes them."""

from __future__ import annotations

import pytest

from domain.errors import Invalid
from domain.passphrase import MAX_PASSPHRASE, passphrase_of


def test_composed_and_decomposed_letters_are_the_same() -> None:
    assert passphrase_of("caf\u00e9") == passphrase_of("cafe\u0301")


def test_nothing_else_is_changed() -> None:
    for text in (" a  b ", "Straße", "\ufb01", "A", "a"):
        assert bytes(passphrase_of(text).buffer) == text.encode()


@pytest.mark.parametrize("text", ["", "x" * (MAX_PASSPHRASE + 1), "\ud800"])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(Invalid, match="passphrase"):
        passphrase_of(text)
