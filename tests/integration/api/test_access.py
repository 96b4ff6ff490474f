"""API tokens: minted within the minter's own rights, bounded in time, revoked at once; and who one is."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from domain.token_text import well_formed
from tests.asgi_client import Answer, AsgiClient
from tests.integration.api.tenants import STORE, TOKENS, WHOAMI, Tenant, refused

pytestmark = pytest.mark.anyio


async def minted(client: AsgiClient | Tenant, *scopes: str, **more: object) -> dict[str, Any]:
    answer = await client("POST", TOKENS, {"subject": "ci", "scopes": list(scopes), **more})
    assert answer.status == 201, answer
    token: dict[str, Any] = answer.json()
    return token


def using(tenant: Tenant, token: dict[str, Any]) -> AsgiClient:
    return AsgiClient(tenant.app, token["token"])


async def test_token_is_told_once_and_works(acme: Tenant) -> None:
    answer = await acme("POST", TOKENS, {"subject": "ci/deploy", "scopes": ["secrets:list", "role:viewer"]})
    assert answer.status == 201
    told = answer.json()
    assert well_formed(told["token"])
    assert {name: told[name] for name in ("subject", "scopes", "expires_at", "revoked_at", "revoked_by")} == {
        "subject": "ci/deploy", "scopes": ["secrets:list"], "expires_at": None, "revoked_at": None, "revoked_by": None,
    }  # fmt: skip
    event = (await acme.events("api_token.issued"))[-1]
    assert event["position"] == answer.position
    assert (event["token_id"], event["hash"]) == (told["id"], sha256(told["token"].encode()).hexdigest())
    assert (await using(acme, told)("GET", STORE)).status == 200
    listed = await acme("GET", TOKENS)
    assert told["id"] in {item["id"] for item in listed.json()["items"]}
    assert told["token"].encode() not in listed.body
    assert b'"token"' not in listed.body
    assert told["parent"] == (await acme("GET", WHOAMI)).json()["token_id"]


async def test_token_is_stored_nowhere(acme: Tenant) -> None:
    token = (await minted(acme, "secrets:list"))["token"]
    for path in acme.system.folder.iterdir():
        assert token.encode() not in path.read_bytes()


async def test_whoami_tells_what_the_token_is(acme: Tenant) -> None:
    token = await minted(acme, "secrets:read:app/*", "secrets:list", ttl_seconds=60)
    told = (await using(acme, token)("GET", WHOAMI)).json()
    name = (await acme("GET", WHOAMI)).json()["tenant_name"]
    assert told == {
        "tenant": acme.id, "tenant_name": name, "subject": "ci", "scopes": ["secrets:read:app/*", "secrets:list"],
        "token_id": token["id"], "expires_at": told["expires_at"],
    }  # fmt: skip
    assert datetime.fromisoformat(told["expires_at"]) == datetime.fromisoformat(token["expires_at"])
    assert name.startswith("acme-")


@pytest.mark.parametrize(
    "held,wanted",
    [
        (["access:write", "secrets:read:app/*"], ["secrets:read:app/db/*"]),
        (["access:write", "secrets:read:app/*"], ["secrets:read:app/x", "access:write"]),
        (["access:write", "role:editor"], ["role:viewer"]),
        (["access:write", "role:editor"], ["role:editor:app/*"]),
        (["*"], ["*"]),
    ],
)
async def test_scopes_within_the_minters_own_are_given(held: list[str], wanted: list[str], acme: Tenant) -> None:
    await minted(await acme.holding(*held), *wanted)


@pytest.mark.parametrize(
    "held,wanted",
    [
        (["access:write"], ["secrets:list"]),
        (["access:write", "secrets:read:app/*"], ["secrets:read"]),
        (["access:write", "secrets:read:app/*"], ["secrets:read:*"]),
        (["access:write", "secrets:read:app/*"], ["secrets:read:app"]),
        (["access:write", "secrets:read:app/*"], ["secrets:read:app/x", "secrets:write:app/x"]),
        (["access:write", "role:editor"], ["secrets:destroy"]),
        (["access:write", "role:viewer"], ["role:editor"]),
        (["access:write", "role:editor"], ["*"]),
        (["access:write", "role:editor"], ["role:operator"]),
        (["role:editor"], ["secrets:list"]),
    ],
)
async def test_nobody_mints_more_than_they_hold(held: list[str], wanted: list[str], acme: Tenant) -> None:
    client = await acme.holding(*held)
    before = await acme.system.head()
    refused(await client("POST", TOKENS, {"subject": "ci", "scopes": wanted}), 403, "forbidden")
    assert await acme.system.head() == before


async def test_token_bounded_by_path_reaches_nothing_else(acme: Tenant) -> None:
    for path in ("app/a", "app/b/c", "apple", "other"):
        await acme.put(path, "x")
    client = using(acme, await minted(acme, "secrets:read:app/*", "secrets:write:app/*"))
    for path in ("app/a", "app/b/c"):
        assert (await client("GET", f"{STORE}/{path}")).status == 200
        assert (await client("PUT", f"{STORE}/{path}", {"value": "y"})).status == 200
    for path in ("apple", "other", "nothing/there"):
        refused(await client("GET", f"{STORE}/{path}"), 403, "forbidden")
        refused(await client("PUT", f"{STORE}/{path}", {"value": "y"}), 403, "forbidden")
        refused(await client("DELETE", f"{STORE}/{path}"), 403, "forbidden")
    refused(await client("DELETE", f"{STORE}/app/a"), 403, "forbidden")


@pytest.mark.parametrize(
    "body",
    [
        {"subject": "ci"},
        {"scopes": ["secrets:list"]},
        {"subject": "", "scopes": ["secrets:list"]},
        {"subject": "a b", "scopes": ["secrets:list"]},
        {"subject": "a#b", "scopes": ["secrets:list"]},
        {"subject": "a" * 201, "scopes": ["secrets:list"]},
        {"subject": "ci", "scopes": []},
        {"subject": "ci", "scopes": ["secrets:lists"]},
        {"subject": "ci", "scopes": "secrets:list"},
        {"subject": "ci", "scopes": ["secrets:list"] * 65},
        {"subject": "ci", "scopes": ["audit:read:app/*"]},
        {"subject": "ci", "scopes": ["secrets:list"], "ttl_seconds": 0},
        {"subject": "ci", "scopes": ["secrets:list"], "ttl_seconds": -1},
        {"subject": "ci", "scopes": ["secrets:list"], "ttl_seconds": 10**9},
        {"subject": "ci", "scopes": ["secrets:list"], "ttl_seconds": 1.5},
        {"subject": "ci", "scopes": ["secrets:list"], "token": "trst_mine"},
    ],
)
async def test_wrong_request_for_a_token_is_refused(body: object, acme: Tenant) -> None:
    refused(await acme("POST", TOKENS, body), 400, "invalid")


async def test_token_ends_when_it_expires(acme: Tenant) -> None:
    token = await minted(acme, "secrets:list", ttl_seconds=60)
    lives = datetime.fromisoformat(token["expires_at"]) - datetime.fromisoformat(token["created_at"])
    assert lives == timedelta(seconds=60)
    client = using(acme, token)
    acme.system.clock.advance(seconds=58)
    assert (await client("GET", WHOAMI)).status == 200
    acme.system.clock.advance(seconds=2)
    refused(await client("GET", WHOAMI), 401, "unauthenticated")


async def test_nobody_mints_what_outlives_them(acme: Tenant) -> None:
    client = await acme.holding("*", ttl_seconds=100)
    own = (await client("GET", WHOAMI)).json()["expires_at"]
    assert (await minted(client, "secrets:list"))["expires_at"] == own
    assert (await minted(client, "secrets:list", ttl_seconds=50))["expires_at"] < own
    answer = await client("POST", TOKENS, {"subject": "ci", "scopes": ["secrets:list"], "ttl_seconds": 200})
    refused(answer, 403, "forbidden")


async def test_revoked_token_is_refused_at_once(acme: Tenant) -> None:
    await acme.put("a", "x")
    token = await minted(acme, "*")
    client = using(acme, token)
    assert (await client("GET", f"{STORE}/a")).status == 200
    answer = await acme("DELETE", f"{TOKENS}/{token['id']}", {"reason": "leaked"})
    assert (answer.status, answer.body) == (204, b"")
    event = (await acme.events("api_token.revoked"))[-1]
    assert (event["position"], event["token_id"], event["reason"]) == (answer.position, token["id"], "leaked")
    for method, target in (("GET", f"{STORE}/a"), ("GET", WHOAMI), ("POST", TOKENS), ("GET", "/no/route")):
        refused(await client(method, target), 401, "unauthenticated")
    refused(await acme("DELETE", f"{TOKENS}/{token['id']}"), 409, "conflict")


async def test_token_can_revoke_itself(acme: Tenant) -> None:
    token = await minted(acme, "access:write")
    client = using(acme, token)
    assert (await client("DELETE", f"{TOKENS}/{token['id']}")).status == 204
    refused(await client("GET", WHOAMI), 401, "unauthenticated")


@pytest.mark.parametrize("body", [{"reason": 7}, {"why": "x"}, ["x"], {"reason": "x" * 501}, {"reason": "a\x00b"}])
async def test_wrong_reason_is_refused(body: object, acme: Tenant) -> None:
    token = await minted(acme, "secrets:list")
    refused(await acme("DELETE", f"{TOKENS}/{token['id']}", body), 400, "invalid")
    assert (await using(acme, token)("GET", WHOAMI)).status == 200


async def test_unknown_token_cannot_be_revoked(acme: Tenant) -> None:
    for token_id in ("tok_0000000000000000", "x", "..", "%2e%2e", "a%20b"):
        refused(await acme("DELETE", f"{TOKENS}/{token_id}"), 404, "not-found")


async def test_tokens_are_listed_as_asked(acme: Tenant) -> None:
    ids = [(await minted(acme, "secrets:list", subject=subject))["id"] for subject in ("ci", "cd", "ci")]
    await acme("DELETE", f"{TOKENS}/{ids[2]}", {"reason": "old"})
    own = (await acme("GET", WHOAMI)).json()["token_id"]

    async def found(query: str) -> set[str]:
        return {item["id"] for item in (await acme("GET", f"{TOKENS}?{query}")).json()["items"]}

    assert await found("") == {own, ids[0], ids[1]}
    assert await found("subject=ci") == {ids[0]}
    assert await found("subject=ci&include_revoked=true") == {ids[0], ids[2]}
    assert await found("subject=nobody") == set()
    every = (await acme("GET", f"{TOKENS}?include_revoked=true")).json()["items"]
    (revoked,) = [item for item in every if item["id"] == ids[2]]
    assert (revoked["revoked_by"], revoked["revocation_reason"]) == (f"ops#{own}", "old")
    assert revoked["revoked_at"] is not None


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
async def test_tokens_are_listed_page_by_page(limit: int, acme: Tenant) -> None:
    for _ in range(3):
        await minted(acme, "secrets:list")
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = (await acme("GET", f"{TOKENS}?limit={limit}{cursor and '&cursor=' + cursor}")).json()
        assert len(page["items"]) <= limit
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert len(found) == len(set(found)) == 4
    assert found == sorted(found)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "include_revoked=maybe", "subject=%00", "page=2"])
async def test_wrong_parameter_of_the_list_is_refused(query: str, acme: Tenant) -> None:
    refused(await acme("GET", f"{TOKENS}?{query}"), 400, "invalid")


async def test_access_needs_its_scopes(acme: Tenant) -> None:
    reader, writer = await acme.holding("access:read"), await acme.holding("access:write", "secrets:list")
    token = await minted(acme, "secrets:list")
    assert (await reader("GET", TOKENS)).status == 200
    refused(await writer("GET", TOKENS), 403, "forbidden")
    refused(await reader("POST", TOKENS, {"subject": "ci", "scopes": ["access:read"]}), 403, "forbidden")
    refused(await reader("DELETE", f"{TOKENS}/{token['id']}"), 403, "forbidden")
    assert (await writer("DELETE", f"{TOKENS}/{token['id']}")).status == 204


@pytest.mark.parametrize(
    "header",
    [
        None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "trst_x", "Bearer trst_x", f"Bearer trst_{'0' * 49}",
        "Bearer ünï", "bearer x y",
    ],
)  # fmt: skip
async def test_request_without_a_good_token_is_refused(header: str | None, acme: Tenant) -> None:
    client = AsgiClient(acme.app)
    fields = {} if header is None else {"authorization": header}
    for method, target in (("GET", WHOAMI), ("GET", "/no/such/route"), ("PUT", f"{STORE}/a"), ("POST", f"{STORE}/..")):
        answer = await client(method, target, headers=fields)
        refused(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == 'Bearer realm="trstctl"'


async def test_well_formed_token_of_nobody_is_refused_alike(acme: Tenant) -> None:
    from domain.token_text import token_text  # noqa: PLC0415 - only here

    unknown: Answer = await AsgiClient(acme.app, token_text(b"u" * 32))("GET", WHOAMI)
    malformed = await AsgiClient(acme.app, "trst_x")("GET", WHOAMI)
    assert refused(unknown, 401, "unauthenticated")["detail"] == refused(malformed, 401, "unauthenticated")["detail"]


async def test_scheme_is_read_in_any_case(acme: Tenant) -> None:
    client = AsgiClient(acme.app)
    for scheme in ("Bearer", "bearer", "BEARER"):
        answer = await client("GET", WHOAMI, headers={"authorization": f"{scheme} {acme.client.token}"})
        assert answer.status == 200


async def test_revocation_wins_over_requests_at_the_same_time(acme: Tenant) -> None:
    token = await minted(acme, "*")
    client = using(acme, token)
    revocation = acme("DELETE", f"{TOKENS}/{token['id']}")
    answers = await asyncio.gather(revocation, *(client("GET", WHOAMI) for _ in range(10)))
    assert answers[0].status == 204
    assert {answer.status for answer in answers[1:]} <= {200, 401}
    assert (await client("GET", WHOAMI)).status == 401
