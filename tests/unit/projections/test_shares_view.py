"""The read model of shares: found by hash, listed by tenant, subject and state; who saw one, and when."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from domain.event import Event
from domain.share import (
    ShareCreated,
    ShareExpired,
    ShareLocked,
    SharePassphraseFailed,
    ShareRevoked,
    ShareViewed,
)
from domain.share_view import ShareRow, ShareViewRow
from projections.shares import Shares
from tests.unit.projections.projected import BEGAN, HEADER, Tables, at

pytestmark = pytest.mark.anyio

END = BEGAN + timedelta(hours=1)


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def view(tables: Tables) -> Shares:
    view = Shares(tables)
    tables.add(view)
    return view


def created(share_id: str, subject: str = "ann", expires_at: datetime = END) -> Event:
    return ShareCreated(
        **HEADER,  # type: ignore[arg-type]  # a mixed dict
        originator_topic="share",
        share_id=share_id,
        subject=subject,
        hash=f"hash of {share_id}",
        seal_id="seal",
        seal_digest="digest",
        expires_at=expires_at,
        max_views=2,
        guarded=True,
        max_tries=5,
        note="for Bob",
    )


def viewed(share_id: str, number: int) -> Event:
    return ShareViewed(
        **HEADER,  # type: ignore[arg-type]  # a mixed dict
        share_id=share_id,
        number=number,
        remaining=2 - number,
        address="192.0.2.7",
        agent=f"Browser/{number}",
    )


def failed(share_id: str, number: int) -> Event:
    return SharePassphraseFailed(**HEADER, share_id=share_id, number=number, address="", agent="")  # type: ignore[arg-type]  # a mixed dict


async def test_share_is_found_by_its_hash_whatever_its_tenant(tables: Tables, view: Shares) -> None:
    tables.tell(created("s1"), tenant="other")
    assert await view.by_hash("hash of s1") == ShareRow(
        tenant="other", share_id="s1", subject="ann", note="for Bob", state="open", guarded=True, failures=0,
        max_views=2, views=0, created_at=at(1), expires_at=END, ended_at=None,
    )  # fmt: skip
    assert await view.by_hash("hash of s2") is None


async def test_views_are_told_one_by_one_and_the_last_is_the_end(tables: Tables, view: Shares) -> None:
    tables.tell(created("s1"), viewed("s1", 1))
    row = await view.by_id("acme", "s1")
    assert row is not None
    assert (row.views, row.state, row.ended_at) == (1, "open", None)
    tables.tell(viewed("s1", 2), actor="anybody")
    row = await view.by_id("acme", "s1")
    assert row is not None
    assert (row.views, row.state, row.ended_at) == (2, "consumed", at(3))
    assert await view.views("acme", "s1") == [
        ShareViewRow(number=1, at=at(2), address="192.0.2.7", agent="Browser/1", actor="ops#tok", position=2),
        ShareViewRow(number=2, at=at(3), address="192.0.2.7", agent="Browser/2", actor="anybody", position=3),
    ]


@pytest.mark.parametrize(
    "event,state",
    [
        (ShareExpired(**HEADER, share_id="s1"), "expired"),  # type: ignore[arg-type]  # a mixed dict
        (ShareLocked(**HEADER, share_id="s1"), "locked"),  # type: ignore[arg-type]  # a mixed dict
        (ShareRevoked(**HEADER, share_id="s1", reason=""), "revoked"),  # type: ignore[arg-type]  # a mixed dict
    ],
)
async def test_every_end_is_told_with_its_time(event: Event, state: str, tables: Tables, view: Shares) -> None:
    tables.tell(created("s1"), created("s2"), failed("s1", 1), event)
    row, other = await view.by_id("acme", "s1"), await view.by_id("acme", "s2")
    assert row is not None
    assert (row.state, row.ended_at, row.failures) == (state, at(4), 1)
    assert other is not None
    assert (other.state, other.ended_at, other.failures) == ("open", None, 0)


async def test_page_is_in_order_of_id_and_narrowed_as_asked(tables: Tables, view: Shares) -> None:
    tables.tell(created("s3"), created("s1", expires_at=at(50)), created("s2", "bob"), viewed("s3", 1), viewed("s3", 2))

    async def ids(
        subject: str | None = None, state: str | None = None, after: str = "", limit: int = 9, now: datetime = BEGAN
    ) -> list[str]:
        return [row.share_id for row in await view.page("acme", subject, state, now, after, limit)]

    assert await ids() == ["s1", "s2", "s3"]
    assert await ids("ann") == ["s1", "s3"]
    assert await ids(state="consumed") == ["s3"]
    assert await ids(state="open") == ["s1", "s2"]
    assert await ids(state="open", now=at(50)) == ["s2"]
    assert await ids(state="expired", now=at(50)) == ["s1"]
    assert await ids(limit=2) == ["s1", "s2"]
    assert await ids(after="s2") == ["s3"]


async def test_tenants_are_kept_apart(tables: Tables, view: Shares) -> None:
    tables.tell(created("s1"), viewed("s1", 1))
    assert await view.by_id("other", "s1") is None
    assert await view.page("other", None, None, BEGAN, "", 9) == []
    assert await view.views("other", "s1") == []
