"""`auth/token/`: looked up, created, renewed, used up and revoked as Vault's clients do it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio
DENIED = {"errors": ["permission denied"]}


async def created(by: VaultClient, path: str = "create", **fields: Any) -> dict[str, Any]:
    answer = await by("POST", f"auth/token/{path}", fields)
    assert answer.status == 200, answer
    auth: dict[str, Any] = answer.json()["auth"]
    return auth


async def test_an_operators_token_is_the_root_token(acme: VaultTenant) -> None:
    answer = await acme("GET", "auth/token/lookup-self")
    data = answer.json()["data"]
    assert answer.headers["content-type"] == "application/json"
    assert (data["id"], data["policies"], data["ttl"], data["expire_time"]) == (acme.token, ["root"], 0, None)
    assert data["renewable"] is False


@pytest.mark.parametrize("token", [None, "", "hvs.unknown", "trst_x"])
async def test_without_a_good_token_nothing_is_told(acme: VaultTenant, token: str | None) -> None:
    for path in ("auth/token/lookup-self", "no/such/mount", "auth/token/nothing"):
        answer = await acme.client(token)("GET", path)
        assert (answer.status, answer.json()) == (403, DENIED)


async def test_bearer_is_taken_too(acme: VaultTenant) -> None:
    answer = await acme.client(None)("GET", "auth/token/lookup-self", authorization=f"Bearer {acme.token}")
    assert answer.status == 200


async def test_a_child_lives_as_long_as_it_was_given_and_is_renewed(acme: VaultTenant) -> None:
    auth = await created(acme, policies=["root"], ttl="1h", meta={"team": "a"}, display_name="x")
    child = acme.client(auth["client_token"])
    assert (auth["lease_duration"], auth["renewable"], auth["metadata"]) == (3600, True, {"team": "a"})
    acme.system.clock.advance(minutes=50)
    data = await child.data("GET", "auth/token/lookup-self")
    assert 595 <= data["ttl"] <= 600
    assert (data["display_name"], data["meta"], data["creation_ttl"]) == ("token-x", {"team": "a"}, 3600)
    renewed = (await child("PUT", "auth/token/renew-self", {"increment": 0})).json()["auth"]
    assert (renewed["client_token"], renewed["lease_duration"] >= 3599) == (auth["client_token"], True)
    acme.system.clock.advance(minutes=50)
    assert (await child("GET", "auth/token/lookup-self")).status == 200
    acme.system.clock.advance(minutes=11)
    assert (await child("GET", "auth/token/lookup-self")).status == 403


async def test_a_renewed_token_is_not_ended_by_its_first_end(acme: VaultTenant) -> None:
    auth = await created(acme, policies=["root"], ttl="10m")
    acme.system.clock.advance(minutes=9)
    await acme.data("POST", "auth/token/renew", {"token": auth["client_token"], "increment": "30m"})
    acme.system.clock.advance(minutes=5)
    await acme.system.process()
    assert (await acme.client(auth["client_token"])("GET", "auth/token/lookup-self")).status == 200
    acme.system.clock.advance(minutes=30)
    await acme.system.process()
    ended = await acme.system.rows("SELECT reason FROM api_tokens WHERE token_id = ?", auth["accessor"])
    assert ended == [("expired",)]


async def test_renewal_stops_at_the_longest_life(acme: VaultTenant) -> None:
    auth = await created(acme, policies=["root"], ttl="30m", explicit_max_ttl="1h")
    acme.system.clock.advance(minutes=20)
    renewed = await acme("POST", "auth/token/renew-accessor", {"accessor": auth["accessor"], "increment": "5h"})
    assert 2390 <= renewed.json()["auth"]["lease_duration"] <= 2400
    assert renewed.json()["auth"]["client_token"] == ""


async def test_what_is_not_renewable_is_not_renewed(acme: VaultTenant) -> None:
    auth = await created(acme, policies=["root"], ttl="30m", renewable="false")
    answer = await acme.client(auth["client_token"])("POST", "auth/token/renew-self")
    assert (answer.status, answer.json()) == (400, {"errors": ["lease is not renewable"]})


async def test_a_revoked_token_takes_its_children_along_and_leaves_orphans(acme: VaultTenant) -> None:
    parent = acme.client((await created(acme, policies=["root"]))["client_token"])
    child = await created(parent)
    orphan = await created(parent, "create-orphan")
    assert (await acme("POST", "auth/token/revoke", {"token": parent.token})).status == 204
    assert (await acme.client(child["client_token"])("GET", "auth/token/lookup-self")).status == 403
    assert (await acme.client(orphan["client_token"])("GET", "auth/token/lookup-self")).status == 200
    assert (await acme("POST", "auth/token/revoke", {"token": parent.token})).status == 204


async def test_children_of_a_token_revoked_alone_are_orphans(acme: VaultTenant) -> None:
    parent = acme.client((await created(acme, policies=["root"]))["client_token"])
    child = acme.client((await created(parent))["client_token"])
    assert (await acme("POST", "auth/token/revoke-orphan", {"token": parent.token})).status == 204
    assert (await parent("GET", "auth/token/lookup-self")).status == 403
    assert (await child.data("GET", "auth/token/lookup-self"))["orphan"] is True


async def test_uses_are_counted_to_the_last_also_at_once(acme: VaultTenant) -> None:
    auth = await created(acme, policies=["root"], num_uses=3)
    child = acme.client(auth["client_token"])
    answers = await asyncio.gather(*(child("GET", "auth/token/lookup-self") for _ in range(8)))
    assert sorted(answer.status for answer in answers) == [200] * 3 + [403] * 5
    assert (await acme("POST", "auth/token/lookup-accessor", {"accessor": auth["accessor"]})).status == 400


async def test_uses_are_counted_on_the_native_face_too(acme: VaultTenant) -> None:
    auth = await created(acme, policies=["root"], num_uses=1)
    headers = {"authorization": f"Bearer {auth['client_token']}"}
    assert (await acme.native("GET", "/api/v1/access/whoami", headers=headers)).status == 200
    assert (await acme.native("GET", "/api/v1/access/whoami", headers=headers)).status == 401


async def test_accessors_find_tokens_and_tell_no_text(acme: VaultTenant) -> None:
    auth = await created(acme, policies=["root"])
    found = await acme.data("POST", "auth/token/lookup-accessor", {"accessor": auth["accessor"]})
    assert (found["id"], found["accessor"]) == ("", auth["accessor"])
    assert auth["accessor"] in (await acme.data("LIST", "auth/token/accessors"))["keys"]
    assert auth["accessor"] in (await acme.data("GET", "auth/token/accessors?list=true"))["keys"]
    assert (await acme("POST", "auth/token/revoke-accessor", {"accessor": auth["accessor"]})).status == 204
    unknown = await acme("POST", "auth/token/revoke-accessor", {"accessor": auth["accessor"]})
    assert (unknown.status, unknown.json()) == (400, {"errors": ["invalid accessor"]})


async def test_nobody_gives_more_than_they_have(acme: VaultTenant) -> None:
    clerk = await acme.holding("access:write", "secrets:read:app/*")
    child = await created(clerk)
    assert child["policies"] == ["scope/access:write", "scope/secrets:read:app/*"]
    for policies in (["root"], ["admin"]):
        assert (await clerk("POST", "auth/token/create", {"policies": policies})).status == 403
    assert (await clerk("POST", "auth/token/create", {"no_parent": True})).status == 403
    reader = await acme.holding("secrets:read:app/*")
    assert (await reader("POST", "auth/token/create")).status == 403


async def test_networks_bind_a_token(acme: VaultTenant) -> None:
    auth = await created(acme, policies=["root"], bound_cidrs="10.0.0.0/8,192.168.0.0/16")
    assert (await acme.client(auth["client_token"])("GET", "auth/token/lookup-self")).status == 403


async def test_an_unknown_token_is_bad_to_look_up_and_not_found_to_renew(acme: VaultTenant) -> None:
    looked = await acme("POST", "auth/token/lookup", {"token": "hvs.x"})
    assert (looked.status, looked.json()) == (403, {"errors": ["bad token"]})
    renewed = await acme("POST", "auth/token/renew", {"token": "hvs.x"})
    assert (renewed.status, renewed.json()) == (400, {"errors": ["token not found"]})
