"""The aggregate Share: given as often as it may be, and ended once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import Conflict, Gone
from domain.names import stream_of
from domain.share import (
    CONSUMED,
    EXPIRED,
    LOCKED,
    OPEN,
    REVOKED,
    STATES,
    Share,
    ShareCreated,
    ShareExpired,
    ShareLocked,
    SharePassphraseFailed,
    ShareRevoked,
    ShareViewed,
    Terms,
    Visitor,
)
from tests.unit.domain.folding import folded, state, taken

NOW = datetime(2026, 6, 25, 12, 0, tzinfo=UTC)
END = NOW + timedelta(hours=1)
VISITOR = Visitor("192.0.2.7", "Browser/1")


def share(max_views: int = 1, max_tries: int = 5) -> Share:
    terms = Terms(
        share_id="shr_1", subject="ann", hash="ab" * 32, seal_id="seal", seal_digest="cd" * 32, expires_at=END,
        max_views=max_views, guarded=True, max_tries=max_tries, note="for Bob",
    )  # fmt: skip
    return Share.create("acme", terms, NOW)


def test_making_is_one_event_that_holds_the_hash() -> None:
    (event,) = taken(share())
    assert event == ShareCreated(
        originator_id=stream_of("share", "acme", "shr_1"), originator_version=1, timestamp=NOW,
        originator_topic="share", share_id="shr_1", subject="ann", hash="ab" * 32, seal_id="seal",
        seal_digest="cd" * 32, expires_at=END, max_views=1, guarded=True, max_tries=5, note="for Bob",
    )  # fmt: skip


def test_last_view_is_the_end() -> None:
    made = share(max_views=2)
    assert made.view(VISITOR, NOW) == 1
    assert made.state == OPEN
    assert made.view(VISITOR, NOW) == 0
    assert made.state == CONSUMED
    with pytest.raises(Gone):
        made.view(VISITOR, NOW)
    _, first, second = taken(made)
    assert isinstance(first, ShareViewed)
    assert isinstance(second, ShareViewed)
    assert [(each.number, each.remaining, each.address, each.agent) for each in (first, second)] == [
        (1, 1, "192.0.2.7", "Browser/1"), (2, 0, "192.0.2.7", "Browser/1"),
    ]  # fmt: skip


def test_nothing_is_given_from_the_instant_of_expiry_on() -> None:
    made = share()
    made.must_give(END - timedelta(microseconds=1))
    for act in (made.must_give, lambda at: made.view(VISITOR, at), lambda at: made.refuse(VISITOR, at)):
        with pytest.raises(Gone):
            act(END)
    assert len(taken(made)) == 1


def test_wrong_passphrases_lock_it_and_a_right_one_gives_no_try_back() -> None:
    made = share(max_views=9, max_tries=2)
    assert made.refuse(VISITOR, NOW) == 1
    made.view(VISITOR, NOW)
    assert made.refuse(VISITOR, NOW) == 0
    assert made.state == LOCKED
    with pytest.raises(Gone):
        made.view(VISITOR, NOW)
    events = taken(made)[1:]
    assert [type(event) for event in events] == [
        SharePassphraseFailed, ShareViewed, SharePassphraseFailed, ShareLocked,
    ]  # fmt: skip


def test_it_expires_when_its_time_is_over_and_not_before() -> None:
    made = share()
    with pytest.raises(Conflict, match="does not expire before"):
        made.expire(END - timedelta(microseconds=1))
    made.expire(END)
    assert made.state == EXPIRED
    assert isinstance(taken(made)[-1], ShareExpired)


def test_withdrawal_tells_why() -> None:
    made = share()
    made.revoke("x" * 600, NOW)
    event = taken(made)[-1]
    assert isinstance(event, ShareRevoked)
    assert event.reason == "x" * 500
    assert made.state == REVOKED


def ended(how: str) -> Share:
    made = share(max_tries=1)
    ways: dict[str, Callable[[], object]] = {
        CONSUMED: lambda: made.view(VISITOR, NOW),
        EXPIRED: lambda: made.expire(END),
        REVOKED: lambda: made.revoke("", NOW),
        LOCKED: lambda: made.refuse(VISITOR, NOW),
    }
    ways[how]()
    return made


@pytest.mark.parametrize("how", [each for each in STATES if each != OPEN])
def test_what_has_ended_does_not_end_again(how: str) -> None:
    made = ended(how)
    assert made.state == how
    with pytest.raises(Conflict, match=how):
        made.revoke("", NOW)
    with pytest.raises(Conflict, match=how):
        made.expire(END)
    with pytest.raises(Gone):
        made.must_give(NOW)


ACTS = st.lists(st.sampled_from(["view", "refuse", "revoke", "expire", "wait"]), max_size=40)


@given(st.integers(1, 6), st.integers(1, 6), ACTS)
def test_whatever_is_done_no_more_is_given_than_may_be(max_views: int, max_tries: int, acts: list[str]) -> None:
    made, at, given_out, refused = share(max_views, max_tries), NOW, 0, 0
    for act in acts:
        over = made.state != OPEN
        try:
            if act == "view":
                made.view(VISITOR, at)
                given_out += 1
            elif act == "refuse":
                made.refuse(VISITOR, at)
                refused += 1
            elif act == "revoke":
                made.revoke("", at)
            elif act == "expire":
                made.expire(at)
            else:
                at += timedelta(minutes=20)
        except (Gone, Conflict):
            assert over or at >= END or act == "expire"
        else:
            assert not over or act == "wait"
    assert given_out == made.views <= max_views
    assert refused == made.failures <= max_tries
    assert (made.state == CONSUMED) == (given_out == max_views)
    assert (made.state == LOCKED) == (refused == max_tries)
    assert state(folded(Share, taken(made))) == state(made)
