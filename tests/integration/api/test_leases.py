"""Leases through the API, on a backend in memory: what is told, who may, and what a crash or a fault leaves behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from adapters.provider_table import KINDS
from tests.fakes.memory_backend import Place
from tests.integration.api.leasing import LEASES, WANTED, issued, made, provided
from tests.integration.api.tenants import Tenant, refused

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "memory", "tests.fakes.memory_backend")


@pytest.fixture
async def place(acme: Tenant) -> AsyncIterator[Place]:
    async with provided(acme) as configured:
        yield configured


async def test_credential_is_told_once_and_works_until_it_expires(acme: Tenant, place: Place) -> None:
    told = await issued(acme)
    assert told["credential"]["password"] == place.passwords[told["account"]]
    assert told["state"] == "active"
    shown = (await acme("GET", f"{LEASES}/{told['id']}")).json()
    assert "credential" not in shown
    assert shown["state"] == "active"
    acme.system.clock.advance(seconds=899)
    await acme.system.process()
    assert told["account"] in place.there
    acme.system.clock.advance(seconds=2)
    await acme.system.process()
    assert place.there == {}
    shown = (await acme("GET", f"{LEASES}/{told['id']}")).json()
    assert (shown["state"], shown["cause"]) == ("revoked", "expired")
    assert shown["revoked_at"]


async def test_every_effect_has_its_intent_before_and_its_outcome_after(acme: Tenant, place: Place) -> None:
    seen: list[tuple[str, list[str]]] = []

    async def look(what: str, name: str) -> None:
        seen.append(
            (what, [event["type"] for event in await acme.events() if event["type"].startswith(("lease", "del"))])
        )

    place.before = look
    told = await issued(acme)
    await acme("POST", f"{LEASES}/{told['id']}/renew", {"extend_seconds": 60})
    await acme("POST", f"{LEASES}/{told['id']}/revoke")
    before = {what: types[-1] for what, types in seen}
    assert before["create"] == "lease.requested"
    assert before["renew"] == "lease.renewal.requested"
    assert before["remove"] == "delivery.attempted"
    assert [event["type"] for event in await acme.events() if event["type"].startswith("lease")] == [
        "lease.requested", "lease.issued", "lease.renewal.requested", "lease.renewed", "lease.revocation.requested",
        "lease.revocation.verified",
    ]  # fmt: skip


async def test_no_event_holds_the_credential(acme: Tenant, place: Place) -> None:
    told = await issued(acme)
    assert told["credential"]["password"] not in str(await acme.events())


async def test_repeat_with_the_same_key_leads_to_the_same_lease_without_its_credential(
    acme: Tenant, place: Place
) -> None:
    first = await acme("POST", LEASES, WANTED, headers={"idempotency-key": "once"})
    again = await acme("POST", LEASES, WANTED, headers={"idempotency-key": "once"})
    assert again.status == 201
    assert again.json()["id"] == first.json()["id"]
    assert again.json()["replayed"] is True
    assert "credential" not in again.json()
    assert len(place.made) == 1


async def test_many_at_once_with_the_same_key_make_one_account(acme: Tenant, place: Place) -> None:
    answers = await asyncio.gather(
        *(acme("POST", LEASES, WANTED, headers={"idempotency-key": "raced"}) for _ in range(20))
    )
    assert len(place.made) == 1
    assert sum("credential" in answer.json() for answer in answers) == 1


async def test_refusal_of_the_backend_is_told_and_the_same_key_may_try_again(acme: Tenant, place: Place) -> None:
    place.refuse("create")
    refused(await acme("POST", LEASES, WANTED, headers={"idempotency-key": "later"}), 502, "backend-refused")
    place.behave()
    assert (await acme("POST", LEASES, WANTED, headers={"idempotency-key": "later"})).status == 201


async def test_account_made_by_a_backend_that_said_it_failed_is_removed(acme: Tenant, place: Place) -> None:
    place.lie("create")
    refused(await acme("POST", LEASES, WANTED), 503, "backend-unavailable")
    place.behave()
    assert len(place.there) == 1
    acme.system.clock.advance(seconds=60)
    await acme.system.process()
    assert place.there == {}
    (lease,) = (await acme("GET", LEASES)).json()["items"]
    assert lease["state"] == "failed"
    assert lease["revoked_at"]


async def test_account_of_an_issue_that_never_ended_is_removed(acme: Tenant, place: Place) -> None:
    async def die(what: str, name: str) -> None:
        await asyncio.sleep(3600)

    place.after = die
    issue = asyncio.create_task(acme("POST", LEASES, WANTED))
    await made(place)
    issue.cancel()
    await asyncio.gather(issue, return_exceptions=True)
    place.behave()
    acme.system.clock.advance(seconds=61)
    await acme.system.process()
    assert place.there == {}
    (lease,) = (await acme("GET", LEASES)).json()["items"]
    assert (lease["state"], lease["cause"]) == ("revoked", "abandoned")


async def test_issue_that_ends_after_it_was_given_up_gives_no_credential(acme: Tenant, place: Place) -> None:
    held = asyncio.Event()
    place.after = lambda what, _: held.wait() if what == "create" else None
    issue = asyncio.create_task(acme("POST", LEASES, WANTED))
    await made(place)
    acme.system.clock.advance(seconds=61)
    await acme.system.process()
    held.set()
    refused(await issue, 409, "conflict")
    assert place.there == {}


async def test_issue_that_ends_while_its_account_is_being_removed_gives_no_credential(
    acme: Tenant, place: Place
) -> None:
    created, removed = asyncio.Event(), asyncio.Event()
    place.after = lambda what, _: {"create": created, "remove": removed}[what].wait() if what != "present" else None
    issue = asyncio.create_task(acme("POST", LEASES, WANTED))
    await made(place)
    acme.system.clock.advance(seconds=61)
    removal = asyncio.create_task(acme.system.process())
    async with asyncio.timeout(5):
        while place.there:  # noqa: ASYNC110 - the place tells nobody
            await asyncio.sleep(0.01)
    created.set()
    answer = await issue
    removed.set()
    await removal
    refused(answer, 409, "conflict")


async def test_renewal_goes_to_the_roles_longest_life_and_no_further(acme: Tenant, place: Place) -> None:
    told = await issued(acme)
    renewed = (await acme("POST", f"{LEASES}/{told['id']}/renew", {"extend_seconds": 600})).json()
    assert renewed["expires_at"] > told["expires_at"]
    renewed = (await acme("POST", f"{LEASES}/{told['id']}/renew", {"extend_seconds": 86_400})).json()
    assert renewed["expires_at"] == told["max_expires_at"]
    assert place.there[told["account"]].isoformat()[:19] == told["max_expires_at"][:19]
    refused(await acme("POST", f"{LEASES}/{told['id']}/renew", {"extend_seconds": 1}), 409, "conflict")


async def test_renewal_that_the_backend_refuses_changes_nothing(acme: Tenant, place: Place) -> None:
    told = await issued(acme)
    place.refuse("renew")
    refused(await acme("POST", f"{LEASES}/{told['id']}/renew", {"extend_seconds": 600}), 502, "backend-refused")
    assert (await acme("GET", f"{LEASES}/{told['id']}")).json()["expires_at"] == told["expires_at"]
    acme.system.clock.advance(seconds=901)
    await acme.system.process()
    assert place.there == {}


async def test_revocation_is_told_done_only_when_the_backend_was_seen_without_it(acme: Tenant, place: Place) -> None:
    told = await issued(acme)
    revoked = await acme("POST", f"{LEASES}/{told['id']}/revoke", {"reason": "done"})
    assert (revoked.status, revoked.json()["state"]) == (200, "revoked")
    assert place.there == {}
    assert (await acme("POST", f"{LEASES}/{told['id']}/revoke")).json()["state"] == "revoked"
    refused(await acme("POST", f"{LEASES}/{told['id']}/renew", {"extend_seconds": 1}), 409, "conflict")


async def test_removal_that_did_nothing_is_found_out_and_tried_again(acme: Tenant, place: Place) -> None:
    told = await issued(acme)
    there = place.there[told["account"]]
    place.after = lambda what, name: place.there.update({name: there}) if what == "remove" else None
    acme.system.clock.advance(seconds=901)
    await acme.system.process()
    (failed,) = await acme.events("delivery.failed")
    assert failed["error"] == "backend-refused"
    assert (await acme("GET", f"{LEASES}/{told['id']}")).json()["state"] == "revoking"
    place.behave()
    acme.system.clock.advance(seconds=10)
    await acme.system.process()
    assert (await acme("GET", f"{LEASES}/{told['id']}")).json()["state"] == "revoked"


async def test_backend_that_stays_away_needs_a_person_and_is_still_tried(acme: Tenant, place: Place) -> None:
    await issued(acme)
    place.vanish("remove")
    acme.system.clock.advance(seconds=901)
    for _ in range(8):
        await acme.system.process()
        acme.system.clock.advance(seconds=301)
    assert len(await acme.events("delivery.parked")) == 1
    (work,) = await acme.system.views.due_work.parked(acme.id, "", 10)
    assert work.needs_attention
    place.behave()
    acme.system.clock.advance(seconds=3600)
    await acme.system.process()
    assert place.there == {}
    assert await acme.system.views.due_work.parked(acme.id, "", 10) == []


async def test_many_are_revoked_by_provider_prefix_or_subject(acme: Tenant, place: Place) -> None:
    for _ in range(5):
        await issued(acme)
    refused(await acme("POST", f"{LEASES}/revoke", {}), 400, "invalid")
    for name in ("provider", "role", "prefix", "subject", "reason"):
        refused(await acme("POST", f"{LEASES}/revoke", {"provider": "mem", name: "a\0b"}), 400, "invalid")
    assert (await acme("POST", f"{LEASES}/revoke", {"prefix": "other/"})).json() == {"revoking": 0}
    assert (await acme("POST", f"{LEASES}/revoke", {"prefix": "mem/read"})).json() == {"revoking": 5}
    await acme.system.process()
    assert place.there == {}


async def test_list_is_narrowed_and_goes_on_at_its_cursor(acme: Tenant, place: Place) -> None:
    ids = [(await issued(acme))["id"] for _ in range(5)]
    first = (await acme("GET", f"{LEASES}?limit=3&provider=mem&state=active")).json()
    rest = (await acme("GET", f"{LEASES}?limit=3&cursor={first['next_cursor']}")).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == ids
    assert rest["next_cursor"] is None
    assert (await acme("GET", f"{LEASES}?role=other")).json()["items"] == []
    assert len((await acme("GET", f"{LEASES}?subject=ops")).json()["items"]) == 5


@pytest.mark.parametrize("ttl", [0, 3601, -1])
async def test_life_beyond_the_roles_is_refused_before_anything_happens(ttl: int, acme: Tenant, place: Place) -> None:
    refused(await acme("POST", LEASES, WANTED | {"ttl_seconds": ttl}), 400, "invalid")
    assert await acme.events("lease.requested") == []


async def test_unknown_provider_and_role_are_told_apart(acme: Tenant, place: Place) -> None:
    assert "provider" in refused(await acme("POST", LEASES, WANTED | {"provider": "no"}), 404, "not-found")["detail"]
    assert "role" in refused(await acme("POST", LEASES, WANTED | {"role": "no"}), 404, "not-found")["detail"]


async def test_scope_bounds_what_may_be_issued_and_whose_is_seen(acme: Tenant, place: Place) -> None:
    told = await issued(acme)
    client = await acme.holding("leases:issue:mem/readonly", subject="app")
    own = await client("POST", LEASES, WANTED)
    assert own.status == 201
    refused(await client("GET", f"{LEASES}/{told['id']}"), 404, "not-found")
    assert (await client("POST", f"{LEASES}/{own.json()['id']}/revoke")).status == 200
    other = await acme.holding("leases:issue:mem/writer")
    refused(await other("POST", LEASES, WANTED), 403, "forbidden")
    reader = await acme.holding("leases:read", subject="reader")
    refused(await reader("POST", f"{LEASES}/{told['id']}/revoke"), 403, "forbidden")


async def test_audit_finds_orphans_and_ghosts(acme: Tenant, place: Place) -> None:
    told, lost = await issued(acme), await issued(acme)
    place.there["trst-planted-0123456789ab"] = place.there[told["account"]]
    del place.there[lost["account"]]
    (report,) = (await acme("GET", f"{LEASES}/audit")).json()["items"]
    assert report["orphans"] == ["trst-planted-0123456789ab"]
    assert report["ghosts"] == [lost["id"]]
    assert (report["accounts"], report["leases"]) == (2, 2)
    del place.there["trst-planted-0123456789ab"]
