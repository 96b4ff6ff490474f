"""Rotations of standing accounts: phase by phase, undone when one fails, taken over when a node dies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.provider_table import KINDS
from domain.backends import Rotatable
from domain.catalog import ProviderEntry
from domain.lease import account_name
from tests.fakes.memory_backend import Place
from tests.integration.api.rotating import DSN, ROTATIONS, WISH, rotated, standing, steps
from tests.integration.api.tenants import STORE, Tenant, refused

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "memory", "tests.fakes.memory_backend")


@pytest.fixture
async def place(acme: Tenant) -> AsyncIterator[Place]:
    async with standing(acme) as place:
        yield place


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


def test_names_of_accounts_fit_every_backend() -> None:
    name = account_name("Reporting Database!", "", "0123456789ab", prefix="rot-")
    assert name == "rot-report-0123456789ab"
    assert len(account_name("x" * 99, "y" * 99, "0123456789ab")) <= 32
