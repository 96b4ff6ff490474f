"""Shares: a value given as often as it may be, and not once more; what is told to whom; and what never is."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import pytest

from domain.token_text import SHARE_PREFIX, well_formed
from tests.asgi_client import AsgiClient
from tests.integration.api.share_calls import REDEEM, SHARES, UNKNOWN, nobody, redeemed, shared
from tests.integration.api.tenants import Tenant, refused

pytestmark = pytest.mark.anyio


async def keys(tenant: Tenant, share: dict[str, Any]) -> int:
    """How many data keys there are for the share's value."""
    (event,) = [each for each in await tenant.events("share.created") if each["share_id"] == share["id"]]
    return len(await tenant.system.rows("SELECT 1 FROM sealed_keys WHERE seal_id = ?", event["seal_id"]))


async def state(tenant: Tenant, share: dict[str, Any]) -> str:
    answer = await tenant("GET", f"{SHARES}/{share['id']}")
    assert answer.status == 200, answer
    return str(answer.json()["share"]["state"])


async def test_share_gives_its_value_once_and_then_nothing(acme: Tenant) -> None:
    answer = await acme("POST", SHARES, {"value": "s3cret", "note": "for Bob"})
    assert answer.status == 201
    told = answer.json()
    assert well_formed(told["token"], SHARE_PREFIX)
    assert told["url"] == f"https://trstctl.example/s#{told['token']}"
    assert (told["state"], told["max_views"], told["views_left"], told["note"]) == ("open", 1, 1, "for Bob")
    life = datetime.fromisoformat(told["expires_at"]) - datetime.fromisoformat(told["created_at"])
    assert life == timedelta(days=1)
    first = await redeemed(acme, told)
    assert (first.status, first.json()) == (200, {"value": "s3cret", "views_left": 0})
    assert (await acme.events("share.viewed"))[-1]["position"] == first.position
    assert await keys(acme, told) == 0
    refused(await redeemed(acme, told), 410, "gone")
    assert await state(acme, told) == "consumed"


async def test_token_and_value_are_stored_nowhere(acme: Tenant) -> None:
    share = await shared(acme, "marker-of-the-value", passphrase="marker-of-the-passphrase")
    await redeemed(acme, share, passphrase="marker-of-the-passphrase")
    await acme("POST", SHARES, {"value": "marker-of-the-value"}, headers={"Idempotency-Key": "k"})
    database = (acme.system.folder / "trstctl.db").read_bytes()
    database += (acme.system.folder / "trstctl.db-wal").read_bytes()
    for secret in (share["token"], "marker-of-the-value", "marker-of-the-passphrase"):
        assert secret.encode() not in database
    assert sha256(share["token"].encode()).hexdigest().encode() in database


async def test_bytes_come_back_as_bytes(acme: Tenant) -> None:
    encoded = b64encode(b"\xff\x00" * 50).decode()
    answer = await acme("POST", SHARES, {"value_b64": encoded})
    assert (await redeemed(acme, answer.json())).json() == {"value_b64": encoded, "views_left": 0}


async def test_views_are_counted_down(acme: Tenant) -> None:
    share = await shared(acme, max_views=3)
    assert [(await redeemed(acme, share)).json()["views_left"] for _ in range(3)] == [2, 1, 0]
    refused(await redeemed(acme, share), 410, "gone")


@pytest.mark.parametrize("views", [1, 7])
async def test_exactly_as_many_of_many_at_once_get_the_value(views: int, acme: Tenant) -> None:
    share = await shared(acme, max_views=views)
    answers = await asyncio.gather(*(redeemed(acme, share) for _ in range(100)))
    given = [answer for answer in answers if answer.status == 200]
    assert sorted(answer.json()["views_left"] for answer in given) == list(range(views))
    assert {answer.json()["value"] for answer in given} == {"s3cret"}
    assert {answer.status for answer in answers if answer.status != 200} == {410}


async def ended(acme: Tenant) -> dict[str, str]:
    """A token for each way in which a share gives nothing."""
    tokens = {"never existed": UNKNOWN, "malformed": "x", "empty": "", "an API token": str(acme.client.token)}
    consumed, revoked, locked, expired, overdue = [
        await shared(acme, **more)
        for more in ({}, {}, {"passphrase": "right"}, {"ttl_seconds": 1}, {"ttl_seconds": 60})
    ]
    await redeemed(acme, consumed)
    assert (await acme("DELETE", f"{SHARES}/{revoked['id']}")).status == 204
    for _ in range(5):
        await redeemed(acme, locked, passphrase="wrong")
    acme.system.clock.advance(seconds=2)
    await acme.system.process()
    assert [await state(acme, share) for share in (consumed, revoked, locked, expired)] == [
        "consumed", "revoked", "locked", "expired",
    ]  # fmt: skip
    acme.system.clock.advance(seconds=60)
    named = {"consumed": consumed, "revoked": revoked, "locked": locked, "expired": expired, "overdue": overdue}
    return tokens | {name: share["token"] for name, share in named.items()}


async def test_no_difference_is_to_be_seen_between_shares_that_give_nothing(acme: Tenant) -> None:
    seen = set()
    head = None
    for token in (await ended(acme)).values():
        for passphrase in ({}, {"passphrase": "right"}, {"passphrase": "wrong"}):
            head = head or await acme.system.head()
            answer = await nobody(acme)("POST", REDEEM, {"token": token, **passphrase})
            problem = refused(answer, 410, "gone")
            own = problem.pop("request_id")
            headers = {name: text.replace(own, "…") for name, text in answer.headers.items()}
            seen.add((str(problem), str(sorted(headers.items()))))
            assert await acme.system.head() == head
    assert len(seen) == 1


async def test_what_is_gone_is_told_after_one_read(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = await ended(acme)
    reader = acme.system.store.reader
    reads: list[str] = []
    for name in ("rows", "row", "system_rows"):
        original = getattr(reader, name)

        def counted(*asked: Any, original: Any = original, name: str = name) -> Any:
            reads.append(name)
            return original(*asked)

        monkeypatch.setattr(reader, name, counted)
    counts = set()
    for token in tokens.values():
        reads.clear()
        await nobody(acme)("POST", REDEEM, {"token": token, "passphrase": "right"})
        counts.add(tuple(reads))
    assert counts == {("system_rows",)}


async def test_passphrase_is_asked_for_without_counting_it_as_a_try(acme: Tenant) -> None:
    share = await shared(acme, passphrase="open sesame")
    assert share["passphrase_required"]
    for _ in range(9):
        refused(await redeemed(acme, share), 403, "passphrase-required")
    assert (await redeemed(acme, share, passphrase="open sesame")).json()["value"] == "s3cret"


async def test_wrong_passphrases_are_counted_in_the_log_and_lock_the_share(acme: Tenant) -> None:
    share = await shared(acme, passphrase="right", max_views=2)
    assert (await redeemed(acme, share, passphrase="right")).status == 200
    for left in (4, 3, 2, 1, 0):
        assert await keys(acme, share) == 1
        problem = refused(await redeemed(acme, share, passphrase="wrong"), 403, "passphrase-wrong")
        assert problem["tries_left"] == left
    refused(await redeemed(acme, share, passphrase="right"), 410, "gone")
    assert (await state(acme, share), await keys(acme, share)) == ("locked", 0)
    assert [event["number"] for event in await acme.events("share.passphrase.failed")] == [1, 2, 3, 4, 5]
    assert (await acme("GET", f"{SHARES}/{share['id']}")).json()["failed_passphrases"] == 5


async def test_guesses_at_once_are_no_more_than_tries(acme: Tenant) -> None:
    share = await shared(acme, passphrase="right")
    answers = await asyncio.gather(*(redeemed(acme, share, passphrase=f"guess {n}") for n in range(30)))
    assert sorted(answer.status for answer in answers) == [403] * 5 + [410] * 25


async def test_letters_composed_differently_are_the_same_passphrase(acme: Tenant) -> None:
    share = await shared(acme, passphrase="caf\u00e9")
    assert (await redeemed(acme, share, passphrase="cafe\u0301")).status == 200


async def test_passphrase_that_none_is_needed_for_is_passed_over(acme: Tenant) -> None:
    assert (await redeemed(acme, await shared(acme), passphrase="any")).status == 200


async def test_share_expires_by_the_clock_and_its_key_by_the_process_manager(acme: Tenant) -> None:
    share = await shared(acme, ttl_seconds=60)
    acme.system.clock.advance(seconds=59)
    await acme.system.process()
    assert (await state(acme, share), await keys(acme, share)) == ("open", 1)
    acme.system.clock.advance(seconds=1)
    refused(await redeemed(acme, share), 410, "gone")
    assert (await state(acme, share), await keys(acme, share)) == ("expired", 1)
    await acme.system.process()
    assert (await state(acme, share), await keys(acme, share)) == ("expired", 0)
    assert len([event for event in await acme.events("share.expired") if event["share_id"] == share["id"]]) == 1
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE ref = ?", share["id"]) == []


async def test_share_that_has_ended_is_owed_nothing_more(acme: Tenant) -> None:
    consumed, revoked = await shared(acme), await shared(acme)
    await redeemed(acme, consumed)
    await acme("DELETE", f"{SHARES}/{revoked['id']}")
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE tenant = ?", acme.id) == []


async def test_revocation_is_for_good_and_destroys_the_key(acme: Tenant) -> None:
    share = await shared(acme)
    answer = await acme("DELETE", f"{SHARES}/{share['id']}", {"reason": "wrong person"})
    assert (answer.status, answer.body) == (204, b"")
    assert (await acme.events("share.revoked"))[-1]["reason"] == "wrong person"
    assert (await state(acme, share), await keys(acme, share)) == ("revoked", 0)
    refused(await acme("DELETE", f"{SHARES}/{share['id']}"), 409, "conflict")


async def test_receipt_tells_of_each_view(acme: Tenant) -> None:
    share = await shared(acme, max_views=2)
    agent = {"User-Agent": "Browser\u00e9/1" + "x" * 500}
    first = await nobody(acme)("POST", REDEEM, {"token": share["token"]}, headers=agent)
    second = await acme("POST", REDEEM, {"token": share["token"]})
    views = (await acme("GET", f"{SHARES}/{share['id']}")).json()["views"]
    actor = (await acme.events("share.created"))[-1]["actor"]
    assert [
        {name: view[name] for name in ("number", "from", "actor", "position")} for view in views
    ] == [
        {"number": 1, "from": "127.0.0.1", "actor": "anybody", "position": first.position},
        {"number": 2, "from": "127.0.0.1", "actor": actor, "position": second.position},
    ]  # fmt: skip
    assert views[0]["agent"] == ("Browser?/1" + "x" * 500)[:200]


async def test_each_sees_their_own_shares_and_who_manages_them_sees_all(acme: Tenant) -> None:
    ann = await acme.holding("shares:create", subject="ann")
    bob = await acme.holding("shares:create", subject="bob")
    manager = await acme.holding("shares:manage", subject="mia")
    of_ann, of_bob = (await shared(ann))["id"], (await shared(bob))["id"]

    async def listed(client: AsgiClient, query: str = "") -> list[str]:
        return [item["id"] for item in (await client("GET", f"{SHARES}{query}")).json()["items"]]

    assert await listed(ann) == [of_ann]
    assert await listed(ann, "?subject=bob") == []
    assert set(await listed(manager)) == {of_ann, of_bob}
    assert await listed(manager, "?subject=bob") == [of_bob]
    refused(await bob("GET", f"{SHARES}/{of_ann}"), 404, "not-found")
    refused(await bob("DELETE", f"{SHARES}/{of_ann}"), 404, "not-found")
    assert (await manager("DELETE", f"{SHARES}/{of_ann}")).status == 204


async def test_list_goes_on_by_cursor_and_is_narrowed_by_state(acme: Tenant) -> None:
    shares = [await shared(acme) for _ in range(5)]
    await redeemed(acme, shares[2])
    ids = [share["id"] for share in shares]
    cursor: str | None = ""
    found: list[str] = []
    while cursor is not None:
        page = (await acme("GET", f"{SHARES}?limit=2&cursor={cursor}")).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert sorted(found) == sorted(ids)
    consumed = (await acme("GET", f"{SHARES}?state=consumed")).json()["items"]
    assert [item["id"] for item in consumed] == [ids[2]]
    acme.system.clock.advance(days=2)
    assert (await acme("GET", f"{SHARES}?state=open")).json()["items"] == []
    overdue = (await acme("GET", f"{SHARES}?state=expired")).json()["items"]
    assert {item["id"] for item in overdue} == {*ids} - {ids[2]}
    assert {(item["state"], item["ended_at"] == item["expires_at"]) for item in overdue} == {("expired", True)}


@pytest.mark.parametrize(
    "body,status",
    [
        ({}, 400),
        ({"value": ""}, 400),
        ({"value": "x", "value_b64": "eA=="}, 400),
        ({"value": "x", "max_views": 0}, 400),
        ({"value": "x", "max_views": 101}, 400),
        ({"value": "x", "ttl_seconds": 0}, 400),
        ({"value": "x", "ttl_seconds": 7 * 86_400 + 1}, 400),
        ({"value": "x", "passphrase": ""}, 400),
        ({"value": "x", "passphrase": "p" * 1025}, 400),
        ({"value": "x", "note": "n" * 201}, 400),
        ({"value": "x", "note": "two\nlines"}, 400),
        ({"value": "x" * 65_537}, 413),
        ({"value": "x", "name": "typing error"}, 400),
    ],
)
async def test_what_is_out_of_bounds_is_refused(body: dict[str, object], status: int, acme: Tenant) -> None:
    head = await acme.system.head()
    refused(await acme("POST", SHARES, body), status, "too-large" if status == 413 else "invalid")
    assert await acme.system.head() == head
