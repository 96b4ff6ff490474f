"""Who may ask for a share, how often, and what a repeated request is answered."""

from __future__ import annotations

import asyncio

import pytest

from tests.asgi_client import AsgiClient
from tests.assembly import Assembly
from tests.integration.api.share_calls import REDEEM, SHARES, UNKNOWN, nobody, redeemed, shared
from tests.integration.api.tenants import Tenant, refused

pytestmark = pytest.mark.anyio


async def test_repeated_making_is_told_without_the_token(acme: Tenant) -> None:
    body, key = {"value": "s3cret"}, {"Idempotency-Key": "once"}
    first = (await acme("POST", SHARES, body, headers=key)).json()
    again = await acme("POST", SHARES, body, headers=key)
    assert again.status == 201
    assert again.json() == {name: told for name, told in first.items() if name not in {"token", "url"}} | {
        "replayed": True
    }
    assert len((await acme("GET", SHARES)).json()["items"]) == 1


async def test_repeated_redeem_is_gone_and_uses_no_further_view(acme: Tenant) -> None:
    share = await shared(acme, max_views=5)
    key = {"Idempotency-Key": "once"}
    body = {"token": share["token"]}
    assert (await acme("POST", REDEEM, body, headers=key)).json()["views_left"] == 4
    for _ in range(3):
        refused(await acme("POST", REDEEM, body, headers=key), 410, "gone")
    refused(await acme("POST", REDEEM, {"token": UNKNOWN}, headers=key), 422, "idempotency-mismatch")
    assert (await acme("POST", REDEEM, body, headers={"Idempotency-Key": "next"})).json()["views_left"] == 3


async def test_of_redeems_at_once_with_one_key_one_gets_the_value(acme: Tenant) -> None:
    share = await shared(acme, max_views=5)
    key = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(acme("POST", REDEEM, {"token": share["token"]}, headers=key) for _ in range(20)))
    assert [answer.status for answer in answers].count(200) == 1
    assert {answer.status for answer in answers} <= {200, 409, 410}
    assert len(await acme.events("share.viewed")) == 1


async def test_key_of_somebody_without_a_token_is_passed_over(acme: Tenant) -> None:
    share = await shared(acme, max_views=2)
    for left in (1, 0):
        answer = await nobody(acme)("POST", REDEEM, {"token": share["token"]}, headers={"Idempotency-Key": "k"})
        assert answer.json()["views_left"] == left


async def test_bad_token_in_the_header_is_refused_before_anything_is_used_up(acme: Tenant) -> None:
    share = await shared(acme)
    for text in ("Bearer trst_wrong", "Basic abc", ""):
        answer = await nobody(acme)("POST", REDEEM, {"token": share["token"]}, headers={"Authorization": text})
        refused(answer, 401, "unauthenticated")
    assert (await redeemed(acme, share)).status == 200


async def test_who_redeems_from_another_tenant_is_nobody_in_the_log(acme: Tenant, other: Tenant) -> None:
    share = await shared(acme, max_views=2)
    answer = await other("POST", REDEEM, {"token": share["token"]}, headers={"Idempotency-Key": "theirs"})
    assert answer.json()["value"] == "s3cret"
    assert (await acme.events("share.viewed"))[-1]["actor"] == "anybody"
    assert await other.events("share.viewed") == []
    again = await other("POST", REDEEM, {"token": share["token"]}, headers={"Idempotency-Key": "theirs"})
    refused(again, 410, "gone")


async def test_making_needs_its_scope_and_redeeming_none(acme: Tenant) -> None:
    without = await acme.holding("secrets:read", "shares:manage")
    refused(await without("POST", SHARES, {"value": "x"}), 403, "forbidden")
    share = await shared(await acme.holding("shares:create"))
    assert (await without("POST", REDEEM, {"token": share["token"]})).status == 200


async def test_redeems_are_limited_by_address(acme: Tenant, system: Assembly) -> None:
    from api.services import Limits  # noqa: PLC0415 - only here

    app = system.app(limits=Limits(redeems_per_second=5))
    answers = [await AsgiClient(app)("POST", REDEEM, {"token": UNKNOWN}) for _ in range(8)]
    assert [answer.status for answer in answers] == [410] * 5 + [429] * 3
    assert answers[-1].headers["retry-after"] == "1"
    assert "from this address" in answers[-1].json()["detail"]


async def test_redeeming_is_closed_with_the_secrets_surface(acme: Tenant, system: Assembly) -> None:
    app = system.app(secrets_disabled="off")
    refused(await AsgiClient(app)("POST", REDEEM, {"token": UNKNOWN}), 503, "disabled")


async def test_page_is_the_same_for_all_and_uses_nothing_up(acme: Tenant) -> None:
    share = await shared(acme)
    head = await acme.system.head()
    pages = {(await nobody(acme)("GET", target)).body for target in ("/s", "/s?x", f"/s?t={share['id']}")}
    assert len(pages) == 1
    assert (await nobody(acme)("HEAD", "/s")).status == 405
    assert await acme.system.head() == head
    assert (await redeemed(acme, share)).status == 200
