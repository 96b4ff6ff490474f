"""Approvals over the API: what is guarded waits for others, happens once as it was approved, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import count

import pytest

from cli.server.config.approvals import Approval
from cli.server.config.settings import Secrets
from tests.asgi_client import Answer, AsgiClient
from tests.assembly import Assembly, assembled
from tests.integration.api.tenants import INJECTIONS, STORE, TOKENS, Tenant, refused

pytestmark = pytest.mark.anyio

APPROVALS = "/api/v1/approvals"
EVERY = Secrets(
    approvals=[
        Approval(
            name="all", paths=["db/*"], actions=["create", "rotate", "recover", "delete", "destroy"], ttl_seconds=600
        ),
        Approval(name="two", paths=["db/two*"], actions=["rotate"], approvers_needed=2),
        Approval(name="listed", paths=["db/listed"], actions=["rotate"], approvers=["ada", "grace"]),
        Approval(name="vault", paths=["vault/*"], actions=["read"]),
        Approval(name="only-rotate", paths=["rot/*"], actions=["rotate"]),
        Approval(name="only-delete", paths=["del/*"], actions=["delete"]),
        Approval(name="impossible", paths=["imp/*"], actions=["create"], approvers=["ci"]),
        Approval(name="others", paths=["db/*"], actions=["rotate"], approvers_needed=9, tenants=["somebody-else"]),
    ]
)
_NUMBERS = count()


class Team:
    """A tenant: `ci` changes things, `ada` and `grace` approve, by tokens that the operator issued."""

    def __init__(self, tenant: Tenant, ci: AsgiClient, ada: AsgiClient, grace: AsgiClient) -> None:
        self.tenant = tenant
        self.ci = ci
        self.ada = ada
        self.grace = grace

    async def put(self, path: str, *values: str) -> None:
        """A secret with these versions, past the gate by breaking the glass."""
        for number, value in enumerate(values):
            answer = await self.tenant(
                "PUT" if number else "POST", f"{STORE}/{path}", {"value": value}, headers={"trstctl-break-glass": "t"}
            )
            assert answer.status in {200, 201}, answer

    async def rotate(
        self, path: str, value: str, client: AsgiClient | None = None, *, key: str = "", glass: str | None = None
    ) -> Answer:
        headers = ({"idempotency-key": key} if key else {}) | ({} if glass is None else {"trstctl-break-glass": glass})
        return await (client or self.ci)("PUT", f"{STORE}/{path}", {"value": value}, headers=headers)

    async def asked(self, path: str, value: str) -> str:
        """The id of a new request."""
        return str(refused(await self.rotate(path, value), 403, "approval-required")["approval_id"])

    async def approve(self, client: AsgiClient, path: str, action: str = "rotate", **more: str) -> Answer:
        return await client("POST", f"{STORE}/approvals/{path}", {"action": action, **more})

    async def approved(self, client: AsgiClient, path: str, action: str = "rotate", **more: str) -> dict[str, object]:
        answer = await self.approve(client, path, action, **more)
        assert answer.status == 200, answer
        told: dict[str, object] = answer.json()
        return told

    async def state(self, approval_id: str) -> str:
        answer = await self.ada("GET", f"{APPROVALS}/{approval_id}")
        assert answer.status == 200, answer
        return str(answer.json()["state"])

    async def topics(self) -> list[str]:
        return [event["type"] for event in await self.tenant.events() if event["type"].startswith("approval.")]


@pytest.fixture(scope="module")
async def guarded_system(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Assembly]:
    async with assembled(tmp_path_factory.mktemp("guarded"), EVERY) as system:
        yield system


@pytest.fixture
async def team(guarded_system: Assembly) -> AsyncIterator[Team]:
    tenant = await Tenant.begin(guarded_system, guarded_system.app(), f"team-{next(_NUMBERS)}")
    yield Team(
        tenant,
        await tenant.holding("secrets:read", "secrets:write", "secrets:delete", "secrets:destroy", "secrets:list",
                             "secrets:export", "access:write", "approvals:decide", subject="ci"),
        await tenant.holding("approvals:decide", "approvals:read", subject="ada"),
        await tenant.holding("approvals:decide", subject="grace"),
    )  # fmt: skip
    guarded_system.clock.moved -= guarded_system.clock.moved


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
