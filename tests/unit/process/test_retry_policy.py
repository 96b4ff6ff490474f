"""How failed work is repeated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.process import RetryPolicy

POLICY = RetryPolicy(first=1, longest=300, attempts=8)


@given(number=st.integers(1, 10**6), chance=st.floats(0, 1))
def test_pause_grows_to_its_bound_and_is_at_most_halved_by_chance(number: int, chance: float) -> None:
    full = min(2.0 ** min(number - 1, 30), 300)
    assert full / 2 <= POLICY.pause(number, chance).total_seconds() <= full


def test_first_pause_without_chance_is_the_first() -> None:
    assert POLICY.pause(1, 0).total_seconds() == 1
    assert POLICY.pause(4, 0).total_seconds() == 8


def test_person_is_needed_after_as_many_failures_as_configured() -> None:
    assert [POLICY.is_hopeless(number) for number in (1, 7, 8, 9)] == [False, False, True, True]
