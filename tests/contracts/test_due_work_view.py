"""What the read model of due work tells, on each store: what is due where, what needs a person, and to which tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from adapters.log.batch import Batch
from domain.delivery import DeliveryAttempted, DeliveryFailed, DeliveryParked, DeliveryResolved, DeliveryRetried
from domain.event import Event
from domain.process import REVOKE_LEASE
from domain.views import Work
from projections.due_work import DueWork
from tests.lease_events import AT, END, lease
from tests.stores import Store, append, every_projection, reading

pytestmark = pytest.mark.anyio

LATER = END + timedelta(hours=1)


@pytest.fixture
async def view(store: Store) -> AsyncIterator[DueWork]:
    async with reading(store) as reader:
        yield DueWork(reader)


def tell(store: Store, *events: Event, tenant: str = "t1") -> None:
    outcomes, _ = Batch(store.log(), every_projection(), "node").write([append(*events, tenant=tenant)])
    assert isinstance(outcomes[0], int), outcomes


def attempted(work: Work) -> DeliveryAttempted:
    return DeliveryAttempted(
        originator_id=work.stream, originator_version=work.version + 1, timestamp=AT, kind=work.kind, ref=work.ref,
        destination=work.destination, number=work.attempts + 1, node="n", until=LATER,
    )  # fmt: skip


def failed(work: Work, kind: type[DeliveryFailed | DeliveryParked]) -> DeliveryFailed | DeliveryParked:
    return kind(
        originator_id=work.stream, originator_version=work.version + 2, timestamp=AT, kind=work.kind, ref=work.ref,
        number=work.attempts + 1, error="backend-refused", detail="no", retry_at=LATER,
    )  # fmt: skip


def decided(work: Work) -> dict[str, Any]:
    return {"originator_id": work.stream, "originator_version": work.version + 1, "timestamp": AT, "kind": work.kind}


async def of(view: DueWork, ref: str, tenant: str = "t1") -> Work:
    work = await view.of(tenant, REVOKE_LEASE, ref)
    assert work is not None
    return work


async def park(store: Store, view: DueWork, ref: str, tenant: str = "t1") -> Work:
    tell(store, *lease(ref), tenant=tenant)
    work = await of(view, ref, tenant)
    tell(store, attempted(work), failed(work, DeliveryParked), tenant=tenant)
    return await of(view, ref, tenant)


async def test_work_is_due_where_and_when_it_is_due(store: Store, view: DueWork) -> None:
    tell(store, *lease("l1"), *lease("l2", destination="there", expires_at=LATER))
    tell(store, *lease("l3", expires_at=END - timedelta(minutes=1)), tenant="t2")
    assert await view.destinations(END - timedelta(hours=1)) == []
    assert await view.destinations(END) == ["file/db"]
    assert await view.destinations(LATER) == ["file/db", "there"]
    assert [(work.tenant, work.ref) for work in await view.due("file/db", END, 9)] == [("t2", "l3"), ("t1", "l1")]
    assert [work.ref for work in await view.due("file/db", END, 1)] == ["l3"]
    assert list(await view.due("there", END, 9)) == []
    assert await view.overdue(END, 9) == 2


async def test_attempt_holds_work_back_until_its_claim_ends(store: Store, view: DueWork) -> None:
    tell(store, *lease("l1"))
    work = await of(view, "l1")
    assert (work.version, work.attempts, work.due_at, work.needs_attention) == (0, 0, END, False)
    tell(store, attempted(work))
    claimed = await of(view, "l1")
    assert (claimed.version, claimed.attempts, claimed.due_at) == (1, 1, LATER)
    assert await view.destinations(END) == []


async def test_failure_is_told_and_comes_round(store: Store, view: DueWork) -> None:
    tell(store, *lease("l1"))
    work = await of(view, "l1")
    tell(store, attempted(work), failed(work, DeliveryFailed))
    again = await of(view, "l1")
    assert (again.error, again.detail, again.due_at, again.needs_attention) == ("backend-refused", "no", LATER, False)
    assert again.stream == work.stream


async def test_what_the_aggregate_ended_is_not_due(store: Store, view: DueWork) -> None:
    tell(store, *lease("l1", "revoked"))
    assert await view.of("t1", REVOKE_LEASE, "l1") is None
    assert await view.destinations(LATER) == []


async def test_parked_work_is_paged_for_its_tenant_and_for_the_operator(store: Store, view: DueWork) -> None:
    mine = sorted([str((await park(store, view, f"l{number}")).stream) for number in range(3)])
    theirs = str((await park(store, view, "l9", "t2")).stream)
    first = await view.parked("t1", "", 2)
    assert [str(work.stream) for work in first] == mine[:2]
    assert [str(work.stream) for work in await view.parked("t1", mine[1], 2)] == mine[2:]
    assert [str(work.stream) for work in await view.parked_anywhere("", 9)] == sorted([*mine, theirs])
    assert await view.parked_by_kind() == {REVOKE_LEASE: 4}


async def test_work_is_found_by_id_by_its_tenant_and_by_the_operator(store: Store, view: DueWork) -> None:
    work = await park(store, view, "l1")
    assert await view.by_id("t1", str(work.stream)) == work
    assert await view.by_id("t2", str(work.stream)) is None
    assert await view.anywhere(str(work.stream)) == work
    assert await view.anywhere(str(UUID(int=7))) is None
    assert await view.of("t2", REVOKE_LEASE, "l1") is None


async def test_person_has_it_tried_or_closes_it(store: Store, view: DueWork) -> None:
    retried, resolved = await park(store, view, "l1"), await park(store, view, "l2")
    tell(
        store,
        DeliveryRetried(**decided(retried), ref="l1"),
        DeliveryResolved(**decided(resolved), ref="l2", reason="gone"),
    )
    again = await of(view, "l1")
    assert (again.attempts, again.needs_attention, again.due_at) == (0, False, AT)
    assert await view.of("t1", REVOKE_LEASE, "l2") is None
    assert await view.parked("t1", "", 9) == []
