"""Repeated requests: answered as the first time, kept sealed, never mistaken, and gone in time."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from tests.asgi_client import Answer, AsgiClient
from tests.assembly import RETENTION, Assembly, assembled
from tests.integration.api.tenants import INJECTIONS, STORE, TOKENS, Tenant, refused

pytestmark = pytest.mark.anyio

KEY = {"idempotency-key": "key-1"}


async def repeated(tenant: Tenant, method: str, target: str, body: object = None) -> tuple[Answer, Answer]:
    """The answers to one request and to its repetition, which must write nothing."""
    first = await tenant(method, target, body, headers=KEY)
    head = await tenant.system.head()
    second = await tenant(method, target, body, headers=KEY)
    assert await tenant.system.head() == head
    return first, second


@pytest.mark.parametrize(
    "method,target,body",
    [
        ("POST", f"{STORE}/new", {"value": "x", "metadata": {"k": "v"}}),
        ("POST", STORE, {"name": "new", "value": "x"}),
        ("PUT", f"{STORE}/a", {"value": "x"}),
        ("DELETE", f"{STORE}/a", None),
        ("POST", f"{STORE}/undelete/gone", None),
        ("POST", f"{STORE}/recover/a", {"at": "now"}),
        ("POST", f"{STORE}/destroy/a", {"versions": [1]}),
        ("POST", f"{STORE}/import", {"values": {"i/a": "x", "i/b": "y"}}),
    ],
)
async def test_repetition_is_answered_as_the_first_time(method: str, target: str, body: Any, acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    await acme.put("gone", "x")
    await acme("DELETE", f"{STORE}/gone")
    if target.endswith("recover/a"):
        body = {"at": acme.system.clock().isoformat()}
    first, second = await repeated(acme, method, target, body)
    assert first.status in {200, 201, 204}
    assert (second.status, second.body) == (first.status, first.body)
    assert second.headers.get("content-type") == first.headers.get("content-type")
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"
    assert second.headers["cache-control"] == "no-store"
    assert second.headers["x-request-id"] != first.headers["x-request-id"]


async def test_revocation_can_be_repeated(acme: Tenant) -> None:
    token_id = (await acme("POST", TOKENS, {"subject": "ci", "scopes": ["secrets:list"]})).json()["id"]
    first, second = await repeated(acme, "DELETE", f"{TOKENS}/{token_id}")
    assert first.status == second.status == 204


async def test_one_time_token_is_never_in_a_stored_reply(acme: Tenant) -> None:
    first, second = await repeated(acme, "POST", TOKENS, {"subject": "ci", "scopes": ["secrets:list"]})
    token = first.json()["token"]
    assert second.status == 201
    assert second.json() == {name: told for name, told in first.json().items() if name != "token"} | {"replayed": True}
    assert token.encode() not in await stored_reply(acme)


async def stored_reply(tenant: Tenant) -> bytes:
    """The one reply that is kept for the tenant, opened."""
    from domain.ports import SealContext  # noqa: PLC0415 - only here

    ((principal, key, seal_id),) = await tenant.system.rows(
        "SELECT principal, key, seal_id FROM idempotency WHERE tenant = ?", tenant.id
    )
    context = SealContext(tenant.id, "reply", f"{principal}\n{key}", 0)
    with await tenant.system.sealer.open(context, seal_id) as plaintext:
        return bytes(plaintext.buffer)


@pytest.mark.parametrize(
    "method,target,body",
    [
        ("PUT", f"{STORE}/a", {"value": "y"}),
        ("PUT", f"{STORE}/a", {"value": "x", "metadata": {}}),
        ("PUT", f"{STORE}/b", {"value": "x"}),
        ("POST", f"{STORE}/a", {"value": "x"}),
        ("PUT", f"{STORE}/a?x=1", {"value": "x"}),
        ("DELETE", f"{STORE}/a", None),
        ("POST", f"{STORE}/import", {"values": {"c": "x"}}),
        ("POST", TOKENS, {"subject": "ci", "scopes": ["secrets:list"]}),
    ],
)
async def test_key_used_for_another_request_is_refused(method: str, target: str, body: object, acme: Tenant) -> None:
    for name in "ab":
        await acme.put(name, "0")
    assert (await acme("PUT", f"{STORE}/a", {"value": "x"}, headers=KEY)).status == 200
    head = await acme.system.head()
    refused(await acme(method, target, body, headers=KEY), 422, "idempotency-mismatch")
    assert await acme.system.head() == head


async def test_same_key_of_another_principal_or_tenant_is_another_key(acme: Tenant, other: Tenant) -> None:
    for tenant in (acme, other):
        await tenant.put("a", "0")
    second = await acme.holding("*", subject="somebody")
    for number, client in enumerate((acme.client, second, other.client)):
        answer = await client("PUT", f"{STORE}/a", {"value": f"v{number}"}, headers=KEY)
        assert answer.status == 200
        assert "idempotent-replayed" not in answer.headers
    assert (await acme.value("a"), await other.value("a")) == ("v1", "v2")


async def test_refusals_are_not_kept(acme: Tenant) -> None:
    refused(await acme("PUT", f"{STORE}/a", {"value": "x"}, headers=KEY), 404, "not-found")
    await acme.put("a", "0")
    assert (await acme("PUT", f"{STORE}/a", {"value": "x"}, headers=KEY)).json()["version"] == 2


async def test_reads_take_no_key(acme: Tenant) -> None:
    await acme.put("a", "x", "y")
    for target in (f"{STORE}/a?version=1", f"{STORE}/a"):
        answer = await acme("GET", target, headers=KEY)
        assert answer.status == 200
        assert "idempotent-replayed" not in answer.headers
    injected = [(await acme("POST", INJECTIONS, {"variables": {"A": "a"}}, headers=KEY)) for _ in range(2)]
    assert [answer.json()["variables"] for answer in injected] == [{"A": "y"}] * 2
    assert injected[0].position < injected[1].position
    assert await acme.system.rows("SELECT key FROM idempotency WHERE tenant = ?", acme.id) == []


@pytest.mark.parametrize("key", ["x" * 201, "a\tb", "a\x7fb"])
async def test_key_outside_its_bounds_is_refused(key: str, acme: Tenant) -> None:
    refused(await acme("POST", f"{STORE}/a", {"value": "x"}, headers={"idempotency-key": key}), 400, "invalid")
    good = {"idempotency-key": "x" * 200}
    assert (await acme("POST", f"{STORE}/a", {"value": "x"}, headers=good)).status == 201


async def test_request_sent_twice_at_once_is_done_once(acme: Tenant) -> None:
    await acme.put("a", "0")
    answers = await asyncio.gather(*(acme("PUT", f"{STORE}/a", {"value": "x"}, headers=KEY) for _ in range(8)))
    assert {answer.status for answer in answers} <= {200, 409}
    assert any(answer.status == 200 for answer in answers)
    for answer in answers:
        if answer.status == 409:
            refused(answer, 409, "already-replied")
            assert int(answer.headers["retry-after"]) >= 1
    assert (await acme("GET", f"{STORE}/a")).json()["version"] == 2
    again = await acme("PUT", f"{STORE}/a", {"value": "x"}, headers=KEY)
    assert again.json()["version"] == 2


async def test_reply_is_kept_sealed(acme: Tenant) -> None:
    await acme("POST", f"{STORE}/a", {"value": "x", "metadata": {"marker": "reply-marker-4711"}}, headers=KEY)
    assert b"reply-marker-4711" in await stored_reply(acme)
    ((row, sealed, wrapped),) = await acme.system.rows(
        """SELECT i.tenant || i.principal || i.key || i.fingerprint || i.status || i.expires_at, v.sealed, k.wrapped
        FROM idempotency i JOIN sealed_values v ON v.seal_id = i.seal_id JOIN sealed_keys k ON k.seal_id = i.seal_id
        WHERE i.tenant = ?""",
        acme.id,
    )
    assert "reply-marker-4711" not in row
    assert b"version" not in sealed
    assert wrapped not in sealed


async def test_what_lies_in_the_clear_does_not_let_the_request_be_guessed(acme: Tenant) -> None:
    answer = await acme("POST", f"{STORE}/a", content=b'{"value":"1234"}', headers=KEY)
    assert answer.status == 201
    target = f"{STORE}/a".encode()
    guess = sha256(b"\n".join((b"POST", target, b"", sha256(b'{"value":"1234"}').digest()))).hexdigest()
    ((fingerprint,),) = await acme.system.rows("SELECT fingerprint FROM idempotency WHERE tenant = ?", acme.id)
    assert fingerprint != guess
    again = await acme("POST", f"{STORE}/a", content=b'{"value":"1234"}', headers=KEY)
    assert again.headers["idempotent-replayed"] == "true"


async def test_reply_is_bound_to_its_tenant_and_principal(tmp_path: Path) -> None:
    async with assembled(tmp_path) as system:
        acme = await Tenant.begin(system, system.app(), "acme")
        await acme("POST", f"{STORE}/a", {"value": "x"}, headers=KEY)
        somebody = await acme.holding("*", subject="somebody")
        await somebody("POST", f"{STORE}/b", {"value": "x"}, headers=KEY)
        refused(await with_swapped_replies(acme, somebody), 503, "log-broken")


async def test_weaker_token_of_the_same_subject_is_not_shown_a_stored_reply(acme: Tenant) -> None:
    strong = await acme.holding("secrets:write", subject="ci")
    weak = await acme.holding("secrets:list", subject="ci")
    stored = await strong("POST", f"{STORE}/replayed", {"value": "x"}, headers=KEY)
    assert stored.status == 201
    refused(await weak("POST", f"{STORE}/replayed", {"value": "x"}, headers=KEY), 403, "forbidden")


async def with_swapped_replies(tenant: Tenant, client: AsgiClient) -> Answer:
    """The answer to a repetition after somebody with the database exchanged two sealed replies."""
    rows = await tenant.system.rows("SELECT principal, seal_id FROM idempotency WHERE tenant = ?", tenant.id)
    (own,) = [seal_id for principal, seal_id in rows if principal.startswith("ops#")]
    swap = "UPDATE idempotency SET seal_id = ? WHERE tenant = ? AND principal LIKE 'somebody#%'"
    statements = [(swap, (own, tenant.id))]
    with tenant.system.store.log.transaction() as transaction:
        transaction.execute(statements)
    return await client("POST", f"{STORE}/b", {"value": "x"}, headers=KEY)


async def test_expired_reply_is_replaced(acme: Tenant) -> None:
    # The store itself looks at the real time: so this happens in its past.
    acme.system.clock.advance(hours=-24)
    await acme.put("a", "0")
    await acme("PUT", f"{STORE}/a", {"value": "x"}, headers=KEY)
    acme.system.clock.advance(seconds=RETENTION.total_seconds() - 10)
    assert (await acme("PUT", f"{STORE}/a", {"value": "x"}, headers=KEY)).json()["version"] == 2
    acme.system.clock.advance(seconds=20)
    assert (await acme("PUT", f"{STORE}/a", {"value": "x"}, headers=KEY)).json()["version"] == 3
    count = "SELECT count(*) FROM sealed_values WHERE tenant = ?"
    assert await acme.system.rows(count, acme.id) == [(4,)]


async def test_expired_replies_are_removed_with_their_keys(acme: Tenant, system: Assembly) -> None:
    await acme("POST", f"{STORE}/a", {"value": "x"}, headers=KEY)
    kept = await system.rows("SELECT seal_id FROM idempotency WHERE tenant = ?", acme.id)
    assert not [each for each in await system.replies.expired() if acme.id in each[1]]
    system.clock.advance(seconds=RETENTION.total_seconds() + 1)
    with system.store.log.transaction() as transaction:
        transaction.execute(await system.replies.expired())
    assert await system.rows("SELECT key FROM idempotency WHERE tenant = ?", acme.id) == []
    for table in ("sealed_values", "sealed_keys"):
        assert await system.rows(f"SELECT seal_id FROM {table} WHERE seal_id = ?", *kept[0]) == []
    assert await acme.value("a") == "x"
