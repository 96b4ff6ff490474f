"""Requests for approval over the API: listed, denied, withdrawn, expired, passed by, and what is left of them."""

from __future__ import annotations

import pytest

from tests.asgi_client import AsgiClient
from tests.integration.api.team import APPROVALS, Team
from tests.integration.api.tenants import STORE, TOKENS, refused

pytestmark = pytest.mark.anyio


async def test_what_waits_has_a_bound(team: Team) -> None:
    await team.put("db/a", "one")
    for number in range(16):
        await team.asked("db/a", f"value {number}")
    assert "withdraw" in refused(await team.rotate("db/a", "one more"), 409, "conflict")["detail"]
    assert await team.asked("db/a", "value 3")


async def test_several_requests_for_one_path_are_told_apart_by_id(team: Team) -> None:
    await team.put("db/a", "one")
    one, two = await team.asked("db/a", "x"), await team.asked("db/a", "y")
    assert refused(await team.approve(team.ada, "db/a"), 409, "conflict")["ids"] == [one, two]
    assert (await team.approved(team.ada, "db/a", id=two))["id"] == two
    refused(await team.approve(team.ada, "db/a", "delete", id=two), 404, "not-found")
    assert (await team.rotate("db/a", "y")).status == 200
    refused(await team.approve(team.ada, "db/a"), 404, "not-found")


async def test_own_requests_are_passed_over_by_an_approver(team: Team) -> None:
    await team.put("db/a", "one")
    theirs = await team.asked("db/a", "x")
    bob = await team.tenant.holding("secrets:write", "approvals:decide", subject="bob")
    own = refused(await team.rotate("db/a", "x", bob), 403, "approval-required")["approval_id"]
    assert own != theirs
    assert (await team.approved(bob, "db/a"))["id"] == theirs


async def test_denied_is_denied_for_good_and_says_why(team: Team) -> None:
    await team.put("db/a", "one")
    approval_id = await team.asked("db/a", "two")
    await team.approved(team.ada, "db/a")
    body = {"reason": "not during the release"}
    assert (await team.grace("POST", f"{APPROVALS}/{approval_id}/deny", body)).status == 204
    shown = (await team.ci("GET", f"{APPROVALS}/{approval_id}")).json()
    assert (shown["state"], shown["reason"], shown["closed_by"].partition("#")[0]) == (
        "denied",
        body["reason"],
        "grace",
    )
    refused(await team.grace("POST", f"{APPROVALS}/{approval_id}/deny", body), 409, "conflict")
    refused(await team.ada("POST", f"{APPROVALS}/{approval_id}/approve"), 409, "conflict")
    assert await team.asked("db/a", "two") != approval_id
    for wrong in ({}, {"reason": ""}, {"reason": "a\nb"}, {"reason": "x" * 501}):
        refused(await team.grace("POST", f"{APPROVALS}/{approval_id}/deny", wrong), 400, "invalid")


async def test_only_the_requester_withdraws(team: Team) -> None:
    await team.put("db/a", "one")
    approval_id = await team.asked("db/a", "two")
    refused(await team.ada("POST", f"{APPROVALS}/{approval_id}/withdraw"), 403, "forbidden")
    assert (await team.ci("POST", f"{APPROVALS}/{approval_id}/withdraw")).status == 204
    assert await team.state(approval_id) == "withdrawn"
    refused(await team.ci("POST", f"{APPROVALS}/{approval_id}/withdraw"), 409, "conflict")


async def test_a_borrowed_name_neither_sees_nor_withdraws(team: Team) -> None:
    await team.put("db/a", "one")
    approval_id = await team.asked("db/a", "two")
    eve = await team.tenant.holding("access:write", "secrets:list", subject="eve")
    issued = (await eve("POST", TOKENS, {"subject": "ci", "scopes": ["secrets:list"]})).json()
    borrowed = AsgiClient(team.tenant.app, issued["token"])
    refused(await borrowed("GET", f"{APPROVALS}/{approval_id}"), 404, "not-found")
    refused(await borrowed("POST", f"{APPROVALS}/{approval_id}/withdraw"), 404, "not-found")
    assert (await borrowed("GET", APPROVALS)).json()["items"] == []


async def test_it_expires_by_the_clock_and_the_log_says_so(team: Team) -> None:
    await team.put("db/a", "one")
    approval_id = await team.asked("db/a", "two")
    await team.approved(team.ada, "db/a")
    team.tenant.system.clock.advance(seconds=601)
    assert await team.state(approval_id) == "expired"
    await team.tenant.system.process()
    assert (await team.topics())[-1] == "approval.expired"
    assert await team.asked("db/a", "two") != approval_id


async def test_what_has_expired_is_not_used_even_if_nobody_noted_it(team: Team) -> None:
    await team.put("db/a", "one")
    approval_id = await team.asked("db/a", "two")
    await team.approved(team.ada, "db/a")
    team.tenant.system.clock.advance(seconds=601)
    assert await team.asked("db/a", "two") != approval_id
    assert (await team.topics())[-2:] == ["approval.expired", "approval.requested"]
    await team.tenant.system.process()


async def test_the_inbox_shows_each_what_they_may_see(team: Team) -> None:
    await team.put("db/a", "one")
    await team.put("db/b", "one")
    first, second = await team.asked("db/a", "x"), await team.asked("db/b", "x")

    async def ids(client: AsgiClient, query: str = "") -> list[str]:
        answer = await client("GET", f"{APPROVALS}{query}")
        assert answer.status == 200, answer
        return [item["id"] for item in answer.json()["items"]]

    bounded = await team.tenant.holding("approvals:read:db/b", subject="bob")
    nobody = await team.tenant.holding("secrets:list", subject="eve")
    for client in (team.ada, team.grace, team.ci):
        assert await ids(client, "?state=pending") == [second, first]
    assert await ids(bounded) == [second]
    assert await ids(nobody) == []
    refused(await nobody("GET", f"{APPROVALS}/{first}"), 404, "not-found")
    refused(await bounded("GET", f"{APPROVALS}/{first}"), 404, "not-found")
    assert await ids(team.ada, "?path=db/a") == [first]
    assert await ids(team.ada, "?path=db/*") == [second, first]
    assert await ids(team.ada, "?requester=ci&state=pending&path=db/b") == [second]
    assert await ids(team.ada, "?requester=ada") == []
    await team.approved(team.ada, "db/a")
    assert await ids(team.ada, "?state=pending") == [second]
    assert await ids(team.ada, "?state=approved") == [first]
    page = (await team.ada("GET", f"{APPROVALS}?limit=1")).json()
    assert [item["id"] for item in page["items"]] == [second]
    page = (await team.ada("GET", f"{APPROVALS}?limit=1&cursor={page['next_cursor']}")).json()
    assert [item["id"] for item in page["items"]] == [first]
    refused(await team.ada("GET", f"{APPROVALS}?state=open"), 400, "invalid")
    shown = (await team.ada("GET", f"{APPROVALS}/{first}")).json()
    assert (shown["requester"], shown["approvals"], shown["base_version"]) == ("ci", 1, 1)
    assert [(each["subject"], each["person"]) for each in shown["approvers"]] == [("ada", "ada")]


async def test_the_glass_is_broken_for_a_reason_by_those_who_may_and_never_in_silence(
    team: Team, caplog: pytest.LogCaptureFixture
) -> None:
    await team.put("db/a", "one")
    breaker = await team.tenant.holding("secrets:write", "approvals:break-glass:db/a", subject="oncall")
    refused(await team.rotate("db/a", "x", glass="no"), 403, "forbidden")
    for wrong in ("", " ", "x" * 501, "a\tb", "\xff"):
        refused(await team.rotate("db/a", "x", breaker, glass=wrong), 400, "invalid")
    caplog.clear()
    reason = "Datenbank läuft über"
    done = await team.rotate("db/a", "two", breaker, glass=reason.encode().decode("latin-1"))
    assert done.status == 200
    bypassed, written = (await team.tenant.events())[-2:]
    assert (bypassed["type"], bypassed["reason"], bypassed["action"]) == ("approval.bypassed", reason, "rotate")
    assert bypassed["request_id"] == written["request_id"]
    (record,) = [each for each in caplog.records if each.name == "trstctl.approvals"]
    assert (record.levelname, record.__dict__["reason"], record.__dict__["path"]) == ("WARNING", reason, "db/a")
    await team.put("free/a", "one")
    assert (await team.rotate("free/a", "two", glass="not needed")).status == 200
    assert (await team.tenant.events())[-2]["type"] != "approval.bypassed"


async def test_a_change_that_fails_is_no_bypass(team: Team) -> None:
    await team.put("db/a", "one")
    answer = await team.tenant(
        "PUT", f"{STORE}/db/a", {"value": "x", "cas": 7}, headers={"trstctl-break-glass": "hurry"}
    )
    refused(answer, 412, "check-and-set-failed")
    assert (await team.topics()).count("approval.bypassed") == 1


async def test_the_log_verifies_with_all_that_approvals_leave_in_it(team: Team) -> None:
    await team.put("db/a", "one")
    for end in ("used", "denied", "withdrawn", "pending"):
        approval_id = await team.asked("db/a", end)
        if end == "used":
            await team.approved(team.ada, "db/a", id=approval_id)
            assert (await team.rotate("db/a", end)).status == 200
        elif end == "denied":
            await team.ada("POST", f"{APPROVALS}/{approval_id}/deny", {"reason": "no"})
        elif end == "withdrawn":
            await team.ci("POST", f"{APPROVALS}/{approval_id}/withdraw")
    report = (await team.tenant("POST", "/api/v1/audit/verify")).json()
    assert report["findings"] == []


async def test_keys_of_digests_are_gone_when_a_request_has_ended(team: Team) -> None:
    await team.put("db/a", "one")
    approval_id = await team.asked("db/a", "two")
    rows = await team.tenant.system.rows("SELECT seal_id FROM approvals WHERE approval_id = ?", approval_id)
    keys = "SELECT count(*) FROM sealed_keys WHERE seal_id = ?"
    assert await team.tenant.system.rows(keys, rows[0][0]) == [(1,)]
    await team.approved(team.ada, "db/a")
    await team.rotate("db/a", "two")
    assert await team.tenant.system.rows(keys, rows[0][0]) == [(0,)]


async def test_the_value_is_nowhere_in_the_log_nor_its_plain_digest(team: Team) -> None:
    from hashlib import sha256  # noqa: PLC0415 - only here

    await team.put("db/a", "one")
    await team.asked("db/a", "hunter2")
    rows = await team.tenant.system.rows("SELECT body FROM events WHERE tenant = ?", team.tenant.id)
    assert not any(
        b"hunter2" in bytes(body) or sha256(b"hunter2").hexdigest().encode() in bytes(body) for (body,) in rows
    )


async def test_a_repeated_approval_is_answered_as_the_first_time(team: Team) -> None:
    await team.put("db/a", "one")
    await team.asked("db/a", "two")
    key = {"idempotency-key": "approve-db-a"}
    first, second = [
        await team.ada("POST", f"{STORE}/approvals/db/a", {"action": "rotate"}, headers=key) for _ in range(2)
    ]
    assert first.json() == second.json()
    assert second.headers["idempotent-replayed"] == "true"


async def test_approvals_are_seen_in_the_audit_of_the_path(team: Team) -> None:
    await team.put("db/a", "one")
    await team.asked("db/a", "two")
    await team.approved(team.ada, "db/a")
    found = (await team.tenant("GET", "/api/v1/audit/events?path=db/a&type=approval.granted")).json()["items"]
    assert [event["body"]["lineage"] for event in found] == [["ada"]]
