"""Approvals over the API: what is guarded waits for others, happens once as it was approved, or not at all."""

from __future__ import annotations

import asyncio

import pytest

from tests.asgi_client import AsgiClient
from tests.integration.api.team import APPROVALS, Team
from tests.integration.api.tenants import STORE, TOKENS, refused

pytestmark = pytest.mark.anyio


async def test_a_rotation_waits_for_two_distinct_approvers(team: Team) -> None:
    await team.put("db/two", "one")
    problem = refused(await team.rotate("db/two", "two", key="a"), 403, "approval-required")
    assert problem["resource"] == "secret:db/two"
    assert (problem["action"], problem["needed"], problem["missing"]) == ("rotate", 2, 2)
    assert "version 2" in problem["covers"]
    assert problem["expires_at"]
    first = await team.approved(team.ada, "db/two")
    assert first == {
        "id": problem["approval_id"], "resource": "secret:db/two", "action": "rotate", "approver": "ada",
        "approvals": 1, "needed": 2, "state": "pending",
    }  # fmt: skip
    assert refused(await team.rotate("db/two", "two"), 403, "approval-required")["missing"] == 1
    again = await team.approved(team.ada, "db/two")
    assert again["approvals"] == 1
    second = await team.approved(team.grace, "db/two")
    assert (second["approvals"], second["state"]) == (2, "approved")
    done = await team.rotate("db/two", "two", key="b")
    assert (done.status, done.json()["version"]) == (200, 2)
    assert await team.topics() == [
        "approval.bypassed", "approval.requested", "approval.granted", "approval.granted", "approval.used",
    ]  # fmt: skip
    assert await team.state(str(problem["approval_id"])) == "used"
    refused(await team.rotate("db/two", "two"), 403, "approval-required")


async def test_the_use_is_in_the_same_append_as_the_change(team: Team) -> None:
    await team.put("db/a", "one")
    await team.asked("db/a", "two")
    await team.approved(team.ada, "db/a")
    done = await team.rotate("db/a", "two")
    used, written = (await team.tenant.events())[-2:]
    assert (used["type"], written["type"]) == ("approval.used", "secret.version.written")
    assert used["request_id"] == written["request_id"]
    assert (used["approvers"], written["position"]) == (["ada"], done.position)


async def test_the_same_change_is_asked_for_once(team: Team) -> None:
    await team.put("db/a", "one")
    ids = {await team.asked("db/a", "two") for _ in range(3)}
    assert len(ids) == 1
    racing = await asyncio.gather(*(team.asked("db/a", "three") for _ in range(8)))
    assert len(set(racing)) == 1
    assert set(racing) != ids
    assert (await team.topics()).count("approval.requested") == 2


async def test_a_value_swapped_after_approval_does_not_pass(team: Team) -> None:
    await team.put("db/a", "one")
    first = await team.asked("db/a", "good")
    await team.approved(team.ada, "db/a")
    assert await team.asked("db/a", "evil") != first
    changed = await team.ci("PUT", f"{STORE}/db/a", {"value": "good", "metadata": {"owner": "evil"}})
    refused(changed, 403, "approval-required")
    refused(await team.ci("PUT", f"{STORE}/db/a", {"value": "good", "content_type": "a/b"}), 403, "approval-required")
    assert (await team.rotate("db/a", "good")).status == 200
    assert await team.tenant.value("db/a") == "good"


async def test_an_approval_is_void_once_the_secret_has_changed(team: Team) -> None:
    await team.put("db/a", "one")
    first = await team.asked("db/a", "two")
    await team.approved(team.ada, "db/a")
    assert await team.state(first) == "approved"
    await team.tenant("PUT", f"{STORE}/db/a", {"value": "x"}, headers={"trstctl-break-glass": "now"})
    assert await team.state(first) == "void"
    assert "void" in refused(await team.approve(team.grace, "db/a", id=first), 409, "conflict")["detail"]
    second = await team.asked("db/a", "two")
    assert second != first
    third = await team.asked("db/a", "three")
    await team.approved(team.ada, "db/a", id=second)
    assert (await team.rotate("db/a", "two")).status == 200
    assert await team.state(third) == "void"
    await team.asked("db/a", "three")
    assert (await team.topics()).count("approval.voided") == 2


async def test_deleting_or_undeleting_meanwhile_voids_it_too(team: Team) -> None:
    await team.put("db/a", "one")
    first = await team.asked("db/a", "two")
    await team.tenant("DELETE", f"{STORE}/db/a", headers={"trstctl-break-glass": "now"})
    assert await team.state(first) == "void"


async def test_the_requester_does_not_approve_by_any_token(team: Team) -> None:
    await team.put("db/a", "one")
    approval_id = await team.asked("db/a", "two")
    for client in [
        team.ci,
        await team.tenant.holding("approvals:decide", subject="ci"),
        AsgiClient(team.tenant.app, await _minted(team.ci, "bob")),
        AsgiClient(team.tenant.app, await _minted(AsgiClient(team.tenant.app, await _minted(team.ci, "bob")), "eve")),
    ]:
        for answer in (await team.approve(client, "db/a"), await client("POST", f"{APPROVALS}/{approval_id}/approve")):
            assert "whoever asked" in refused(answer, 403, "forbidden")["detail"]
    assert await team.state(approval_id) == "pending"


async def _minted(client: AsgiClient, subject: str) -> str:
    answer = await client("POST", TOKENS, {"subject": subject, "scopes": ["access:write", "approvals:decide"]})
    assert answer.status == 201, answer
    return str(answer.json()["token"])


async def test_tokens_that_one_person_issued_count_as_that_person(team: Team) -> None:
    await team.put("db/two", "one")
    await team.asked("db/two", "two")
    eve = await team.tenant.holding("access:write", "approvals:decide", subject="eve")
    bob, carol = [AsgiClient(team.tenant.app, await _minted(eve, name)) for name in ("bob", "carol")]
    assert (await team.approved(bob, "db/two"))["approvals"] == 1
    for client in (carol, eve):
        assert "same person" in refused(await team.approve(client, "db/two"), 409, "conflict")["detail"]
    refused(await team.rotate("db/two", "two"), 403, "approval-required")
    assert (await team.approved(team.ada, "db/two"))["approvals"] == 2
    assert (await team.rotate("db/two", "two")).status == 200


async def test_a_borrowed_name_is_not_an_approvers(team: Team) -> None:
    await team.put("db/listed", "one")
    await team.asked("db/listed", "two")
    eve = await team.tenant.holding("access:write", "approvals:decide", subject="eve")
    borrowed = AsgiClient(team.tenant.app, await _minted(eve, "ada"))
    for client in (eve, borrowed):
        assert "not among" in refused(await team.approve(client, "db/listed"), 403, "forbidden")["detail"]
    assert (await team.approved(team.ada, "db/listed"))["state"] == "approved"


async def test_an_approval_is_the_requesters_alone(team: Team) -> None:
    await team.put("vault/a", "one")
    refused(await team.ci("GET", f"{STORE}/vault/a"), 403, "approval-required")
    await team.approved(team.ada, "vault/a", "read")
    eve = await team.tenant.holding("secrets:read", "access:write", "approvals:decide", subject="eve")
    answer = await eve("POST", TOKENS, {"subject": "ci", "scopes": ["secrets:read"]})
    borrowed = AsgiClient(team.tenant.app, answer.json()["token"])
    for client in (eve, borrowed):
        refused(await client("GET", f"{STORE}/vault/a"), 403, "approval-required")
    fresh = await team.tenant.holding("secrets:read", subject="ci")
    assert (await fresh("GET", f"{STORE}/vault/a")).json()["value"] == "one"
