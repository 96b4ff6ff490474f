"""The type that holds values in the clear does not give them away."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest

from domain.plaintext import Plaintext

VALUE = b"hunter2"


@pytest.fixture
def plaintext() -> Plaintext:
    return Plaintext.copy_of(VALUE)


@pytest.mark.parametrize(
    "giving_away",
    [str, "%s".__mod__, pickle.dumps, copy.copy, copy.deepcopy, hash, format],
)
def test_what_would_copy_or_print_it_is_refused(
    giving_away: Callable[[Plaintext], object], plaintext: Plaintext
) -> None:
    with pytest.raises(TypeError) as refused:
        giving_away(plaintext)
    assert "hunter2" not in str(refused.value)


def test_repr_tells_the_length_alone(plaintext: Plaintext) -> None:
    assert repr(plaintext) == "Plaintext(<7 bytes redacted>)"
    assert f"{[plaintext]}" == "[Plaintext(<7 bytes redacted>)]"


def test_leaving_the_block_wipes_the_very_buffer() -> None:
    buffer = bytearray(VALUE)
    with pytest.raises(KeyError), Plaintext(buffer) as plaintext:
        raise KeyError(len(plaintext))
    assert buffer == bytes(len(VALUE))


def test_copy_has_a_buffer_of_its_own() -> None:
    source = bytearray(VALUE)
    copied = Plaintext.copy_of(source)
    copied.wipe()
    assert source == VALUE
    assert len(copied) == len(VALUE)


def test_equality_is_of_bytes_and_only_with_its_kind(plaintext: Plaintext) -> None:
    assert plaintext == Plaintext.copy_of(VALUE)
    assert plaintext != Plaintext.copy_of(b"hunter3")
    assert plaintext != Plaintext.copy_of(b"hunter22")
    assert plaintext != VALUE
