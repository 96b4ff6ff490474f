"""References in values: what is one, what is an escape, and what is neither."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.references import MAX_REFERENCES, Reference, found, named, pinned


def told(value: bytes) -> list[tuple[str, int | None] | int]:
    return [(mark.path, mark.version) if isinstance(mark, Reference) else mark for mark in found(value)]


@pytest.mark.parametrize(
    "value,marks",
    [
        (b"", []),
        (b"plain", []),
        (b"${secret.app/db}", [("app/db", None)]),
        (b"${secret.app/db@3}", [("app/db", 3)]),
        (b"x${secret.a}y${secret.b@12}z", [("a", None), ("b", 12)]),
        (b"$${secret.a}", [0]),
        (b"a$${b", [1]),
        (b"$$${secret.a}", [1]),
        (b"$$$${secret.a}", [2]),
        (b"$${$${", [0, 3]),
        (b"${secret.a", []),
        (b"${secrets.a}", []),
        (b"${a}", []),
        (b"$secret.a", []),
        (b"${secret.a@0}", [("a@0", None)]),
        (b"${secret.a@}", [("a@", None)]),
        (b"${secret.a@-1}", [("a@-1", None)]),
        (b"\xff${secret.a}\xfe", [("a", None)]),
    ],
)
def test_marks_are_found_in_order(value: bytes, marks: list[object]) -> None:
    assert told(value) == marks
    assert told(bytearray(value)) == marks  # type: ignore[arg-type]  # the other kind of buffer


def test_reference_knows_where_it_stands() -> None:
    value = b"pre${secret.a/b@7}post"
    (mark,) = found(value)
    assert mark == Reference(3, 18, "a/b", 7)
    assert value[3:18] == b"${secret.a/b@7}"


@given(st.binary(max_size=60))
def test_bytes_without_dollars_hold_no_marks(value: bytes) -> None:
    assert found(value.replace(b"$", b"")) == []


@given(st.text("ab/", min_size=1, max_size=9), st.integers(min_value=1, max_value=10**18 - 1))
def test_pinned_splits_what_it_was_joined_of(path: str, version: int) -> None:
    assert pinned(f"{path}@{version}") == (path, version)
    assert pinned(path) == (path, None)


def test_named_tells_each_path_once_sorted_and_leaves_out_what_is_no_path() -> None:
    value = b"${secret.b}${secret.a@2}${secret.b}${secret.not a path}${secret.history/x}$${secret.c}"
    assert named(value) == ["a@2", "b"]


def test_named_is_bounded() -> None:
    value = b"".join(b"${secret.a%d}" % number for number in range(MAX_REFERENCES + 50))
    assert len(named(value)) == MAX_REFERENCES


def test_long_value_of_unfinished_references_is_read_quickly() -> None:
    began = time.process_time()
    assert found(b"${secret." * 29_000) == []
    assert time.process_time() - began < 1
