"""Two tenants cannot see each other on any route. A new route makes this fail until somebody says how it is apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from litestar.routes import HTTPRoute

from api.app import create_litestar
from tests.asgi_client import Answer
from tests.assembly import assembled
from tests.integration.api.leases_apart import LEASES_APART
from tests.integration.api.shares_apart import SHARES_APART
from tests.integration.api.tenants import (
    APPROVALS,
    ATTENTION,
    EVENTS,
    INJECTIONS,
    KEYS,
    STORE,
    TOKENS,
    WHOAMI,
    Tenant,
    asked,
    refused,
)
from tests.integration.api.transit_routes import TRANSIT_APART
from tests.parked_work import parked

pytestmark = pytest.mark.anyio

MARKER = "marker-of-acme"
PATH = f"{MARKER}/db"


class Pair:
    """A tenant with something of every kind, each with a marker, and one that has nothing."""

    def __init__(self, acme: Tenant, other: Tenant, token_id: str) -> None:
        self.acme = acme
        self.other = other
        self.token_id = token_id

    async def missing(self, method: str, target: str, body: object = None, code: str = "not-found") -> None:
        """It works for the one; for the other it is as if nothing were there, and nothing happens."""
        head = await self.acme.system.head()
        answer = await self.other(method, target, body)
        refused(answer, 404, code)
        assert await self.acme.system.head() == head
        assert (await self.acme(method, target, body)).status in {200, 201, 204}

    async def empty(self, target: str, nothing: object) -> None:
        """A list, or an answer made of lists, that is empty for the other."""
        answer = await self.other("GET", target)
        assert (answer.status, answer.json()) == (200, nothing)
        assert MARKER.encode() in (await self.acme("GET", target)).body

    async def silent(self, method: str, target: str, body: object = None) -> Answer:
        """An answer that tells the other nothing of the one."""
        answer = await self.other(method, target, body)
        assert MARKER.encode() not in answer.body
        assert self.acme.id.encode() not in answer.body
        return answer


@pytest.fixture
async def pair(acme: Tenant, other: Tenant) -> Pair:
    await acme.put(PATH, f"{MARKER}-1", f"{MARKER}-2", metadata={"owner": MARKER})
    await acme.put(f"{MARKER}/user", f"${{secret.{PATH}}}")
    token = (await acme("POST", TOKENS, {"subject": MARKER, "scopes": ["secrets:list"]})).json()
    return Pair(acme, other, token["id"])


async def deleted(pair: Pair) -> None:
    await pair.acme("DELETE", f"{STORE}/{PATH}")
    await pair.missing("POST", f"{STORE}/undelete/{PATH}")


async def created(pair: Pair) -> None:
    for method, target, body in (
        ("POST", f"{STORE}/{PATH}", {"value": "own"}),
        ("POST", STORE, {"name": f"{MARKER}/user", "value": "own"}),
    ):
        answer = await pair.other(method, target, body)
        assert answer.status == 201, "the other tenant's names must be free"
        assert answer.json()["version"] == 1
    assert await pair.other.value(PATH) == "own"
    assert await pair.acme.value(PATH) == f"{MARKER}-2"


async def imported(pair: Pair) -> None:
    answer = await pair.other("POST", f"{STORE}/import", {"values": {PATH: "own"}})
    assert answer.status == 201
    assert await pair.acme.value(PATH) == f"{MARKER}-2"


async def read(pair: Pair) -> None:
    for query in ("", "?version=1", "?resolve=true"):
        await pair.missing("GET", f"{STORE}/{PATH}{query}")
    await pair.other.put("own", f"${{secret.{PATH}}}")
    refused(await pair.other("GET", f"{STORE}/own?resolve=true"), 404, "not-found")


async def history(pair: Pair) -> None:
    await pair.missing("GET", f"{STORE}/history/{PATH}")
    await pair.missing("GET", f"{STORE}/history/{PATH}?version=1")


async def recovered(pair: Pair) -> None:
    await pair.missing("POST", f"{STORE}/recover/{PATH}", {"at": pair.acme.system.clock().isoformat()})


async def compared(pair: Pair) -> None:
    told = (await pair.silent("GET", f"{STORE}/diff?left={PATH[:9]}&right=b&reveal=true")).json()
    assert [told[kind] for kind in ("only_left", "only_right", "equal", "different")] == [[], [], [], []]
    folder = await pair.other("GET", f"{STORE}/diff?left={MARKER}&right={MARKER}&reveal=true")
    assert [folder.json()[kind] for kind in ("only_left", "only_right", "equal", "different")] == [[], [], [], []]


async def listed(pair: Pair) -> None:
    nothing: dict[str, object] = {"items": [], "folders": [], "next_cursor": None}
    await pair.empty(STORE, nothing)
    await pair.empty(f"{STORE}?delimiter=/", nothing)
    await pair.acme("DELETE", f"{STORE}/{PATH}")
    await pair.empty(f"{STORE}?deleted=true", nothing)


async def referenced(pair: Pair) -> None:
    answer = await pair.other("GET", f"{STORE}/references/{PATH}")
    assert (answer.status, answer.json()) == (200, {"name": PATH, "uses": [], "used_by": []})
    assert (await pair.acme("GET", f"{STORE}/references/{PATH}")).json()["used_by"] == [f"{MARKER}/user"]


async def injected(pair: Pair) -> None:
    await pair.missing("POST", INJECTIONS, {"variables": {"A": PATH}})
    refused(await pair.other("POST", INJECTIONS, {"prefix": f"{MARKER}/"}), 400, "invalid")


async def minted(pair: Pair) -> None:
    answer = await pair.silent("POST", TOKENS, {"subject": "own", "scopes": ["*"]})
    assert answer.status == 201
    ids = {item["id"] for item in (await pair.acme("GET", TOKENS)).json()["items"]}
    assert answer.json()["id"] not in ids


async def minted_briefly(pair: Pair) -> None:
    answer = await pair.silent("POST", KEYS, {"scopes": ["*"], "ttl_seconds": 60})
    assert answer.status == 201
    ids = {item["id"] for item in (await pair.acme("GET", TOKENS)).json()["items"]}
    assert answer.json()["id"] not in ids


async def approved(pair: Pair) -> None:
    _, approval_id = await asked(pair.acme, MARKER)
    await pair.missing("POST", f"{STORE}/approvals/guarded/{MARKER}", {"action": "rotate"})
    await pair.missing("POST", f"{APPROVALS}/{approval_id}/approve")
    await pair.missing("GET", f"{APPROVALS}/{approval_id}")
    await pair.empty(APPROVALS, {"items": [], "next_cursor": None})
    await pair.missing("POST", f"{APPROVALS}/{approval_id}/deny", {"reason": "no"})


async def withdrawn(pair: Pair) -> None:
    client, approval_id = await asked(pair.acme, MARKER)
    refused(await pair.other("POST", f"{APPROVALS}/{approval_id}/withdraw"), 404, "not-found")
    assert (await client("POST", f"{APPROVALS}/{approval_id}/withdraw")).status == 204


async def stuck(pair: Pair) -> str:
    """Work of the one that needs a person."""
    key = (await pair.acme("POST", KEYS, {"scopes": ["secrets:list"], "ttl_seconds": 60})).json()
    return await parked(pair.acme.system.views.due_work, pair.acme.system.committer, pair.acme.id, key["id"])


async def undone(pair: Pair) -> None:
    work_id = await stuck(pair)
    assert (await pair.other("GET", ATTENTION)).json() == {"items": [], "next_cursor": None}
    assert work_id.encode() in (await pair.acme("GET", ATTENTION)).body


async def retried(pair: Pair) -> None:
    await pair.missing("POST", f"{ATTENTION}/{await stuck(pair)}/retry")


async def resolved(pair: Pair) -> None:
    await pair.missing("POST", f"{ATTENTION}/{await stuck(pair)}/resolve", {"reason": "settled"})


async def tokens(pair: Pair) -> None:
    for query in ("", f"?subject={MARKER}", "?include_revoked=true"):
        await pair.silent("GET", f"{TOKENS}{query}")
    assert (await pair.other("GET", f"{TOKENS}?subject={MARKER}")).json()["items"] == []
    assert len((await pair.acme("GET", f"{TOKENS}?subject={MARKER}")).json()["items"]) == 1


async def whoami(pair: Pair) -> None:
    assert (await pair.silent("GET", WHOAMI)).json()["tenant"] == pair.other.id


async def audited(pair: Pair) -> None:
    for query in ("", f"?path={PATH}", f"?q={MARKER}", f"?actor={MARKER}", "?order=asc&limit=1000", "?path=*"):
        await pair.silent("GET", f"{EVENTS}{query}")
    assert (await pair.other("GET", f"{EVENTS}?path={PATH}")).json()["items"] == []
    own = (await pair.other("GET", f"{EVENTS}?limit=1000")).json()["items"]
    assert {event["tenant"] for event in own} == {pair.other.id}
    assert MARKER.encode() in (await pair.acme("GET", f"{EVENTS}?path={PATH}")).body


async def exported_log(pair: Pair) -> None:
    answer = await pair.silent("GET", "/api/v1/audit/export")
    lines = [Answer(200, {}, line).json() for line in answer.body.splitlines()]
    assert [line["position"] for line in lines] == list(range(1, await pair.acme.system.head() + 1))
    assert {line["tenant"] for line in lines if "tenant" in line} == {pair.other.id}
    withheld = [line for line in lines if "tenant" not in line]
    assert all(set(line) == {"position", "header_digest", "body_digest", "prev_hash", "hash"} for line in withheld)
    assert len(withheld) > 5


async def verified(pair: Pair) -> None:
    report = (await pair.silent("POST", "/api/v1/audit/verify")).json()
    assert report["findings"] == []


async def checkpoints(pair: Pair) -> None:
    await pair.silent("GET", "/api/v1/audit/checkpoints")


async def checkpointed(pair: Pair) -> None:
    await pair.silent("POST", "/api/v1/audit/checkpoints")


def missing(method: str, target: str, body: object = None) -> Callable[[Pair], Awaitable[None]]:
    async def check(pair: Pair) -> None:
        await pair.missing(method, target.replace("{token}", pair.token_id), body)

    return check


def nobodys(method: str, target: str) -> Callable[[Pair], Awaitable[None]]:
    """A route that is about no tenant, and tells of none."""

    async def check(pair: Pair) -> None:
        await pair.silent(method, target)

    return check


async def exported(pair: Pair) -> None:
    for form in ("json", "yaml", "dotenv"):
        answer = await pair.silent("GET", f"{STORE}/export?format={form}&resolve=true")
        assert answer.status == 200
    assert (await pair.other("GET", f"{STORE}/export")).json()["values"] == {}
    assert MARKER.encode() in (await pair.acme("GET", f"{STORE}/export")).body


KEPT_APART: dict[tuple[str, str], Callable[[Pair], Awaitable[None]]] = {
    ("POST", STORE): created,
    ("GET", STORE): listed,
    ("POST", f"{STORE}/{{path:path}}"): created,
    ("GET", f"{STORE}/{{path:path}}"): read,
    ("PUT", f"{STORE}/{{path:path}}"): missing("PUT", f"{STORE}/{PATH}", {"value": "x"}),
    ("DELETE", f"{STORE}/{{path:path}}"): missing("DELETE", f"{STORE}/{PATH}"),
    ("GET", f"{STORE}/history/{{path:path}}"): history,
    ("POST", f"{STORE}/recover/{{path:path}}"): recovered,
    ("POST", f"{STORE}/undelete/{{path:path}}"): deleted,
    ("POST", f"{STORE}/destroy/{{path:path}}"): missing("POST", f"{STORE}/destroy/{PATH}", {"all": True}),
    ("POST", f"{STORE}/import"): imported,
    ("GET", f"{STORE}/export"): exported,
    ("GET", f"{STORE}/diff"): compared,
    ("GET", f"{STORE}/diff/{{path:path}}"): missing("GET", f"{STORE}/diff/{PATH}?from=1&to=2"),
    ("GET", f"{STORE}/references/{{path:path}}"): referenced,
    ("POST", INJECTIONS): injected,
    ("POST", TOKENS): minted,
    ("POST", KEYS): minted_briefly,
    ("GET", ATTENTION): undone,
    ("POST", f"{ATTENTION}/{{work_id:str}}/retry"): retried,
    ("POST", f"{ATTENTION}/{{work_id:str}}/resolve"): resolved,
    ("GET", TOKENS): tokens,
    ("DELETE", f"{TOKENS}/{{token_id:str}}"): missing("DELETE", f"{TOKENS}/{{token}}"),
    ("POST", f"{STORE}/approvals/{{path:path}}"): approved,
    ("GET", APPROVALS): approved,
    ("GET", f"{APPROVALS}/{{approval_id:str}}"): approved,
    ("POST", f"{APPROVALS}/{{approval_id:str}}/approve"): approved,
    ("POST", f"{APPROVALS}/{{approval_id:str}}/deny"): approved,
    ("POST", f"{APPROVALS}/{{approval_id:str}}/withdraw"): withdrawn,
    ("GET", WHOAMI): whoami,
    **SHARES_APART,
    **LEASES_APART,
    **TRANSIT_APART,
    ("GET", EVENTS): audited,
    ("GET", "/api/v1/audit/export"): exported_log,
    ("POST", "/api/v1/audit/verify"): verified,
    ("GET", "/api/v1/audit/checkpoints"): checkpoints,
    ("POST", "/api/v1/audit/checkpoints"): checkpointed,
    **{
        ("GET", path): nobodys("GET", path)
        for path in (
            "/healthz", "/readyz", "/metrics", "/api/v1/openapi.json", "/api/v1/docs", "/api/v1/audit/key", "/s",
        )
    },
}  # fmt: skip


def routes() -> set[tuple[str, str]]:
    """Every method of every route there is; OPTIONS tells of methods alone."""
    found = (route for route in create_litestar(None).routes if isinstance(route, HTTPRoute))
    return {(method, route.path) for route in found for method in route.methods if method != "OPTIONS"}


def test_every_route_is_classified() -> None:
    assert set(KEPT_APART) == routes()


@pytest.mark.parametrize("method,target", sorted(KEPT_APART))
async def test_one_tenant_is_nothing_to_another(method: str, target: str, pair: Pair) -> None:
    await KEPT_APART[method, target](pair)


async def test_tenants_are_not_told_by_a_refusal_either(pair: Pair) -> None:
    for target in (f"{STORE}/{PATH}", f"{STORE}/no/such"):
        theirs = refused(await pair.other("GET", target), 404, "not-found")["detail"]
        assert theirs == f"there is no secret {target.removeprefix(STORE + '/')!r}"


async def test_findings_of_a_verification_name_nothing_of_another_tenant(tmp_path: Path) -> None:
    async with assembled(tmp_path) as system:
        app = system.app()
        acme, other = await Tenant.begin(system, app, "acme"), await Tenant.begin(system, app, "other")
        await acme.put(PATH, MARKER)
        tamper(tmp_path / "trstctl.db")
        report = (await other("POST", "/api/v1/audit/verify")).json()
        assert report["intact"] is False
        assert MARKER not in str(report)
        assert acme.id not in str(report)


def tamper(path: Path) -> None:
    from sqlite3 import connect  # noqa: PLC0415 - only here

    connection: Any = connect(path, isolation_level=None)
    connection.execute("DROP TRIGGER events_no_UPDATE")
    connection.execute(
        "UPDATE events SET body = replace(body, 'create', 'rotate') WHERE type = 'secret.version.written'"
    )
    connection.execute("UPDATE sealed_values SET sealed = zeroblob(60)")
    connection.close()
