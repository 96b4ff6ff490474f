"""The checks of sealed values and of the bodies that speak of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from hashlib import sha256

from adapters.crypto import ed25519_verify
from domain.verification import SealedValue, SealId, Verification
from domain.verification.segment import segment_of
from domain.verification.verification import MOST_FINDINGS
from tests.unit.verification.hand_made import Row, event

DIGEST = sha256(b"sealed").digest()
ID = ("t1", "seal-1")
VALUE = SealedValue(ID, DIGEST)
STRAY = ("t1", "seal-2")


class HeldSeals:
    """A `SealedStore` in memory."""

    def __init__(self, values: Sequence[SealedValue], keys: Sequence[SealId], replies: Sequence[SealId] = ()) -> None:
        self._values = values
        self._keys = keys
        self._replies = replies

    def replies(self) -> AbstractSet[SealId]:
        return {*self._replies}

    def sealed_values(self) -> Iterator[Sequence[SealedValue]]:
        yield self._values

    def data_keys(self) -> Iterator[Sequence[SealId]]:
        yield self._keys


def written(position: int, prev: bytes, number: int = 1, seal_id: str = "seal-1") -> Row:
    body = b'{"number":%d,"path":"p","seal_digest":"%s","seal_id":"%s"}' % (
        number, DIGEST.hex().encode(), seal_id.encode(),
    )  # fmt: skip
    return event(position, "secret.version.written", body, prev)


def log(*, destroyed: bool = False) -> list[Row]:
    rows = [written(1, bytes(32))]
    if destroyed:
        rows.append(event(2, "secret.versions.destroyed", b'{"everything":false,"numbers":[1]}', rows[0][-1]))
    return rows


def found(
    rows: Sequence[Row],
    values: Sequence[SealedValue] = (VALUE,),
    keys: Sequence[SealId] = (ID,),
    replies: Sequence[SealId] = (),
) -> list[tuple[int | None, str]]:
    verification = Verification(ed25519_verify)
    verification.read(segment_of(rows))
    verification.read_sealed(HeldSeals(values, keys, replies))
    return [(each.position, each.check) for each in verification.report().findings]


def test_value_as_it_was_written_is_intact() -> None:
    assert found(log()) == []


def test_other_bytes_are_found_at_the_event_that_names_them() -> None:
    assert found(log(), [VALUE._replace(digest=bytes(32))]) == [(1, "sealed-digest")]


def test_value_that_is_not_there_is_found() -> None:
    assert found(log(), [], []) == [(1, "sealed-absent")]
    assert found(log(), []) == [(1, "sealed-absent")]


def test_value_of_another_tenant_does_not_stand_for_it() -> None:
    other = ("t2", "seal-1")
    told = [(1, "sealed-absent"), (None, "sealed-unnamed"), (None, "key-unnamed")]
    assert sorted(found(log(), [VALUE._replace(id=other)], [other]), key=str) == sorted(told, key=str)


def test_value_or_key_that_no_event_names_is_found_unless_it_is_of_a_reply() -> None:
    stray = SealedValue(STRAY, DIGEST)
    assert found(log(), [VALUE, stray]) == [(None, "sealed-unnamed")]
    assert found(log(), keys=[ID, STRAY]) == [(None, "key-unnamed")]
    assert found(log(), [VALUE, stray], [ID, STRAY], [STRAY]) == []


def test_destroyed_value_may_stay_or_go_but_not_its_key() -> None:
    rows = log(destroyed=True)
    assert found(rows, [VALUE], []) == []
    assert found(rows, [], []) == []
    assert found(rows) == [(2, "key-kept")]
    assert found(rows, []) == [(2, "key-kept")]
    assert found(rows, [VALUE._replace(digest=bytes(32))], []) == [(1, "sealed-digest")]


def test_key_lost_without_an_event_is_found() -> None:
    assert found(log(), keys=[]) == [(1, "key-lost")]


def test_destruction_of_another_version_or_stream_destroys_nothing_here() -> None:
    rows = log()
    for body, stream in ((b'{"numbers":[2]}', "s1"), (b'{"numbers":[1]}', "s2")):
        rows.append(event(len(rows) + 1, "secret.versions.destroyed", body, rows[-1][-1], stream=stream))
    assert found(rows, [], []) == [(1, "sealed-absent")]


def test_destruction_before_the_writing_counts_for_nothing() -> None:
    destroyed = event(1, "secret.versions.destroyed", b'{"numbers":[1]}', bytes(32))
    assert found([destroyed, written(2, destroyed[-1])], [], []) == [(2, "sealed-absent")]


def test_only_sealed_values_that_events_name_are_counted() -> None:
    verification = Verification(ed25519_verify)
    verification.read(segment_of(log()))
    verification.read_sealed(HeldSeals([VALUE, SealedValue(STRAY, DIGEST)], [ID, STRAY], [STRAY]))
    assert verification.report().sealed == 1


def test_bodies_that_do_not_say_what_they_must_are_found() -> None:
    rows = log()
    for kind, body in (
        ("secret.version.written", b"{}"),
        ("secret.version.written", b'{"number":1,"seal_digest":"no hex","seal_id":"x"}'),
        ("secret.versions.destroyed", b'{"numbers":"all"}'),
        ("signing_key.created", b"not JSON"),
    ):
        rows.append(event(len(rows) + 1, kind, body, rows[-1][-1]))
    assert found(rows) == [(position, "body") for position in (2, 3, 4, 5)]


def test_of_many_absent_values_those_at_the_lowest_positions_are_told() -> None:
    rows: list[Row] = []
    for position in range(1, 101):
        rows.append(written(position, rows[-1][-1] if rows else bytes(32), position, f"seal-{position}"))
    assert found(rows, [], []) == [(position, "sealed-absent") for position in range(1, MOST_FINDINGS + 1)]
