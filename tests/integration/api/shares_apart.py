"""How the routes of shares keep tenants apart."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.integration.api.test_tenants import Pair

SHARES = "/api/v1/secrets/shares"
MARKER = "marker-of-acme"


async def share(pair: Pair) -> dict[str, Any]:
    answer = await pair.acme("POST", SHARES, {"value": MARKER, "note": MARKER, "max_views": 2})
    told: dict[str, Any] = answer.json()
    return told


async def shared(pair: Pair) -> None:
    assert (await pair.silent("POST", SHARES, {"value": "own"})).status == 201
    assert (await pair.acme("GET", SHARES)).json()["items"] == []


async def shares(pair: Pair) -> None:
    await share(pair)
    await pair.empty(SHARES, {"items": [], "next_cursor": None})
    assert (await pair.other("GET", f"{SHARES}?state=open&subject=ops")).json()["items"] == []


async def share_shown(pair: Pair) -> None:
    await pair.missing("GET", f"{SHARES}/{(await share(pair))['id']}")


async def share_revoked(pair: Pair) -> None:
    await pair.missing("DELETE", f"{SHARES}/{(await share(pair))['id']}")


async def share_redeemed(pair: Pair) -> None:
    """Whoever has the token may; neither tenant's log tells of the other's people."""
    made, head = await share(pair), await pair.acme.system.head()
    assert (await pair.other("POST", f"{SHARES}/redeem", {"token": made["token"]})).json()["value"] == MARKER
    (seen,) = [event for event in await pair.acme.events() if event["position"] > head]
    assert seen["actor"] == "anybody"
    assert [event for event in await pair.other.events() if event["position"] > head] == []


SHARES_APART: dict[tuple[str, str], Callable[[Pair], Awaitable[None]]] = {
    ("POST", SHARES): shared,
    ("GET", SHARES): shares,
    ("GET", f"{SHARES}/{{share_id:str}}"): share_shown,
    ("DELETE", f"{SHARES}/{{share_id:str}}"): share_revoked,
    ("POST", f"{SHARES}/redeem"): share_redeemed,
}
