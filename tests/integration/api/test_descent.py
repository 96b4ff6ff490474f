"""What a token mints ends with it: at once, all of it, however deep."""

from __future__ import annotations

from typing import Any

import pytest

from domain.api_token import MAX_GENERATIONS
from domain.commands import token_ends
from tests.asgi_client import AsgiClient
from tests.integration.api.tenants import KEYS, TOKENS, WHOAMI, Tenant, refused
from tests.integration.api.test_ephemeral import ends, listed

pytestmark = pytest.mark.anyio


class Holder:
    """Somebody with a token."""

    def __init__(self, tenant: Tenant, told: dict[str, Any]) -> None:
        self.id: str = told["id"]
        self.tenant = tenant
        self.client = AsgiClient(tenant.app, told["token"])

    async def mint(self, **more: object) -> Holder:
        body = {"subject": "ci", "scopes": ["access:write", "secrets:list"], **more}
        answer = await self.client("POST", KEYS if more else TOKENS, body)
        assert answer.status == 201, answer
        return Holder(self.tenant, answer.json())

    async def works(self) -> bool:
        return (await self.client("GET", WHOAMI)).status == 200


async def begun(acme: Tenant) -> Holder:
    answer = await acme("POST", TOKENS, {"subject": "team", "scopes": ["access:write", "secrets:list"]})
    return Holder(acme, answer.json())


async def revoke(acme: Tenant, holder: Holder, reason: str = "leaked") -> None:
    assert (await acme("DELETE", f"{TOKENS}/{holder.id}", {"reason": reason})).status == 204


async def test_revocation_ends_all_that_descends_in_one_append(acme: Tenant) -> None:
    root = await begun(acme)
    child, key = await root.mint(), await root.mint(ttl_seconds=60)
    grandchild = await child.mint(ttl_seconds=60)
    before = await acme.system.head()
    await revoke(acme, root)
    family = (root, child, key, grandchild)
    assert not any([await each.works() for each in family])
    assert await acme.system.head() == before + len(family)
    actor = f"ops#{(await acme('GET', WHOAMI)).json()['token_id']}"
    assert await ends(acme, root.id) == [(actor, "leaked")]
    for each in (child, key, grandchild):
        assert await ends(acme, each.id) == [(actor, f"revoked with {root.id}: leaked")]
        item = await listed(acme, each.id)
        assert (item["revoked_by"], item["revocation_reason"]) == (actor, f"revoked with {root.id}: leaked")
    ids = {event["request_id"] for event in (await acme.events("api_token.revoked"))}
    assert len(ids) == 1


async def test_revocation_spares_ancestors_siblings_and_other_tenants(acme: Tenant, other: Tenant) -> None:
    root = await begun(acme)
    child, sibling, stranger = await root.mint(), await root.mint(), await begun(other)
    await revoke(acme, child)
    assert not await child.works()
    assert [await each.works() for each in (root, sibling, stranger)] == [True, True, True]


async def test_token_that_revokes_its_minter_ends_as_well(acme: Tenant) -> None:
    root = await begun(acme)
    child = await root.mint()
    assert (await child.client("DELETE", f"{TOKENS}/{root.id}")).status == 204
    assert not await child.works()


async def test_what_ended_before_keeps_its_own_reason(acme: Tenant) -> None:
    root = await begun(acme)
    done, over = await root.mint(), await root.mint(ttl_seconds=60)
    await revoke(acme, done, "done")
    acme.system.clock.advance(seconds=61)
    await revoke(acme, root)
    await acme.system.process()
    await acme.system.token_ends.record_ended()
    assert [reason for _, reason in await ends(acme, done.id)] == ["done"]
    assert [reason for _, reason in await ends(acme, over.id)] == ["expired"]


async def test_more_than_one_append_holds_are_refused_at_once_and_recorded_later(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_ends, "MOST_AT_ONCE", 2)
    root = await begun(acme)
    minted = [await root.mint(**({"ttl_seconds": 60} if number % 2 else {})) for number in range(7)]
    await revoke(acme, root)
    assert not any([await each.works() for each in minted])
    for each in minted:
        assert (await listed(acme, each.id))["revoked_at"] is not None
    assert sum([len(await ends(acme, each.id)) for each in minted]) == 2
    refused(await acme("DELETE", f"{TOKENS}/{minted[0].id}"), 409, "conflict")
    for _ in range(4):
        await acme.system.token_ends.record_ended()
    told = {(await ends(acme, each.id))[0][1] for each in minted}
    assert told == {f"revoked with {root.id}: leaked"}
    before = await acme.system.head()
    await acme.system.token_ends.record_ended()
    acme.system.clock.advance(seconds=61)
    await acme.system.process()
    assert await acme.system.head() == before


async def test_key_that_ended_with_its_minter_is_no_work_for_anybody(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(token_ends, "MOST_AT_ONCE", 0)
    root = await begun(acme)
    key = await root.mint(ttl_seconds=60)
    await revoke(acme, root)
    acme.system.clock.advance(seconds=61)
    await acme.system.process()
    assert (await listed(acme, key.id))["revocation_reason"] == f"revoked with {root.id}: leaked"
    assert await acme.system.rows("SELECT kind FROM due_work WHERE tenant = ? AND ref = ?", acme.id, key.id) == []


async def test_generations_are_bounded(acme: Tenant) -> None:
    holder = await begun(acme)
    for _ in range(MAX_GENERATIONS - 2):
        holder = await holder.mint()
    body = {"subject": "ci", "scopes": ["secrets:list"], "ttl_seconds": 60}
    refused(await holder.client("POST", KEYS, body), 403, "forbidden")
    refused(await holder.client("POST", TOKENS, body), 403, "forbidden")
