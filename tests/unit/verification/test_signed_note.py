"""The form of signed notes and checkpoints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.crypto import ed25519_public, ed25519_sign, ed25519_verify
from domain.checkpoint import parsed_checkpoint, signed_checkpoint
from domain.errors import Invalid
from domain.signed_note import MAX_SIGNATURES, NoteKey, parsed_note, parsed_vkey, signed_by

SEED = bytes(range(32))
KEY = NoteKey("example.com/log", ed25519_public(SEED))

# From the documentation of golang.org/x/mod/sumdb/note: that another implementation wrote it is the point.
FOREIGN_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
FOREIGN_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def note(size: int = 7, head: bytes = bytes(32)) -> str:
    return signed_checkpoint(size, head, KEY, lambda message: ed25519_sign(SEED, message))


def test_note_of_another_implementation_verifies() -> None:
    key = parsed_vkey(FOREIGN_KEY)
    assert key.vkey == FOREIGN_KEY
    assert signed_by(parsed_note(FOREIGN_NOTE), key, ed25519_verify)
    assert not signed_by(parsed_note(FOREIGN_NOTE.replace("answer", "Answer")), key, ed25519_verify)


@given(st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))
def test_checkpoint_comes_back_as_it_was_signed(size: int, head: bytes) -> None:
    checkpoint, signed = parsed_checkpoint(note(size, head))
    assert (checkpoint.origin, checkpoint.size, checkpoint.head) == (KEY.name, size, head)
    assert signed.text == checkpoint.text
    assert signed_by(signed, KEY, ed25519_verify)


def test_vkey_comes_back_as_it_was_given() -> None:
    assert parsed_vkey(f" {KEY.vkey}\n") == KEY


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/log",
        KEY.vkey.replace("example", "exemple"),
        KEY.vkey[:-4],
        KEY.vkey.replace("+A", "+B"),
        "+" + KEY.vkey.partition("+")[2],
        "x" * 10_000,
    ],
)
def test_vkey_that_is_none_or_was_altered_is_refused(vkey: str) -> None:
    with pytest.raises(Invalid):
        parsed_vkey(vkey)


def test_signatures_of_others_are_left_aside() -> None:
    foreign = FOREIGN_NOTE.rpartition("\n\n")[2]
    for several in (note() + foreign, note().replace("\u2014", foreign + "\u2014")):
        assert signed_by(parsed_note(several), KEY, ed25519_verify)


def test_one_bad_signature_of_the_key_spoils_the_note() -> None:
    line = note().rpartition("\n\n")[2]
    other = note(8).rpartition("\n\n")[2]
    assert not signed_by(parsed_note(note() + other), KEY, ed25519_verify)
    assert signed_by(parsed_note(note() + line), KEY, ed25519_verify)


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "\n\n",
        "text\n",
        note()[:-1],
        note() + "\n",
        note().replace("\u2014 ", "- "),
        note().replace("\u2014 ", "\u2014"),
        note().replace("\n\n", "\n"),
        note().replace("log\n7", "log\t\n7"),
        note().replace("=\n\n", "\n\n"),
        note().replace("=\n\n", "==\n\n"),
        note().replace("\n7\n", "\n07\n"),
        note().replace("\n7\n", "\n-7\n"),
        note().replace("\n7\n", "\n7 \n"),
        note().replace("\n7\n", "\n\u0667\n"),
        note().replace("\n7\n", f"\n{2**63}\n"),
        note().replace("\n7\n", "\n\n7\n"),
        note().replace("\n7\n", "\n7\nextension\n"),
        note().replace("AAAA=", "AA=="),
        note().replace("AAAAA=", "AAAAB="),
        note().replace("example.com/log\n7", "\n7"),
        note() + "\u2014 example.com/log AAAA\n",
        note() + "\u2014 a+b AAAAAAAA\n",
        note() + "\u2014  AAAAAAAA\n",
        note() + "\u2014 n AAAAAAAA\n" * MAX_SIGNATURES,
        "x" * 300_000,
    ],
)
def test_whatever_is_not_exactly_a_checkpoint_is_refused(broken: str) -> None:
    with pytest.raises(Invalid):
        parsed_checkpoint(broken)


@given(st.text())
def test_no_text_breaks_the_parser(text: str) -> None:
    for parse in (parsed_checkpoint, parsed_vkey):
        with pytest.raises(Invalid):
            parse(text)


def test_name_with_a_space_or_a_plus_signs_nothing() -> None:
    for name in ("", "a b", "a+b", "a\u00a0b", "a\nb"):
        with pytest.raises(Invalid):
            signed_checkpoint(1, bytes(32), NoteKey(name, KEY.public), lambda _: bytes(64))


def test_head_of_another_length_is_not_signed() -> None:
    with pytest.raises(Invalid):
        note(head=bytes(31))
