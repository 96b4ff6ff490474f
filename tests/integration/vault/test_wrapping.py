"""Wrapped answers: taken once by whoever has the token, and gone with the use or with their time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio
INVALID = {"errors": ["wrapping token is not valid or does not exist"]}


async def wrap(acme: VaultTenant, ttl: str = "60", **fields: Any) -> dict[str, Any]:
    """The wrap_info of these fields, wrapped."""
    answer = await acme("POST", "sys/wrapping/wrap", fields, x_vault_wrap_ttl=ttl)
    assert answer.status == 200, answer
    info: dict[str, Any] = answer.json()["wrap_info"]
    return info


async def keys(acme: VaultTenant) -> int:
    """How many of its values can still be opened."""
    ((count,),) = await acme.system.rows("SELECT count(*) FROM sealed_keys WHERE tenant = ?", acme.id)
    return int(count)


async def events(acme: VaultTenant, kind: str) -> list[dict[str, Any]]:
    """The tenant's events of a type."""
    sql = "SELECT actor, body FROM events WHERE tenant = ? AND type = ? ORDER BY position"
    return [{**json.loads(body), "actor": actor} for actor, body in await acme.system.rows(sql, acme.id, kind)]


async def test_an_answer_goes_out_as_a_token_and_comes_back_as_it_would_have_been(acme: VaultTenant) -> None:
    answer = await acme("POST", "sys/wrapping/wrap", {"foo": "bar", "n": 1}, x_vault_wrap_ttl="2m")
    body = answer.json()
    info = body["wrap_info"]
    assert (body["request_id"], body["data"], body["auth"], body["lease_id"]) == ("", None, None, "")
    assert (info["ttl"], info["creation_path"], "wrapped_accessor" in info) == (120, "sys/wrapping/wrap", False)
    opened = (await acme("POST", "sys/wrapping/unwrap", {"token": info["token"]})).json()
    assert (opened["data"], opened["wrap_info"]) == ({"foo": "bar", "n": 1}, None)
    assert len(opened["request_id"]) == 36


async def test_a_wrapping_token_opens_in_place_of_a_token_on_any_namespace(acme: VaultTenant) -> None:
    for method, body in (("PUT", None), ("POST", {})):
        info = await wrap(acme, a="1")
        holder = VaultClient(acme.app, info["token"])
        assert await holder.data(method, "sys/wrapping/unwrap", body) == {"a": "1"}
    bearer = await wrap(acme, a="2")
    nobody = VaultClient(acme.app, None)
    opened = await nobody("PUT", "sys/wrapping/unwrap", authorization=f"Bearer {bearer['token']}")
    assert opened.json()["data"] == {"a": "2"}


async def test_nobody_needs_more_than_the_token_in_the_body(acme: VaultTenant) -> None:
    info = await wrap(acme, a="1")
    assert await acme.client(None).data("PUT", "sys/wrapping/unwrap", {"token": info["token"]}) == {"a": "1"}


async def test_a_wrapping_opens_once_and_its_key_is_gone(acme: VaultTenant) -> None:
    before = await keys(acme)
    info = await wrap(acme, a="1")
    assert await keys(acme) == before + 1
    holder = acme.client(info["token"])
    answers = await asyncio.gather(*(holder("PUT", "sys/wrapping/unwrap") for _ in range(12)))
    assert sorted(answer.status for answer in answers) == [200] + [400] * 11
    assert [answer.json() for answer in answers if answer.status == 400] == [INVALID] * 11
    assert await keys(acme) == before
    assert len(await events(acme, "wrapping.used")) == 1
    refused = await events(acme, "wrapping.refused")
    assert {event["wrapping_id"] for event in refused} == {info["accessor"]}
    assert len(refused) == 11


async def test_the_log_tells_of_wrapping_and_never_the_token_or_the_answer(acme: VaultTenant) -> None:
    info = await wrap(acme, password="hunter-2-hunter")
    await acme.client(info["token"])("PUT", "sys/wrapping/unwrap")
    (created,) = await events(acme, "wrapping.created")
    (used,) = await events(acme, "wrapping.used")
    assert created["creation_path"] == "sys/wrapping/wrap"
    assert (used["actor"], used["how"]) == ("anybody", "unwrap")
    assert (created["actor"].partition("#")[0]) == "ops"
    rows = await acme.system.rows("SELECT body FROM events WHERE tenant = ?", acme.id)
    for (body,) in rows:
        assert info["token"].encode() not in bytes(body)
        assert b"hunter-2-hunter" not in bytes(body)


async def test_a_wrapping_ends_by_the_clock(acme: VaultTenant) -> None:
    before = await keys(acme)
    info = await wrap(acme, ttl="5m", a="1")
    acme.system.clock.advance(seconds=299)
    await acme.system.process()
    assert (await acme("POST", "sys/wrapping/lookup", {"token": info["token"]})).status == 200
    acme.system.clock.advance(seconds=1)
    for path in ("lookup", "unwrap", "rewrap"):
        refused = await acme("POST", f"sys/wrapping/{path}", {"token": info["token"]})
        assert (refused.status, refused.json()) == (400, INVALID)
    await acme.system.process()
    assert await keys(acme) == before
    assert len(await events(acme, "wrapping.expired")) == 1


async def test_a_used_wrapping_does_not_expire(acme: VaultTenant) -> None:
    info = await wrap(acme, ttl="5m", a="1")
    await acme.client(info["token"])("PUT", "sys/wrapping/unwrap")
    acme.system.clock.advance(seconds=301)
    await acme.system.process()
    assert await events(acme, "wrapping.expired") == []
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE tenant = ?", acme.id) == []


async def test_lookup_tells_of_it_and_does_not_open_it(acme: VaultTenant) -> None:
    info = await wrap(acme, ttl="90", a="1")
    for client, body in ((acme.client(None), {"token": info["token"]}), (acme.client(info["token"]), None)):
        data = await client.data("POST", "sys/wrapping/lookup", body)
        assert data == {
            "creation_ttl": 90, "creation_path": "sys/wrapping/wrap", "creation_time": info["creation_time"]
        }  # fmt: skip
    assert await acme.client(info["token"]).data("PUT", "sys/wrapping/unwrap") == {"a": "1"}


async def test_rewrap_gives_a_new_token_for_the_same_answer_and_ends_the_old(acme: VaultTenant) -> None:
    before = await keys(acme)
    first = await wrap(acme, ttl="90", a="1")
    second = (await acme("POST", "sys/wrapping/rewrap", {"token": first["token"]})).json()["wrap_info"]
    assert second["token"] != first["token"]
    assert (second["ttl"], second["creation_path"]) == (90, "sys/wrapping/wrap")
    assert (await acme.client(first["token"])("PUT", "sys/wrapping/unwrap")).json() == INVALID
    assert await keys(acme) == before + 1
    assert await acme.client(second["token"]).data("PUT", "sys/wrapping/unwrap") == {"a": "1"}
    assert await keys(acme) == before


async def test_a_wrapped_token_works_after_unwrapping_and_is_named_before(acme: VaultTenant) -> None:
    created = await acme("POST", "auth/token/create", {"policies": ["root"], "ttl": "1h"}, x_vault_wrap_ttl="60")
    info = created.json()["wrap_info"]
    assert created.json()["auth"] is None
    auth = (await acme.client(info["token"])("PUT", "sys/wrapping/unwrap")).json()["auth"]
    assert info["wrapped_accessor"] == auth["accessor"]
    assert info["creation_path"] == "auth/token/create"
    assert (await acme.client(auth["client_token"])("GET", "auth/token/lookup-self")).status == 200


async def test_what_was_nothing_is_nothing_wrapped(acme: VaultTenant) -> None:
    info = await wrap(acme)
    opened = await acme.client(info["token"])("PUT", "sys/wrapping/unwrap")
    assert (opened.status, opened.body) == (204, b"")


async def test_errors_and_answers_without_content_go_out_as_they_are(acme: VaultTenant) -> None:
    child = (await acme("POST", "auth/token/create", {"policies": ["root"]})).json()["auth"]
    revoked = await acme("POST", "auth/token/revoke", {"token": child["client_token"]}, x_vault_wrap_ttl="60")
    assert (revoked.status, revoked.body) == (204, b"")
    refused = await acme("POST", "auth/token/lookup", {"token": "x"}, x_vault_wrap_ttl="60")
    assert (refused.status, refused.json()) == (403, {"errors": ["bad token"]})


async def test_wrap_needs_the_header_and_a_time_that_is_one(acme: VaultTenant) -> None:
    answer = await acme("POST", "sys/wrapping/wrap", {"a": 1})
    assert (answer.status, answer.json()) == (400, {"errors": ["endpoint requires response wrapping to be used"]})
    for ttl in ("-1", "soon"):
        assert (await acme("POST", "sys/wrapping/wrap", {"a": 1}, x_vault_wrap_ttl=ttl)).status == 400


@pytest.mark.parametrize("token", ["", "hvs.x", "trsw_" + "0" * 49])
async def test_what_is_no_wrapping_token_opens_nothing(acme: VaultTenant, token: str) -> None:
    for path in ("lookup", "unwrap", "rewrap"):
        answer = await acme("POST", f"sys/wrapping/{path}", {"token": token})
        assert (answer.status, answer.json()) == (400, INVALID)


async def test_guesses_are_in_the_log_once_a_minute(acme: VaultTenant) -> None:
    for _ in range(3):
        await acme("POST", "sys/wrapping/unwrap", {"token": "hvs.guess"})
    acme.system.clock.advance(seconds=61)
    await acme("POST", "sys/wrapping/unwrap", {"token": "hvs.guess"})
    numbers = [event["number"] for event in await events(acme, "wrapping.refused")]
    assert sorted(numbers) == [1, 3]


async def test_another_tenant_opens_nothing(acme: VaultTenant) -> None:
    other = await VaultTenant.begin(acme.system, acme.app, f"{acme.name}-other")
    info = await wrap(acme, a="1")
    for path in ("lookup", "unwrap", "rewrap"):
        answer = await other("POST", f"sys/wrapping/{path}", {"token": info["token"]})
        assert (answer.status, answer.json()) == (400, INVALID)
    assert await acme.client(info["token"]).data("PUT", "sys/wrapping/unwrap") == {"a": "1"}


async def test_a_wrapping_token_is_no_token(acme: VaultTenant) -> None:
    info = await wrap(acme, a="1")
    holder = acme.client(info["token"])
    assert (await holder("GET", "auth/token/lookup-self")).status == 403
    headers = {"authorization": f"Bearer {info['token']}"}
    assert (await acme.native("GET", "/api/v1/access/whoami", headers=headers)).status == 401
    assert (await acme.native("GET", "/api/v1/secrets/shares")).json()["items"] == []


async def test_a_login_is_wrapped_before_anybody_has_a_token(acme: VaultTenant) -> None:
    assert (await acme("POST", "sys/auth/userpass", {"type": "userpass"})).status == 204
    await acme("POST", "auth/userpass/users/ann", {"password": "correct-horse", "token_ttl": "1h"})
    nobody = acme.client(None)
    path = "auth/userpass/login/ann"
    answer = await nobody("PUT", path, {"password": "correct-horse"}, x_vault_wrap_ttl="60")
    info = answer.json()["wrap_info"]
    assert (info["creation_path"], answer.json()["auth"]) == (path, None)
    auth = (await nobody("PUT", "sys/wrapping/unwrap", {"token": info["token"]})).json()["auth"]
    assert info["wrapped_accessor"] == auth["accessor"]
    assert (await acme.client(auth["client_token"])("GET", "auth/token/lookup-self")).status == 200


async def test_a_secret_id_is_wrapped_with_its_accessor(acme: VaultTenant) -> None:
    assert (await acme("POST", "sys/auth/approle", {"type": "approle"})).status == 204
    await acme("POST", "auth/approle/role/ci", {})
    answer = await acme("POST", "auth/approle/role/ci/secret-id", {}, x_vault_wrap_ttl="60")
    info = answer.json()["wrap_info"]
    opened = await acme.client(info["token"]).data("PUT", "sys/wrapping/unwrap")
    assert info["wrapped_accessor"] == opened["secret_id_accessor"]


async def test_bare_answers_and_lists_of_nothing_are_not_wrapped(acme: VaultTenant) -> None:
    bare = await acme("GET", "sys/seal-status", x_vault_wrap_ttl="60")
    assert bare.json()["sealed"] is False
    empty = await acme("LIST", "auth/token/roles", x_vault_wrap_ttl="60")
    assert (empty.status, empty.json()) == (404, {"errors": []})


async def test_a_wrapping_is_looked_up_by_its_accessor_and_taken_back(acme: VaultTenant) -> None:
    before = await keys(acme)
    info = await wrap(acme, ttl="90", a="1")
    data = await acme.data("POST", "auth/token/lookup-accessor", {"accessor": info["accessor"]})
    assert (data["accessor"], data["id"], data["policies"]) == (info["accessor"], "", ["response-wrapping"])
    assert (data["creation_ttl"], data["path"]) == (90, "sys/wrapping/wrap")
    assert (await acme("POST", "auth/token/revoke-accessor", {"accessor": info["accessor"]})).status == 204
    assert await keys(acme) == before
    assert (await acme.client(info["token"])("PUT", "sys/wrapping/unwrap")).json() == INVALID
    for path in ("lookup-accessor", "revoke-accessor"):
        gone = await acme("POST", f"auth/token/{path}", {"accessor": info["accessor"]})
        assert (gone.status, gone.json()["errors"]) == (400, ["invalid accessor"])
    assert len(await events(acme, "wrapping.revoked")) == 1
    acme.system.clock.advance(seconds=91)
    await acme.system.process()
    assert await events(acme, "wrapping.expired") == []


async def test_who_may_not_end_tokens_may_not_end_wrappings(acme: VaultTenant) -> None:
    info = await wrap(acme, a="1")
    reader = await acme.holding("secrets:read")
    for path in ("lookup-accessor", "revoke-accessor"):
        assert (await reader("POST", f"auth/token/{path}", {"accessor": info["accessor"]})).status == 403
    assert await acme.client(info["token"]).data("PUT", "sys/wrapping/unwrap") == {"a": "1"}
