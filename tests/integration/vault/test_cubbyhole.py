"""`cubbyhole/`: kept for one token, read by no other, and gone with it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.assembly import call
from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio


async def child(of: VaultClient, app: VaultTenant, **fields: Any) -> tuple[VaultClient, str]:
    """A token minted by `of`, and its accessor."""
    auth = (await of("POST", "auth/token/create", {"policies": ["root"], "ttl": "1h", **fields})).json()["auth"]
    return app.client(auth["client_token"]), auth["accessor"]


async def keys(acme: VaultTenant) -> int:
    """How many of its values can still be opened."""
    ((count,),) = await acme.system.rows("SELECT count(*) FROM sealed_keys WHERE tenant = ?", acme.id)
    return int(count)


async def kept(acme: VaultTenant, accessor: str) -> int:
    """How many entries a token has."""
    ((count,),) = await acme.system.rows("SELECT count(*) FROM cubbyholes WHERE token_id = ?", accessor)
    return int(count)


async def test_what_a_token_keeps_it_reads_lists_and_deletes(acme: VaultTenant) -> None:
    for path in ("a", "app/db", "app/deep/er", "z z/ü"):
        answer = await acme("POST", f"cubbyhole/{path}", {"path": path, "n": 1, "list": ["x"]})
        assert (answer.status, answer.body) == (204, b"")
    assert await acme.data("GET", "cubbyhole/app/db") == {"path": "app/db", "n": 1, "list": ["x"]}
    assert (await acme.data("LIST", "cubbyhole"))["keys"] == ["a", "app/", "z z/"]
    assert (await acme.data("GET", "cubbyhole/?list=true"))["keys"] == ["a", "app/", "z z/"]
    assert (await acme.data("LIST", "cubbyhole/app/"))["keys"] == ["db", "deep/"]
    assert (await acme("DELETE", "cubbyhole/app/db")).status == 204
    assert (await acme("DELETE", "cubbyhole/app/db")).status == 204
    gone = await acme("GET", "cubbyhole/app/db")
    assert (gone.status, gone.json()) == (404, {"errors": []})
    assert (await acme("LIST", "cubbyhole/nothing")).status == 404


async def test_an_entry_is_replaced_whole_and_the_old_key_destroyed(acme: VaultTenant) -> None:
    before = await keys(acme)
    await acme("POST", "cubbyhole/a", {"one": "1", "two": "2"})
    await acme("PUT", "cubbyhole/a", {"three": "3"})
    assert await acme.data("GET", "cubbyhole/a") == {"three": "3"}
    assert await keys(acme) == before + 1
    await acme("DELETE", "cubbyhole/a")
    assert await keys(acme) == before


async def test_nobody_reads_anothers_not_even_its_maker_or_its_child(acme: VaultTenant) -> None:
    token, _ = await child(acme, acme)
    below, _ = await child(token, acme)
    await token("POST", "cubbyhole/a", {"mine": "1"})
    for other in (acme, below):
        assert (await other("GET", "cubbyhole/a")).status == 404
        assert (await other("LIST", "cubbyhole")).status == 404
        assert (await other("DELETE", "cubbyhole/a")).status == 204
    assert await token.data("GET", "cubbyhole/a") == {"mine": "1"}
    assert (await acme.client(None)("GET", "cubbyhole/a")).status == 403


async def test_a_token_without_any_scope_for_secrets_has_one(acme: VaultTenant) -> None:
    clerk = await acme.holding("audit:read")
    await clerk("POST", "cubbyhole/a", {"mine": "1"})
    assert await clerk.data("GET", "cubbyhole/a") == {"mine": "1"}


@pytest.mark.parametrize("how", ["revoked", "with its parent", "expired", "used up", "alone"])
async def test_it_ends_with_its_token_and_the_keys_are_destroyed(acme: VaultTenant, how: str) -> None:
    before = await keys(acme)
    parent, _ = await child(acme, acme)
    token, accessor = await child(parent, acme, num_uses=3 if how == "used up" else 0)
    for path in ("a", "b"):
        assert (await token("POST", f"cubbyhole/{path}", {"mine": path})).status == 204
    assert (await keys(acme), await kept(acme, accessor)) == (before + 2, 2)
    await acme.system.process()
    assert await kept(acme, accessor) == 2
    if how == "revoked":
        await token("POST", "auth/token/revoke-self")
    elif how == "alone":
        await acme("POST", "auth/token/revoke-orphan", {"token": token.token})
    elif how == "with its parent":
        await acme("POST", "auth/token/revoke", {"token": parent.token})
    elif how == "used up":
        await token("GET", "auth/token/lookup-self")
    else:
        acme.system.clock.advance(hours=1, seconds=1)
        await acme.system.process()
    await acme.system.process()
    assert (await keys(acme), await kept(acme, accessor)) == (before, 0)
    work = "SELECT 1 FROM due_work WHERE tenant = ? AND kind = 'cubbyhole.end'"
    assert await acme.system.rows(work, acme.id) == []


async def test_it_ends_too_if_the_parents_end_told_nothing_of_the_token(acme: VaultTenant) -> None:
    parent, parent_id = await child(acme, acme)
    token, accessor = await child(parent, acme)
    await token("POST", "cubbyhole/a", {"mine": "1"})
    ends = acme.system.token_ends
    # So does the last try of a revocation that is held up.
    await ends._revoked(call(acme.id), parent_id, "", with_minted=False)
    await acme.system.process()
    assert await kept(acme, accessor) == 1
    await ends.record_ended()
    await acme.system.process()
    assert await kept(acme, accessor) == 0


async def test_tokens_that_keep_nothing_leave_nothing_to_do(acme: VaultTenant) -> None:
    token, accessor = await child(acme, acme)
    await token("POST", "auth/token/revoke-self")
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE ref = ?", accessor) == []


async def test_values_are_sealed_and_each_use_is_in_the_log(acme: VaultTenant) -> None:
    token, accessor = await child(acme, acme)
    await token("POST", "cubbyhole/a", {"mine": "hunter-2-hunter"})
    await token("GET", "cubbyhole/a")
    await token("DELETE", "cubbyhole/a")
    rows = await acme.system.rows(
        "SELECT type, actor, body FROM events WHERE tenant = ? AND type LIKE 'cubbyhole.%' ORDER BY position", acme.id
    )
    assert [row[0] for row in rows] == [
        "cubbyhole.created", "cubbyhole.written", "cubbyhole.read", "cubbyhole.entries.destroyed",
    ]  # fmt: skip
    assert {row[1].partition("#")[2] for row in rows} == {accessor}
    assert all(b"hunter-2-hunter" not in bytes(row[2]) for row in rows)
    values = await acme.system.rows("SELECT sealed FROM sealed_values WHERE tenant = ?", acme.id)
    assert all(b"hunter-2-hunter" not in bytes(sealed) for (sealed,) in values)


async def test_writes_at_once_leave_one_and_no_key_too_many(acme: VaultTenant) -> None:
    token, accessor = await child(acme, acme)
    before = await keys(acme)
    answers = await asyncio.gather(*(token("POST", "cubbyhole/a", {"n": n}) for n in range(10)))
    assert {answer.status for answer in answers} == {204}
    assert (await keys(acme), await kept(acme, accessor)) == (before + 1, 1)


async def test_what_is_wrong_is_refused(acme: VaultTenant) -> None:
    for path, fields, message in (("a", {}, "missing data fields"), ("x" * 1025, {"a": 1}, "a path has 1 to 1024")):
        answer = await acme("POST", f"cubbyhole/{path}", fields)
        assert answer.status == 400
        assert message in answer.json()["errors"][0]
    assert (await acme("POST", "cubbyhole", {"a": 1})).status == 400


async def test_an_old_client_unwraps_by_reading_the_response(acme: VaultTenant) -> None:
    wrapped = await acme("POST", "sys/wrapping/wrap", {"a": "1"}, x_vault_wrap_ttl="60")
    holder = VaultClient(acme.app, wrapped.json()["wrap_info"]["token"])
    text = (await holder.data("GET", "cubbyhole/response"))["response"]
    assert '"data":{"a":"1"}' in text
    assert (await holder("GET", "cubbyhole/response")).status == 400
    assert (await holder("POST", "cubbyhole/response", {"a": 1})).status == 403
    await acme("POST", "cubbyhole/response", {"mine": "1"})
    assert await acme.data("GET", "cubbyhole/response") == {"mine": "1"}


async def test_a_policy_that_gives_no_cubbyhole_gives_none_on_any_path(acme: VaultTenant) -> None:
    assert (await acme("PUT", "sys/policies/acl/odd", {"policy": 'path "x" { capabilities = ["read"] }'})).status == 204
    token, _ = await child(acme, acme, policies=["odd"], no_default_policy=True)
    usual, _ = await child(acme, acme, policies=["odd"])
    for path in ("a", "response"):
        for method in ("POST", "GET", "DELETE"):
            assert (await token(method, f"cubbyhole/{path}", {"a": "1"})).status == 403, (method, path)
        assert (await usual("POST", f"cubbyhole/{path}", {"a": "1"})).status == 204
        assert await usual.data("GET", f"cubbyhole/{path}") == {"a": "1"}
