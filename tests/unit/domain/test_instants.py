"""Points in time as text whose order is their order."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from domain.instants import instant, parsed

MOMENTS = st.datetimes(timezones=st.just(UTC))


@given(MOMENTS)
def test_instant_is_read_back(moment: datetime) -> None:
    assert parsed(instant(moment)) == moment
    assert parsed(instant(moment)).tzinfo == UTC


@given(MOMENTS, MOMENTS)
def test_order_of_text_is_order_of_time(one: datetime, other: datetime) -> None:
    assert (instant(one) < instant(other)) == (one < other)
    assert len(instant(one)) == len(instant(other)) == len("2026-06-25T12:00:00.000000Z")
