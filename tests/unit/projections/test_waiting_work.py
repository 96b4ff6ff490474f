"""What of the work there is to do needs a person, and what is late: across tenants, for operators and their metrics."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from domain.api_token import ApiTokenIssued
from domain.delivery import DeliveryAttempted
from domain.event import Event
from domain.views import Work
from projections.due_work import DueWork
from tests.parked_work import attempted, failed
from tests.unit.projections.projected import BEGAN, HEADER, Tables

pytestmark = pytest.mark.anyio

END = BEGAN + timedelta(hours=1)


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def view(tables: Tables) -> DueWork:
    view = DueWork(tables)
    tables.add(view)
    return view


def issued(token_id: str) -> Event:
    return ApiTokenIssued(
        **HEADER, originator_topic="api_token", token_id=token_id, subject="ci", scopes=["*"], expires_at=END,  # type: ignore[arg-type]  # a mixed dict
        parent=None, hash=token_id,
    )  # fmt: skip


async def due(tables: Tables, view: DueWork, token_id: str, tenant: str = "acme") -> Work:
    tables.tell(issued(token_id), tenant=tenant)
    work = await view.of(tenant, "api_token.expire", token_id)
    assert work is not None
    return work


async def parked(tables: Tables, view: DueWork, token_id: str, tenant: str = "acme") -> str:
    work = await due(tables, view, token_id, tenant)
    tables.tell(attempted(work), failed(work), tenant=tenant)
    return str(work.stream)


async def test_work_that_needs_a_person_is_counted_by_kind(tables: Tables, view: DueWork) -> None:
    assert await view.parked_by_kind() == {}
    await due(tables, view, "t0")
    await parked(tables, view, "t1")
    await parked(tables, view, "t2", "other")
    assert await view.parked_by_kind() == {"api_token.expire": 2}


async def test_work_of_every_tenant_is_found_in_order_of_id(tables: Tables, view: DueWork) -> None:
    await due(tables, view, "t0")
    ids = sorted([await parked(tables, view, f"t{number}", f"tenant-{number}") for number in range(1, 5)])
    first = await view.parked_anywhere("", 3)
    assert [str(work.stream) for work in first] == ids[:3]
    assert [str(work.stream) for work in await view.parked_anywhere(ids[2], 3)] == ids[3:]


async def test_work_is_found_by_its_id_whatever_its_tenant_and_state(tables: Tables, view: DueWork) -> None:
    waiting = await due(tables, view, "t0", "other")
    found = await view.anywhere(str(waiting.stream))
    assert found is not None
    assert (found.tenant, found.ref) == ("other", "t0")
    assert await view.anywhere(str(UUID(int=7))) is None


async def test_work_is_late_once_it_is_due_and_nobody_has_begun_on_it(tables: Tables, view: DueWork) -> None:
    for number in range(3):
        await due(tables, view, f"t{number}")
    assert await view.overdue(END - timedelta(seconds=1), 99) == 0
    assert await view.overdue(END, 99) == 3
    assert await view.overdue(END, 2) == 2
    claimed = await due(tables, view, "t9")
    begun = attempted(claimed)
    assert isinstance(begun, DeliveryAttempted)
    assert begun.until > END
    tables.tell(begun)
    assert await view.overdue(END, 99) == 3
