"""Rotations of standing accounts: phase by phase, undone when one fails, taken over when a node dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import pytest

from adapters.provider_table import KINDS
from domain.backends import Rotatable
from domain.catalog import ProviderEntry
from domain.lease import account_name
from tests.fakes.memory_backend import PLACES, Place
from tests.integration.api.tenants import STORE, Tenant, refused

pytestmark = pytest.mark.anyio

ROTATIONS = "/api/v1/secrets/rotations"
SCHEDULES = "/api/v1/secrets/rotation-schedules"
DSN = "postgresql://reporting:old-password@db.internal:5432/reports?sslmode=require"
WISH = {"provider": "mem", "key": "db/reporting", "old_ref": "reporting"}
_NUMBERS = count()


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "memory", "tests.fakes.memory_backend")


@pytest.fixture
async def place(acme: Tenant) -> AsyncIterator[Place]:
    """A backend with the account `reporting`, whose credential is stored as `db/reporting`."""
    name = f"rotated-{next(_NUMBERS)}"
    body = {"kind": "memory", "connection": {"place": name}, "credentials": {}}
    assert (await acme("PUT", "/api/v1/secrets/providers/mem", body)).status == 200
    place = PLACES[name] = Place()
    place.there["reporting"] = acme.system.clock()
    place.passwords["reporting"] = "old-password"
    await acme.put("db/reporting", DSN)
    yield place
    place.behave()
    acme.system.clock.advance(days=3)
    await acme.system.process()
    del PLACES[name]


async def rotated(acme: Tenant, **changes: Any) -> dict[str, Any]:
    answer = await acme("POST", ROTATIONS, WISH | changes)
    assert answer.status == 200, answer
    told: dict[str, Any] = answer.json()
    return told


async def steps(acme: Tenant) -> list[str]:
    return [event["type"] for event in await acme.events() if event["type"].startswith("rotation.")]


async def test_rotation_replaces_the_account_and_the_stored_credential(acme: Tenant, place: Place) -> None:
    told = await rotated(acme)
    assert (told["completed"], told["rolled_back"], told["failed_phase"]) == (True, False, None)
    assert told["old_ref"] == "reporting"
    assert set(place.there) == {told["new_ref"]}
    stored = await acme.value("db/reporting")
    password = place.passwords[told["new_ref"]]
    assert stored == f"postgresql://{told['new_ref']}:{password}@db.internal:5432/reports?sslmode=require"
    assert password not in str(told)
    assert password not in str(await acme.events())
    assert await steps(acme) == [
        "rotation.started", "rotation.staged", "rotation.cut_over", "rotation.verified", "rotation.completed",
    ]  # fmt: skip


@pytest.mark.parametrize("what,phase", [("create", "stage"), ("log_in", "verify")])
async def test_phase_that_fails_leaves_everything_as_it_was(what: str, phase: str, acme: Tenant, place: Place) -> None:
    place.refuse(what)
    told = await rotated(acme)
    assert (told["completed"], told["rolled_back"], told["failed_phase"]) == (False, True, phase)
    assert told["error"] == "backend-refused"
    assert set(place.there) == {"reporting"}
    assert await acme.value("db/reporting") == DSN


async def test_account_that_was_made_by_a_backend_that_said_it_failed_is_removed(acme: Tenant, place: Place) -> None:
    place.lie("create")
    told = await rotated(acme)
    assert (told["rolled_back"], told["state"], told["failed_phase"]) == (False, "rolling_back", "stage")
    acme.system.clock.advance(seconds=39)
    await acme.system.process()
    assert len(place.there) == 2, "the backend may still be at it"
    acme.system.clock.advance(seconds=2)
    await acme.system.process()
    assert set(place.there) == {"reporting"}
    assert (await acme("GET", f"{ROTATIONS}/{told['id']}")).json()["rolled_back"] is True


async def test_node_that_stood_still_makes_nothing_that_another_would_not_see(
    acme: Tenant, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    backends = acme.system.leasing.backends
    find = backends.rotatable

    async def stand_still(tenant: str, entry: ProviderEntry) -> Rotatable:
        acme.system.clock.advance(seconds=90)
        return await find(tenant, entry)

    monkeypatch.setattr(backends, "rotatable", stand_still)
    told = await rotated(acme)
    assert (told["failed_phase"], told["error"]) == ("stage", "backend-unavailable")
    assert place.made == []


async def test_cut_over_of_a_secret_that_changed_meanwhile_is_undone_and_the_change_stays(
    acme: Tenant, place: Place
) -> None:
    async def meddle(what: str, _: str) -> None:
        if what == "create":
            await acme("PUT", f"{STORE}/db/reporting", {"value": "somebody else's"})

    place.after = meddle
    told = await rotated(acme)
    assert (told["rolled_back"], told["failed_phase"]) == (True, "cutover")
    assert await acme.value("db/reporting") == "somebody else's"
    assert set(place.there) == {"reporting"}


async def test_undoing_does_not_take_away_what_somebody_wrote_since(acme: Tenant, place: Place) -> None:
    async def meddle(what: str, name: str) -> None:
        if what == "log_in":
            await acme("PUT", f"{STORE}/db/reporting", {"value": "by hand"})
            place.there.pop(name)

    place.before = meddle
    told = await rotated(acme)
    assert (told["rolled_back"], told["failed_phase"]) == (True, "verify")
    assert await acme.value("db/reporting") == "by hand"


async def test_old_account_lives_on_until_its_grace_is_over(acme: Tenant, place: Place) -> None:
    told = await rotated(acme, grace_seconds=3600)
    assert (told["completed"], told["state"]) == (False, "retiring")
    assert set(place.there) == {"reporting", told["new_ref"]}
    acme.system.clock.advance(seconds=3599)
    await acme.system.process()
    assert "reporting" in place.there
    acme.system.clock.advance(seconds=2)
    await acme.system.process()
    assert set(place.there) == {told["new_ref"]}
    assert (await acme("GET", f"{ROTATIONS}/{told['id']}")).json()["completed"] is True


async def test_old_account_that_cannot_be_ended_stays_due_and_needs_a_person_in_the_end(
    acme: Tenant, place: Place
) -> None:
    place.refuse("retire")
    told = await rotated(acme)
    assert (told["completed"], told["rolled_back"], told["state"]) == (False, False, "retiring")
    for _ in range(9):
        acme.system.clock.advance(seconds=301)
        await acme.system.process()
    assert len(await acme.events("delivery.parked")) == 1
    place.behave()
    acme.system.clock.advance(seconds=3600)
    await acme.system.process()
    assert set(place.there) == {told["new_ref"]}


async def test_roll_back_that_fails_is_taken_up_again(acme: Tenant, place: Place) -> None:
    place.refuse("log_in", "retire")
    told = await rotated(acme)
    assert (told["completed"], told["rolled_back"], told["state"]) == (False, False, "rolling_back")
    assert await acme.value("db/reporting") == DSN, "the secret is restored before anything else"
    place.behave()
    acme.system.clock.advance(seconds=301)
    await acme.system.process()
    assert set(place.there) == {"reporting"}
    assert (await acme("GET", f"{ROTATIONS}/{told['id']}")).json()["rolled_back"] is True


@pytest.mark.parametrize("at", ["create", "log_in", "retire"])
async def test_rotation_whose_node_died_is_finished_or_undone_by_another(at: str, acme: Tenant, place: Place) -> None:
    async def die(what: str, _: str) -> None:
        if what == at:
            await asyncio.sleep(3600)

    place.after = die
    running = asyncio.create_task(acme("POST", ROTATIONS, WISH))
    async with asyncio.timeout(5):
        while place.under_way == 0 or (at == "retire") != ("reporting" not in place.there):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.05)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    place.behave()
    acme.system.clock.advance(seconds=301)
    await acme.system.process()
    (told,) = (await acme("GET", ROTATIONS)).json()["items"]
    assert (told["completed"], told["rolled_back"]) == ((False, True) if at == "create" else (True, False))
    stored = await acme.value("db/reporting")
    if at == "create":
        assert set(place.there) == {"reporting"}
        assert stored == DSN
    else:
        assert set(place.there) == {told["new_ref"]}
        assert told["new_ref"] in stored


@pytest.mark.parametrize(
    "changes,status,code",
    [
        ({"provider": "no"}, 404, "not-found"), ({"key": "db/none"}, 404, "not-found"),
        ({"old_ref": "other"}, 409, "conflict"), ({"grace_seconds": -1}, 400, "invalid"),
        ({"old_ref": ""}, 400, "invalid"), ({"key": "a//b"}, 400, "bad-name"),
    ],
)  # fmt: skip
async def test_wish_that_cannot_be_is_refused_before_anything_happens(
    changes: dict[str, Any], status: int, code: str, acme: Tenant, place: Place
) -> None:
    refused(await acme("POST", ROTATIONS, WISH | changes), status, code)
    assert await steps(acme) == []


async def test_secret_that_is_no_credential_is_refused(acme: Tenant, place: Place) -> None:
    await acme.put("plain", "just-a-password")
    refused(await acme("POST", ROTATIONS, WISH | {"key": "plain"}), 409, "conflict")


async def test_json_object_keeps_its_other_members(acme: Tenant, place: Place) -> None:
    await acme.put("json", '{"username":"reporting","password":"old-password","region":"eu"}')
    told = await rotated(acme, key="json")
    assert await acme.value("json") == (
        f'{{"username":"{told["new_ref"]}","password":"{place.passwords[told["new_ref"]]}","region":"eu"}}'
    )


async def test_repeat_with_the_same_key_does_not_rotate_again(acme: Tenant, place: Place) -> None:
    first = await acme("POST", ROTATIONS, WISH, headers={"idempotency-key": "rotate-once"})
    again = await acme("POST", ROTATIONS, WISH, headers={"idempotency-key": "rotate-once"})
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["replayed"] is True
    assert len(place.made) == 1


async def test_scopes_for_rotation_and_for_writing_are_both_needed(acme: Tenant, place: Place) -> None:
    for scopes in (("rotations:run:db/*",), ("secrets:write:db/*",), ("rotations:run:app/*", "secrets:write")):
        client = await acme.holding(*scopes)
        refused(await client("POST", ROTATIONS, WISH), 403, "forbidden")
    client = await acme.holding("rotations:run:db/*", "secrets:write:db/*")
    assert (await client("POST", ROTATIONS, WISH)).json()["completed"] is True


async def test_guarded_credential_is_rotated_by_approval_only(acme: Tenant, place: Place) -> None:
    await acme.put("guarded/db", DSN)
    wish = WISH | {"key": "guarded/db"}
    asker = await acme.holding("rotations:run", "secrets:write", subject="asks-to-rotate")
    problem = refused(await asker("POST", ROTATIONS, wish), 403, "approval-required")
    assert problem["resource"] == "secret:guarded/db"
    assert await steps(acme) == []
    assert (await acme("POST", f"{STORE}/approvals/guarded/db", {"action": "rotate"})).status == 200
    assert (await asker("POST", ROTATIONS, wish)).json()["completed"] is True
    assert len(await acme.events("approval.used")) == 1


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


PLAN = {**WISH, "name": "hourly", "interval_seconds": 3600}


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


def test_names_of_accounts_fit_every_backend() -> None:
    name = account_name("Reporting Database!", "", "0123456789ab", prefix="rot-")
    assert name == "rot-report-0123456789ab"
    assert len(account_name("x" * 99, "y" * 99, "0123456789ab")) <= 32
