"""The checks of the chain, on rows made by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.crypto import ed25519_verify
from domain.verification import Report, Verification
from domain.verification.segment import SHAPE, segment_of
from domain.verification.verification import MOST_FINDINGS
from tests.unit.verification.hand_made import Row, chain, linked


def report(rows: Sequence[Row], segment: int = 500) -> Report:
    verification = Verification(ed25519_verify)
    for start in range(0, len(rows), segment):
        verification.read(segment_of(rows[start : start + segment]))
    return verification.report()


def found(rows: Sequence[Row], segment: int = 500) -> list[tuple[int | None, str]]:
    return [(finding.position, finding.check) for finding in report(rows, segment).findings]


def replaced(rows: list[Row], index: int, column: int, value: Any) -> list[Row]:
    row = list(rows[index])
    row[column] = value
    return [*rows[:index], tuple(row), *rows[index + 1 :]]


@pytest.mark.parametrize("segment", [1, 2, 3, 7, 100])
def test_whole_chain_is_intact_however_it_is_cut_into_segments(segment: int) -> None:
    rows = chain(20)
    told = report(rows, segment)
    assert (told.intact, told.events, told.head) == (True, 20, rows[-1][-1].hex())
    assert (told.first_bad, told.sealed, told.withheld) == (None, None, 0)


def test_empty_log_is_intact_with_the_genesis_hash_as_head() -> None:
    told = report([])
    assert (told.intact, told.events, told.head) == (True, 0, "0" * 64)


@given(st.integers(0, 19), st.integers(0, 11), st.integers(1, 9))
def test_any_column_changed_is_found_at_its_row(index: int, column: int, segment: int) -> None:
    rows = chain(20)
    value = rows[index][column]
    changed: Any = value + 1000 if isinstance(value, int) else value[:-1] + (b"?" if isinstance(value, bytes) else "?")
    told = found(replaced(rows, index, column, changed), segment)
    first = index + 1
    assert told[0][0] in ({first, first + 1000} if column == 0 else {first})


@given(st.integers(1, 19), st.integers(1, 9))
def test_dropped_row_is_found_at_its_position(index: int, segment: int) -> None:
    rows = chain(21)
    assert found(rows[:index] + rows[index + 1 :], segment)[0] == (index + 1, "position")


def test_one_broken_link_does_not_condemn_what_follows() -> None:
    assert found(replaced(chain(20), 4, 9, b"{}")) == [(5, "hash")]


def test_several_faults_are_told_by_position() -> None:
    rows = replaced(replaced(chain(20), 14, 9, b"{}"), 4, 9, b"{}")
    assert found(rows) == [(5, "hash"), (15, "hash")]


def test_findings_of_one_check_are_bounded_and_the_first_are_told() -> None:
    rows = chain(200)
    for index in range(50, 150):
        rows = replaced(rows, index, 9, b"{}")
    told = found(rows, segment=30)
    assert [position for position, _ in told] == list(range(51, 51 + MOST_FINDINGS))


def test_chain_that_begins_elsewhere_is_found() -> None:
    assert found(chain(3, prev=bytes(range(32))))[0] == (1, "link")
    assert found(chain(3, first=2))[0] == (1, "position")


@pytest.mark.parametrize(
    "column, value",
    [
        (column, value)
        for column in range(1, 12)
        for value in (None, 7.5, "7", b"7", 7)
        if type(value) is not SHAPE[column]
    ],
    ids=repr,
)
def test_value_of_another_type_is_found_and_named(column: int, value: object) -> None:
    rows = chain(5)
    told = report(replaced(rows, 2, column, value))
    assert told.first_bad is not None
    assert (told.first_bad.position, told.first_bad.check) == (3, "shape")


@pytest.mark.parametrize("position", [None, "3", 3.0, b"3"], ids=repr)
def test_position_that_is_no_number_is_found(position: object) -> None:
    assert (-1, "shape") in found(replaced(chain(5), 2, 0, position))


@pytest.mark.parametrize("position", [-3, 0, 3])
def test_positions_out_of_order_are_found(position: int) -> None:
    rows = chain(5)
    changed = linked(3, rows[4][1:9], rows[4][9], rows[3][-1])
    assert (position, "position") in found([*rows[:4], (position, *changed[1:])])


def test_line_feed_moved_between_fields_is_found() -> None:
    row = chain(1)[0]
    header = [*row[1:9]]
    header[6:8] = ["actor\nrequest", ""]
    assert found([(1, *header, *row[9:])]) == [(1, "hash")]
