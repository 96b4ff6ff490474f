"""A wrapping gives its answer once, and not after its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from domain.errors import Conflict, Gone
from domain.wrapping import UNWRAP, Terms, Wrapping

NOW = datetime(2026, 6, 25, 12, tzinfo=UTC)
END = NOW + timedelta(minutes=5)


def wrapping() -> Wrapping:
    terms = Terms(
        wrapping_id="wrp_1", hash="0" * 64, creation_path="sys/wrapping/wrap", holds="", ttl_seconds=300,
        expires_at=END, seal_id="s", seal_digest="0" * 64,
    )  # fmt: skip
    return Wrapping.create("acme", terms, NOW)


def test_it_is_used_once() -> None:
    made = wrapping()
    made.use(UNWRAP, "192.0.2.7", NOW)
    with pytest.raises(Gone):
        made.use(UNWRAP, "192.0.2.7", NOW)
    with pytest.raises(Conflict):
        made.expire(END)


def test_it_is_not_used_after_its_time_and_does_not_end_before_it() -> None:
    made = wrapping()
    with pytest.raises(Conflict):
        made.expire(END - timedelta(microseconds=1))
    with pytest.raises(Gone):
        made.use(UNWRAP, "192.0.2.7", END)
    made.expire(END)
    with pytest.raises(Gone):
        made.must_give(NOW)
