"""The gate over the API: every change and every read of what is guarded waits, and then happens once."""

from __future__ import annotations

import asyncio

import pytest

from tests.asgi_client import Answer
from tests.integration.api.team import APPROVALS, Team
from tests.integration.api.tenants import INJECTIONS, STORE, refused

pytestmark = pytest.mark.anyio


async def test_what_nobody_could_approve_is_refused_with_the_reason(team: Team) -> None:
    problem = refused(await team.ci("POST", f"{STORE}/imp/a", {"value": "x"}), 403, "forbidden")
    assert "secrets.approvals" in problem["detail"]
    assert "approval.requested" not in await team.topics()


CHANGES: list[tuple[str, str, str, object]] = [
    ("create", "POST", f"{STORE}/db/new", {"value": "x"}),
    ("create", "POST", STORE, {"name": "db/new", "value": "x"}),
    ("create", "POST", f"{STORE}/db/gone", {"value": "x"}),
    ("create", "POST", f"{STORE}/import", {"prefix": "db", "values": {"new": "x"}}),
    ("rotate", "PUT", f"{STORE}/db/a", {"value": "x"}),
    ("recover", "POST", f"{STORE}/recover/db/a", {"at": "now"}),
    ("recover", "POST", f"{STORE}/undelete/db/gone", None),
    ("delete", "DELETE", f"{STORE}/db/a", None),
    ("destroy", "POST", f"{STORE}/destroy/db/a", {"versions": [1]}),
    ("destroy", "POST", f"{STORE}/destroy/db/a", {"all": True}),
]
READS: list[tuple[str, str, object]] = [
    ("GET", f"{STORE}/vault/a", None),
    ("GET", f"{STORE}/vault/a?version=1", None),
    ("GET", f"{STORE}/vault/a?resolve=true", None),
    ("GET", f"{STORE}/history/vault/a?version=1", None),
    ("GET", f"{STORE}/open?resolve=true", None),
    ("GET", f"{STORE}/export?prefix=vault/", None),
    ("GET", f"{STORE}/export?prefix=open&resolve=true", None),
    ("GET", f"{STORE}/diff/vault/a?from=1&to=2", None),
    ("GET", f"{STORE}/diff/vault/a?from=1&to=2&reveal=true", None),
    ("GET", f"{STORE}/diff?left=vault&right=free", None),
    ("GET", f"{STORE}/diff?left=vault&right=free&reveal=true", None),
    ("POST", INJECTIONS, {"variables": {"A": "vault/a"}}),
    ("POST", INJECTIONS, {"prefix": "vault/"}),
    ("POST", INJECTIONS, {"variables": {"A": "open"}, "resolve": True}),
]


async def _filled(team: Team) -> None:
    await team.put("db/a", "one", "two")
    await team.put("db/gone", "x")
    await team.tenant("DELETE", f"{STORE}/db/gone", headers={"trstctl-break-glass": "t"})
    await team.put("vault/a", "one", "two")
    await team.put("free/a", "other")
    await team.put("open", "${secret.vault/a}")


async def _all_approved(team: Team, answer: Answer) -> None:
    problem = refused(answer, 403, "approval-required")
    for each in problem.get("approvals") or [problem]:
        assert (await team.ada("POST", f"{APPROVALS}/{each['approval_id']}/approve")).status == 200


@pytest.mark.parametrize("action,method,target,body", CHANGES, ids=str)
async def test_every_change_waits_and_then_happens_once(
    action: str, method: str, target: str, body: object, team: Team
) -> None:
    await _filled(team)
    if body == {"at": "now"}:
        body = {"at": team.tenant.system.clock().isoformat()}
    before = [event for event in await team.tenant.events() if event["type"].startswith("secret.")]
    first = await team.ci(method, target, body)
    assert refused(first, 403, "approval-required")["action"] == action
    assert [event for event in await team.tenant.events() if event["type"].startswith("secret.")] == before
    await _all_approved(team, first)
    assert (await team.ci(method, target, body)).status in {200, 201, 204}
    used = (await team.topics()).count("approval.used")
    assert used == 1


@pytest.mark.parametrize("method,target,body", READS, ids=str)
async def test_every_read_waits_and_then_happens_once(method: str, target: str, body: object, team: Team) -> None:
    await _filled(team)
    first = await team.ci(method, target, body)
    assert b"two" not in first.body
    await _all_approved(team, first)
    assert (await team.ci(method, target, body)).status == 200
    refused(await team.ci(method, target, body), 403, "approval-required")


async def test_two_steps_do_not_make_up_one_that_is_guarded(team: Team) -> None:
    for path in ("rot/a", "del/a"):
        await team.put(path, "one")
    assert (await team.ci("DELETE", f"{STORE}/rot/a")).status == 204
    for method, target, body in (
        ("POST", f"{STORE}/rot/a", {"value": "two"}),
        ("POST", f"{STORE}/import", {"prefix": "rot", "values": {"a": "two"}}),
        ("POST", f"{STORE}/destroy/del/a", {"all": True}),
        ("POST", f"{STORE}/destroy/del/a", {"versions": [1]}),
    ):
        refused(await team.ci(method, target, body), 403, "approval-required")
    assert (await team.ci("POST", f"{STORE}/undelete/rot/a")).status == 200


async def test_an_import_asks_for_each_path(team: Team) -> None:
    body = {"prefix": "db", "values": {"x": "1", "y": "2"}}
    problem = refused(await team.ci("POST", f"{STORE}/import", body), 403, "approval-required")
    assert [each["resource"] for each in problem["approvals"]] == ["secret:db/x", "secret:db/y"]
    await team.approved(team.ada, "db/x", "create")
    refused(await team.ci("POST", f"{STORE}/import", body), 403, "approval-required")
    await team.approved(team.ada, "db/y", "create")
    swapped = {"prefix": "db", "values": {"x": "1", "y": "3"}}
    refused(await team.ci("POST", f"{STORE}/import", swapped), 403, "approval-required")
    assert (await team.ci("POST", f"{STORE}/import", body)).status == 201
    too_many = {"prefix": "db", "values": {f"n{n}": "x" for n in range(101)}}
    refused(await team.ci("POST", f"{STORE}/import", too_many), 413, "too-large")


@pytest.mark.parametrize("race", range(5))
async def test_of_two_uses_of_one_approval_one_wins(race: int, team: Team) -> None:
    await team.put("db/a", "one")
    await team.asked("db/a", "two")
    await team.approved(team.ada, "db/a")
    answers = await asyncio.gather(*(team.rotate("db/a", "two") for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 403, 403, 403]
    await team.put("vault/a", "v")
    refused(await team.ci("GET", f"{STORE}/vault/a"), 403, "approval-required")
    await team.approved(team.ada, "vault/a", "read")
    answers = await asyncio.gather(*(team.ci("GET", f"{STORE}/vault/a") for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] + [403] * 7
    assert (await team.topics()).count("approval.used") == 2
