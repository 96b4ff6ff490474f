"""Ephemeral API keys: bounded in time and rights, shown once, and recorded as revoked when their time is over."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.asgi_client import AsgiClient
from tests.assembly import LONGEST_EPHEMERAL
from tests.integration.api.tenants import KEYS, STORE, TOKENS, WHOAMI, Tenant, refused

pytestmark = pytest.mark.anyio

MISSION = {"subject": "ci-preview-deploy", "scopes": ["access:read"], "ttl_seconds": 900}


async def listed(acme: Tenant, token_id: str) -> dict[str, Any]:
    page = (await acme("GET", f"{TOKENS}?include_revoked=true&limit=1000")).json()
    (item,) = [item for item in page["items"] if item["id"] == token_id]
    found: dict[str, Any] = item
    return found


async def ends(acme: Tenant, token_id: str) -> list[tuple[str, str]]:
    """Who recorded the token's end, and why."""
    events = await acme.events("api_token.revoked")
    return [(event["actor"], event["reason"]) for event in events if event["token_id"] == token_id]


async def test_key_is_told_once_and_works(acme: Tenant) -> None:
    answer = await acme("POST", KEYS, MISSION)
    assert answer.status == 201
    told = answer.json()
    assert {name: told[name] for name in ("subject", "scopes", "revoked_at")} == {
        "subject": "ci-preview-deploy", "scopes": ["access:read"], "revoked_at": None,
    }  # fmt: skip
    lives = datetime.fromisoformat(told["expires_at"]) - datetime.fromisoformat(told["created_at"])
    assert lives == timedelta(seconds=900)
    assert told["parent"] == (await acme("GET", WHOAMI)).json()["token_id"]
    assert (await AsgiClient(acme.app, told["token"])("GET", TOKENS)).status == 200
    assert "token" not in await listed(acme, told["id"])


async def test_key_is_the_callers_own_unless_a_subject_is_given(acme: Tenant) -> None:
    client = await acme.holding("access:write", "secrets:list", subject="ada@example.com")
    told = (await client("POST", KEYS, {"scopes": ["secrets:list"], "ttl_seconds": 60})).json()
    assert told["subject"] == "ada@example.com"
    given = (await client("POST", KEYS, {"subject": "ci", "scopes": ["secrets:list"], "ttl_seconds": 60})).json()
    assert given["subject"] == "ci"


async def test_repeated_request_tells_the_key_no_more(acme: Tenant) -> None:
    first = (await acme("POST", KEYS, MISSION, headers={"idempotency-key": "k"})).json()
    again = await acme("POST", KEYS, MISSION, headers={"idempotency-key": "k"})
    assert again.status == 201
    assert again.json() == {**{name: value for name, value in first.items() if name != "token"}, "replayed": True}


@pytest.mark.parametrize("more", [0, 1, 10**6])
async def test_longest_life_is_that_of_the_configuration(more: int, acme: Tenant) -> None:
    answer = await acme("POST", KEYS, {**MISSION, "ttl_seconds": LONGEST_EPHEMERAL + more})
    if more:
        told = refused(answer, 400, "invalid")["detail"]
        assert f"at most {LONGEST_EPHEMERAL} seconds" in told
        assert "access.max_ephemeral_ttl_seconds" in told
    else:
        assert answer.status == 201


@pytest.mark.parametrize(
    "body",
    [
        {"scopes": ["access:read"]},
        {"ttl_seconds": 60},
        {"scopes": [], "ttl_seconds": 60},
        {"scopes": ["no:such"], "ttl_seconds": 60},
        {"scopes": ["access:read"], "ttl_seconds": None},
        {"scopes": ["access:read"], "ttl_seconds": 0},
        {"scopes": ["access:read"], "ttl_seconds": -5},
        {"scopes": ["access:read"], "ttl_seconds": "60"},
        {"scopes": ["access:read"], "ttl_seconds": 60, "subject": "a b"},
        {"scopes": ["access:read"], "ttl_seconds": 60, "subject": ""},
        {"scopes": ["access:read"], "ttl_seconds": 60, "parent": "tok_x"},
    ],
)
async def test_wrong_request_for_a_key_is_refused(body: object, acme: Tenant) -> None:
    before = await acme.system.head()
    refused(await acme("POST", KEYS, body), 400, "invalid")
    assert await acme.system.head() == before


async def test_key_has_no_more_rights_and_no_more_time_than_its_minter(acme: Tenant) -> None:
    reader = await acme.holding("access:read")
    refused(await reader("POST", KEYS, MISSION), 403, "forbidden")
    writer = await acme.holding("access:write", "secrets:read:app/*", ttl_seconds=100)
    for scopes, ttl, status in (
        (["secrets:read"], 60, 403),
        (["*"], 60, 403),
        (["secrets:read:app/db"], 200, 403),
        (["secrets:read:app/db"], 60, 201),
    ):
        assert (await writer("POST", KEYS, {"scopes": scopes, "ttl_seconds": ttl})).status == status


@pytest.mark.parametrize("target", [KEYS, TOKENS])
async def test_token_that_expires_is_refused_and_recorded_as_revoked(target: str, acme: Tenant) -> None:
    told = (await acme("POST", target, MISSION)).json()
    client = AsgiClient(acme.app, told["token"])
    acme.system.clock.advance(seconds=898)
    await acme.system.process()
    assert (await client("GET", TOKENS)).status == 200
    assert (await listed(acme, told["id"]))["revoked_at"] is None
    acme.system.clock.advance(seconds=2)
    refused(await client("GET", TOKENS), 401, "unauthenticated")
    await acme.system.process()
    item = await listed(acme, told["id"])
    assert datetime.fromisoformat(item["revoked_at"]) >= datetime.fromisoformat(told["expires_at"])
    assert (item["revoked_by"], item["revocation_reason"]) == ("trstctl", "expired")
    await acme.system.process()
    assert await ends(acme, told["id"]) == [("trstctl", "expired")]


async def test_what_was_revoked_does_not_expire_as_well(acme: Tenant) -> None:
    told = (await acme("POST", KEYS, MISSION)).json()
    assert (await acme("DELETE", f"{TOKENS}/{told['id']}", {"reason": "done"})).status == 204
    acme.system.clock.advance(seconds=1000)
    await acme.system.process()
    assert [reason for _, reason in await ends(acme, told["id"])] == ["done"]


async def test_token_without_an_end_does_not_expire(acme: Tenant) -> None:
    token = (await acme("POST", TOKENS, {"subject": "ci", "scopes": ["secrets:list"]})).json()
    acme.system.clock.advance(days=4000)
    await acme.system.process()
    assert (await AsgiClient(acme.app, token["token"])("GET", STORE)).status == 200
