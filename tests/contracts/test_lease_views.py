"""What the read models of leases, providers, rotations and their schedules tell, on each store and to each tenant."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from adapters.log.batch import Batch
from domain.event import Event
from domain.ports import Reader
from domain.provider import ProviderRemoved, RoleRemoved
from domain.rotation import RotationCompleted, RotationFailed, RotationStaged, RotationVerified
from domain.rotation_schedule import ScheduleFired, ScheduleRemoved, ScheduleSkipped
from domain.views import LeaseFilter
from projections.leases import Leases
from projections.providers import Providers
from projections.rotation_schedules import RotationSchedules
from projections.rotations import Rotations
from tests.lease_events import AT, END, header, lease, provider, rotation, schedule
from tests.stores import Store, append, every_projection, reading

pytestmark = pytest.mark.anyio

STATES = ("pending", "active", "failed", "revoking", "revoked")
MOVED: dict[str, Any] = {"destination": "file/db", "go_on_at": END}


@pytest.fixture
async def reader(store: Store) -> AsyncIterator[Reader]:
    async with reading(store) as opened:
        yield opened


def tell(store: Store, *events: Event, tenant: str = "t1") -> None:
    outcomes, _ = Batch(store.log(), every_projection(), "node").write([append(*events, tenant=tenant)])
    assert isinstance(outcomes[0], int), outcomes


async def ids(view: Leases, wanted: LeaseFilter, tenant: str = "t1") -> list[str]:
    return [row.lease_id for row in await view.page(tenant, wanted, "", 100)]


async def test_lease_is_told_in_each_state(store: Store, reader: Reader) -> None:
    for state in STATES:
        tell(store, *lease(state, state))
    view = Leases(reader)
    for state in STATES:
        row = await view.find("t1", state)
        assert row is not None
        assert (row.state, row.expires_at, row.account) == (state, END, f"trst-{state}")
        assert (row.gone_at is not None) == (state == "revoked")
        assert await ids(view, LeaseFilter(state=state)) == [state]
    assert await view.find("t1", "none") is None
    assert await view.find("t2", "active") is None


async def test_leases_are_paged_in_order_of_id(store: Store, reader: Reader) -> None:
    tell(store, *(event for number in range(5) for event in lease(f"l{number}")))
    tell(store, *lease("l9"), tenant="t2")
    view = Leases(reader)
    first = await view.page("t1", LeaseFilter(), "", 3)
    assert [row.lease_id for row in first] == ["l0", "l1", "l2"]
    rest = await view.page("t1", LeaseFilter(), "l2", 3)
    assert [row.lease_id for row in rest] == ["l3", "l4"]
    assert await view.page("t1", LeaseFilter(), "l4", 3) == []
    assert await ids(view, LeaseFilter(), "t2") == ["l9"]


async def test_leases_are_filtered_by_each_field_and_by_prefix(store: Store, reader: Reader) -> None:
    tell(store, *lease("l1"), *lease("l2", provider="db2"), *lease("l3", role="write"), *lease("l4", subject="bob"))
    view = Leases(reader)
    assert await ids(view, LeaseFilter(provider="db2")) == ["l2"]
    assert await ids(view, LeaseFilter(role="write")) == ["l3"]
    assert await ids(view, LeaseFilter(subject="bob", provider="db")) == ["l4"]
    assert await ids(view, LeaseFilter(prefix="db/")) == ["l1", "l3", "l4"]
    assert await ids(view, LeaseFilter(prefix="db/w")) == ["l3"]
    assert await ids(view, LeaseFilter(prefix="%")) == []


async def test_what_must_be_at_a_backend_is_told_whatever_its_tenant(store: Store, reader: Reader) -> None:
    tell(store, *lease("l1"), *lease("l2", "revoked"), *lease("l3", "revoking"))
    tell(store, *lease("l4"), *lease("l5", destination="elsewhere"), tenant="t2")
    view = Leases(reader)
    assert await view.there(["trst-l1", "trst-l2", "trst-l4", "trst-l5", "x"]) == {"trst-l1", "trst-l4", "trst-l5"}
    first = await view.expected("file/db", "", 2)
    assert [row.account for row in first] == ["trst-l1", "trst-l3"]
    assert [row.account for row in await view.expected("file/db", "trst-l3", 2)] == ["trst-l4"]


async def test_providers_are_told_with_their_roles_to_their_tenant(store: Store, reader: Reader) -> None:
    tell(store, *provider("b", "write", "read"), *provider("a"))
    tell(store, *provider("b", "other"), tenant="t2")
    view = Providers(reader)
    assert [(entry.name, list(entry.roles)) for entry in await view.all("t1")] == [("a", []), ("b", ["read", "write"])]
    found = await view.find("t2", "b")
    assert found is not None
    assert (found.destination, found.seal_id, list(found.roles)) == ("t2/b", "seal-b-1", ["other"])
    assert (found.roles["other"].default_ttl_seconds, found.roles["other"].max_ttl_seconds) == (60, 600)
    assert await view.find("t2", "a") is None


async def test_provider_is_replaced_and_goes_with_its_roles(store: Store, reader: Reader) -> None:
    tell(store, *provider("a", "read", "write"))
    tell(store, *provider("a", number=2), RoleRemoved(**header(), name="a", role="write"))
    view = Providers(reader)
    found = await view.find("t1", "a")
    assert found is not None
    assert (found.number, list(found.roles)) == (2, ["read"])
    tell(store, ProviderRemoved(**header(), name="a"))
    assert await view.find("t1", "a") is None
    tell(store, *provider("a"))
    again = await view.find("t1", "a")
    assert again is not None
    assert again.roles == {}


async def test_rotation_is_told_phase_by_phase(store: Store, reader: Reader) -> None:
    tell(store, rotation("r1"), RotationStaged(**header(), rotation_id="r1", **MOVED, new_ref="rot-1"))
    view = Rotations(reader)
    row = await view.find("t1", "r1")
    assert row is not None
    assert (row.state, row.new_ref, row.ended_at) == ("staging", "rot-1", None)
    tell(store, RotationVerified(**header(), rotation_id="r1", **MOVED))
    row = await view.find("t1", "r1")
    assert row is not None
    assert (row.state, row.retire_at) == ("retiring", END)
    tell(store, RotationCompleted(**header(), rotation_id="r1", **MOVED))
    row = await view.find("t1", "r1")
    assert row is not None
    assert (row.state, row.ended_at) == ("completed", AT)
    assert await view.find("t2", "r1") is None


async def test_failed_rotation_says_where_and_why(store: Store, reader: Reader) -> None:
    failed = RotationFailed(
        **header(), rotation_id="r1", **MOVED, phase="verify", error="backend-refused", detail="no", look_at=AT
    )
    tell(store, rotation("r1"), failed)
    row = await Rotations(reader).find("t1", "r1")
    assert row is not None
    assert (row.state, row.failed_phase, row.error, row.detail) == ("rolling_back", "verify", "backend-refused", "no")


async def test_rotations_are_paged_newest_first_by_key_and_schedule(store: Store, reader: Reader) -> None:
    tell(store, rotation("r1"), rotation("r2", "other"), rotation("r3", schedule_id="s1"), rotation("r4"))
    tell(store, rotation("r5"), tenant="t2")
    view = Rotations(reader)

    async def page(key: str | None, schedule_id: str | None, before: str, limit: int = 9) -> list[str]:
        return [row.rotation_id for row in await view.page("t1", key, schedule_id, before, limit)]

    assert await page(None, None, "", 3) == ["r4", "r3", "r2"]
    assert await page(None, None, "r2", 3) == ["r1"]
    assert await page("db/reporting", None, "") == ["r4", "r3", "r1"]
    assert await page("db/reporting", None, "r4", 1) == ["r3"]
    assert await page(None, "s1", "") == ["r3"]


async def test_schedules_are_told_with_what_became_of_their_last_run(store: Store, reader: Reader) -> None:
    later = END + timedelta(days=1)
    tell(store, schedule("s1"), schedule("s2", next_run_at=None), schedule("s3"))
    tell(store, schedule("s4"), tenant="t2")
    view = RotationSchedules(reader)
    assert [row.schedule_id for row in await view.page("t1", "", 2)] == ["s1", "s2"]
    assert [row.schedule_id for row in await view.page("t1", "s2", 2)] == ["s3"]
    paused = await view.find("t1", "s2")
    assert paused is not None
    assert (paused.enabled, paused.next_run_at) == (False, None)
    tell(store, ScheduleSkipped(**header(), schedule_id="s1", error="conflict", detail="busy", next_run_at=later))
    skipped = await view.find("t1", "s1")
    assert skipped is not None
    assert (skipped.last_error, skipped.next_run_at, skipped.enabled) == ("conflict: busy", later, True)
    tell(store, ScheduleFired(**header(), schedule_id="s1", rotation_id="r1", next_run_at=later))
    fired = await view.find("t1", "s1")
    assert fired is not None
    assert (fired.last_error, fired.last_rotation_id, fired.last_run_at) == (None, "r1", AT)
    tell(store, ScheduleRemoved(**header(), schedule_id="s1"))
    assert await view.find("t1", "s1") is None
    assert await view.find("t1", "s4") is None
