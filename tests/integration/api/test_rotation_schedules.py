"""Schedules of rotations: they come round by the clock, are paused, run now, and say what kept them from it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.provider_table import KINDS
from tests.fakes.memory_backend import Place
from tests.integration.api.rotating import DSN, PLAN, ROTATIONS, SCHEDULES, standing, steps
from tests.integration.api.tenants import STORE, Tenant, refused

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "memory", "tests.fakes.memory_backend")


@pytest.fixture
async def place(acme: Tenant) -> AsyncIterator[Place]:
    async with standing(acme) as place:
        yield place


async def test_schedule_of_a_guarded_credential_is_made_by_approval_only(acme: Tenant, place: Place) -> None:
    await acme.put("guarded/db2", DSN)
    plan = PLAN | {"key": "guarded/db2"}
    asker = await acme.holding("rotations:run", "rotations:write", "secrets:write", subject="asks-to-schedule")
    refused(await asker("POST", SCHEDULES, plan), 403, "approval-required")
    assert (await acme("POST", f"{STORE}/approvals/guarded/db2", {"action": "rotate"})).status == 200
    made = await asker("POST", SCHEDULES, plan)
    assert made.status == 201
    target = f"{SCHEDULES}/{made.json()['id']}"
    refused(await asker("PATCH", target, {"interval_seconds": 60}), 403, "approval-required")
    refused(await asker("POST", f"{target}/run"), 403, "approval-required")
    assert (await asker("PATCH", target, {"enabled": False})).status == 200


async def test_schedule_rotates_again_and_again_by_the_clock(acme: Tenant, place: Place) -> None:
    created = await acme("POST", SCHEDULES, PLAN)
    assert created.status == 201, created
    schedule = created.json()
    for _ in range(3):
        acme.system.clock.advance(seconds=3601)
        await acme.system.process()
        await acme.system.process()
    runs = (await acme("GET", f"{ROTATIONS}?schedule_id={schedule['id']}")).json()["items"]
    assert [run["completed"] for run in runs] == [True, True, True]
    assert runs[0]["old_ref"] == runs[1]["new_ref"]
    assert set(place.there) == {runs[0]["new_ref"]}
    told = (await acme("GET", f"{SCHEDULES}/{schedule['id']}")).json()
    assert told["last_rotation_id"] == runs[0]["id"]
    assert told["next_run_at"] > told["last_run_at"]


async def test_schedule_that_is_paused_does_not_come_round(acme: Tenant, place: Place) -> None:
    schedule = (await acme("POST", SCHEDULES, PLAN)).json()
    paused = await acme("PATCH", f"{SCHEDULES}/{schedule['id']}", {"enabled": False})
    assert paused.json()["next_run_at"] is None
    acme.system.clock.advance(seconds=7200)
    await acme.system.process()
    assert await steps(acme) == []
    again = await acme("PATCH", f"{SCHEDULES}/{schedule['id']}", {"enabled": True, "cron": "0 3 * * *"})
    assert again.json()["next_run_at"].endswith("T03:00:00Z")
    assert (await acme("DELETE", f"{SCHEDULES}/{schedule['id']}")).status == 204
    refused(await acme("GET", f"{SCHEDULES}/{schedule['id']}"), 404, "not-found")


async def test_schedule_runs_now_when_asked_and_keeps_its_time(acme: Tenant, place: Place) -> None:
    schedule = (await acme("POST", SCHEDULES, PLAN)).json()
    fired = await acme("POST", f"{SCHEDULES}/{schedule['id']}/run")
    assert fired.status == 202
    await acme.system.process()
    rotation = (await acme("GET", f"{ROTATIONS}/{fired.json()['rotation_id']}")).json()
    assert rotation["completed"] is True
    assert (await acme("GET", f"{SCHEDULES}/{schedule['id']}")).json()["next_run_at"] == schedule["next_run_at"]


async def test_schedule_whose_secret_is_gone_says_so_and_comes_round_again(acme: Tenant, place: Place) -> None:
    schedule = (await acme("POST", SCHEDULES, PLAN)).json()
    await acme("DELETE", f"{STORE}/db/reporting")
    acme.system.clock.advance(seconds=3601)
    await acme.system.process()
    told = (await acme("GET", f"{SCHEDULES}/{schedule['id']}")).json()
    assert told["last_error"].startswith("not-found")
    assert told["next_run_at"] > schedule["next_run_at"]
    await acme("POST", f"{STORE}/undelete/db/reporting")
    acme.system.clock.advance(seconds=3601)
    await acme.system.process()
    await acme.system.process()
    assert (await acme("GET", f"{SCHEDULES}/{schedule['id']}")).json()["last_error"] is None


@pytest.mark.parametrize(
    "changes",
    [
        {"interval_seconds": None}, {"cron": "0 3 * * *"}, {"interval_seconds": None, "cron": "nonsense"},
        {"window": "25:00-26:00"}, {"timezone": "Mars/Base"}, {"interval_seconds": 59},
    ],
)  # fmt: skip
async def test_schedule_that_names_no_times_is_refused(changes: dict[str, Any], acme: Tenant, place: Place) -> None:
    refused(await acme("POST", SCHEDULES, PLAN | changes), 400, "invalid")
