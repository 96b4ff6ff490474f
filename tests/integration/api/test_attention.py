"""Work that needs a person: shown to those who may see it, tried again or closed by those who may decide."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.api.tenants import ATTENTION, KEYS, TOKENS, Tenant, refused
from tests.parked_work import parked

pytestmark = pytest.mark.anyio

NOWHERE = "00000000-0000-5000-8000-000000000000"
REASON = {"reason": "the database is gone, and its accounts with it"}


async def stuck(acme: Tenant) -> tuple[str, str]:
    """Work that needs a person, and the token it is about."""
    token = (await acme("POST", KEYS, {"scopes": ["secrets:list"], "ttl_seconds": 60})).json()
    return await parked(acme.system.views.due_work, acme.system.committer, acme.id, token["id"]), token["id"]


async def listed(acme: Tenant) -> list[str]:
    return [item["id"] for item in (await acme("GET", ATTENTION)).json()["items"]]


async def revoked_at(acme: Tenant, token_id: str) -> str | None:
    items = (await acme("GET", f"{TOKENS}?include_revoked=true")).json()["items"]
    found: str | None = next(item["revoked_at"] for item in items if item["id"] == token_id)
    return found


async def test_work_that_needs_a_person_is_told_with_its_error(acme: Tenant) -> None:
    assert (await acme("GET", ATTENTION)).json() == {"items": [], "next_cursor": None}
    work_id, token_id = await stuck(acme)
    ((item,), cursor) = (await acme("GET", ATTENTION)).json().values()
    assert cursor is None
    assert {name: item[name] for name in ("id", "kind", "ref", "destination", "attempts", "error", "detail")} == {
        "id": work_id, "kind": "api_token.expire", "ref": token_id, "destination": "", "attempts": 8,
        "error": "backend-unavailable", "detail": "the connection was refused",
    }  # fmt: skip


async def test_list_goes_page_by_page(acme: Tenant) -> None:
    ids = sorted([(await stuck(acme))[0] for _ in range(5)])
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await acme("GET", f"{ATTENTION}?limit=2&cursor={cursor}")).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert found == ids


async def test_work_tried_again_is_done(acme: Tenant) -> None:
    work_id, token_id = await stuck(acme)
    acme.system.clock.advance(seconds=61)
    await acme.system.process()
    assert await revoked_at(acme, token_id) is None
    answer = await acme("POST", f"{ATTENTION}/{work_id}/retry")
    assert (answer.status, answer.json()["id"], answer.json()["attempts"]) == (200, work_id, 0)
    (event,) = await acme.events("delivery.retried")
    assert (event["position"], event["kind"], event["ref"]) == (answer.position, "api_token.expire", token_id)
    assert await listed(acme) == []
    await acme.system.process()
    assert await revoked_at(acme, token_id) is not None


async def test_work_that_is_closed_is_tried_no_more(acme: Tenant) -> None:
    work_id, token_id = await stuck(acme)
    answer = await acme("POST", f"{ATTENTION}/{work_id}/resolve", REASON)
    assert (answer.status, answer.json()["id"]) == (200, work_id)
    (event,) = await acme.events("delivery.resolved")
    assert (event["reason"], event["actor"].split("#")[0]) == (REASON["reason"], "ops")
    assert await listed(acme) == []
    acme.system.clock.advance(days=5)
    await acme.system.process()
    assert await revoked_at(acme, token_id) is None
    refused(await acme("POST", f"{ATTENTION}/{work_id}/resolve", REASON), 404, "not-found")
    refused(await acme("POST", f"{ATTENTION}/{work_id}/retry"), 404, "not-found")


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": " "}, {"reason": "a\nb"}, {"reason": "x" * 501}, None])
async def test_nothing_is_closed_without_a_reason(body: object, acme: Tenant) -> None:
    work_id, _ = await stuck(acme)
    refused(await acme("POST", f"{ATTENTION}/{work_id}/resolve", body), 400, "invalid")
    assert await listed(acme) == [work_id]


async def test_work_that_goes_its_way_cannot_be_decided_on(acme: Tenant) -> None:
    token = (await acme("POST", KEYS, {"scopes": ["secrets:list"], "ttl_seconds": 60})).json()
    ((work_id,),) = await acme.system.rows("SELECT stream FROM due_work WHERE ref = ?", token["id"])
    refused(await acme("POST", f"{ATTENTION}/{work_id}/retry"), 409, "conflict")
    refused(await acme("POST", f"{ATTENTION}/{work_id}/resolve", REASON), 409, "conflict")


@pytest.mark.parametrize("work_id", [NOWHERE, "x", "..", "a%20b"])
async def test_unknown_work_is_not_found(work_id: str, acme: Tenant) -> None:
    refused(await acme("POST", f"{ATTENTION}/{work_id}/retry"), 404, "not-found")
    refused(await acme("POST", f"{ATTENTION}/{work_id}/resolve", REASON), 404, "not-found")


async def test_work_of_another_tenant_is_not_there(acme: Tenant, other: Tenant) -> None:
    work_id, _ = await stuck(acme)
    assert await listed(other) == []
    refused(await other("POST", f"{ATTENTION}/{work_id}/retry"), 404, "not-found")
    refused(await other("POST", f"{ATTENTION}/{work_id}/resolve", REASON), 404, "not-found")
    assert await listed(acme) == [work_id]


async def test_repeated_decision_is_answered_as_before(acme: Tenant) -> None:
    work_id, _ = await stuck(acme)
    key = {"idempotency-key": "k"}
    first = await acme("POST", f"{ATTENTION}/{work_id}/resolve", REASON, headers=key)
    again = await acme("POST", f"{ATTENTION}/{work_id}/resolve", REASON, headers=key)
    assert (again.status, again.json()) == (200, first.json())
    assert len(await acme.events("delivery.resolved")) == 1


async def test_of_many_decisions_at_once_one_is_taken(acme: Tenant) -> None:
    work_id, _ = await stuck(acme)
    answers = await asyncio.gather(*(acme("POST", f"{ATTENTION}/{work_id}/resolve", REASON) for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200, *[404] * 7]
    assert len(await acme.events("delivery.resolved")) == 1
