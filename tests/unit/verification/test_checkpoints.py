"""The checks against checkpoints."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from adapters.crypto import ed25519_generate, ed25519_public, ed25519_sign, ed25519_verify
from domain.chain import GENESIS
from domain.checkpoint import signed_checkpoint
from domain.errors import Misconfigured
from domain.signed_note import NoteKey
from domain.verification import HeldCheckpoint, Report, Verification
from domain.verification.segment import segment_of
from tests.unit.verification.hand_made import Row, chain, event

Signer = tuple[NoteKey, Callable[[bytes], bytes]]


def signer(name: str = "example.com/log") -> Signer:
    seed = ed25519_generate()
    return NoteKey(name, ed25519_public(seed)), lambda message: ed25519_sign(seed, message)


LOG_KEY = signer()
ROWS = chain(20)


def checkpoint(size: int, head: bytes | None = None, by: Signer = LOG_KEY) -> HeldCheckpoint:
    return HeldCheckpoint(f"at {size}", signed_checkpoint(size, head or ROWS[size - 1][-1], *by))


def report(*held: HeldCheckpoint, rows: list[Row] = ROWS, key: NoteKey | None = LOG_KEY[0]) -> Report:
    verification = Verification(ed25519_verify, checkpoints=held, key=key)
    for start in range(0, len(rows), 6):
        verification.read(segment_of(rows[start : start + 6]))
    return verification.report()


def found(*held: HeldCheckpoint, rows: list[Row] = ROWS, key: NoteKey | None = LOG_KEY[0]) -> list[tuple[object, str]]:
    return [(each.position, each.check) for each in report(*held, rows=rows, key=key).findings]


def test_checkpoints_at_every_size_fit() -> None:
    held = [checkpoint(0, GENESIS), *(checkpoint(size) for size in range(1, 21))]
    told = report(*held)
    assert (told.intact, told.checkpoints, told.covered) == (True, 21, 20)


def test_tail_that_was_cut_is_found_at_the_first_missing_position() -> None:
    assert found(checkpoint(10), checkpoint(20), rows=ROWS[:15]) == [(16, "checkpoint-size")]
    assert found(checkpoint(1), rows=[]) == [(1, "checkpoint-size")]


def test_other_history_is_found_between_the_checkpoints_it_lies_between() -> None:
    rewritten = [*ROWS[:12], *(each for each in chain(8, ROWS[11][-1], 13))]
    rewritten[12:] = [event(13, "secret.read", b"{}", ROWS[11][-1])]
    rewritten += chain(7, rewritten[-1][-1], 14)
    told = report(checkpoint(5), checkpoint(10), checkpoint(15), checkpoint(20), rows=rewritten)
    assert [(each.position, each.check) for each in told.findings] == [(15, "checkpoint-head"), (20, "checkpoint-head")]
    assert told.first_bad
    assert "from 11 to here" in told.first_bad.what


def test_checkpoint_by_another_key_or_for_another_log_is_found() -> None:
    assert found(checkpoint(20, by=signer())) == [(20, "checkpoint-signature")]
    other_name = (NoteKey("example.com/other", LOG_KEY[0].public), LOG_KEY[1])
    assert found(checkpoint(20, by=other_name)) == [(20, "checkpoint-signature")]


def test_altered_note_is_found() -> None:
    note = checkpoint(20).note.replace("\n20\n", "\n19\n")
    assert (19, "checkpoint-signature") in found(HeldCheckpoint("altered", note))


def test_origin_that_is_not_the_keys_name_is_found() -> None:
    """The note is signed by the right key, but states another log."""
    key, sign = LOG_KEY
    note = signed_checkpoint(20, ROWS[19][-1], NoteKey("example.com/other", key.public), sign)
    text, _, line = note.rpartition("\n\n")
    forged = f"{text}\n\n{line.replace('example.com/other', key.name)}"
    assert found(HeldCheckpoint("forged", forged)) == [(20, "checkpoint-signature")]


def test_what_is_no_checkpoint_is_found() -> None:
    assert found(HeldCheckpoint("file", "no note")) == [(None, "checkpoint-form")]


def key_event(public: bytes, position: int = 1, prev: bytes = GENESIS) -> Row:
    return event(position, "signing_key.created", b'{"public":"%s"}' % public.hex().encode(), prev, tenant="")


def test_without_a_key_the_one_in_the_log_is_used() -> None:
    rows = [key_event(LOG_KEY[0].public)]
    assert found(checkpoint(1, rows[0][-1]), rows=rows, key=None) == []
    assert found(checkpoint(1, rows[0][-1], by=signer()), rows=rows, key=None) == [(1, "checkpoint-signature")]


def test_key_that_is_not_the_one_in_the_log_is_found() -> None:
    rows, (other, _) = [key_event(LOG_KEY[0].public)], signer()
    assert found(rows=rows, key=other) == [(1, "signing-key")]


def test_second_signing_key_in_the_log_is_found() -> None:
    rows = [key_event(LOG_KEY[0].public)]
    rows.append(key_event(signer()[0].public, 2, rows[0][-1]))
    assert found(rows=rows, key=None) == [(2, "signing-key")]


def test_without_any_key_the_log_is_not_called_intact() -> None:
    with pytest.raises(Misconfigured):
        report(checkpoint(20), key=None)


def test_without_any_key_what_is_wrong_is_told_all_the_same() -> None:
    assert found(checkpoint(20), rows=ROWS[:15], key=None) == [(16, "checkpoint-size")]
