"""Requests about shares that several tests begin with."""

from __future__ import annotations

from typing import Any

from domain.token_text import SHARE_PREFIX, token_text
from tests.asgi_client import Answer, AsgiClient
from tests.integration.api.tenants import Tenant

SHARES = "/api/v1/secrets/shares"
REDEEM = f"{SHARES}/redeem"
UNKNOWN = token_text(bytes(32), SHARE_PREFIX)


async def shared(client: AsgiClient | Tenant, value: str = "s3cret", **more: object) -> dict[str, Any]:
    answer = await client("POST", SHARES, {"value": value, **more})
    assert answer.status == 201, answer
    share: dict[str, Any] = answer.json()
    return share


def nobody(tenant: Tenant) -> AsgiClient:
    return AsgiClient(tenant.app)


async def redeemed(tenant: Tenant, share: dict[str, Any], **more: object) -> Answer:
    return await nobody(tenant)("POST", REDEEM, {"token": share["token"], **more})
