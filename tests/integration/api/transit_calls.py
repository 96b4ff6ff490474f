"""Requests of transit encryption that several tests begin with."""

from __future__ import annotations

import base64
from typing import Any

from tests.asgi_client import Answer, AsgiClient
from tests.integration.api.tenants import Tenant

TRANSIT = "/api/v1/transit"
KEYS = f"{TRANSIT}/keys"

Client = Tenant | AsgiClient


def b64(data: bytes | str) -> str:
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


def plain(text: str) -> bytes:
    return base64.b64decode(text, validate=True)


async def asked(client: Client, operation: str, key: str, status: int = 200, **body: Any) -> Any:
    """The answer's body, which must have this status."""
    answer = await tried(client, operation, key, **body)
    assert answer.status == status, answer
    return answer.json()


async def tried(client: Client, operation: str, key: str, **body: Any) -> Answer:
    return await client("POST", f"{TRANSIT}/{operation}", {"key": key, **body})


async def key(client: Client, name: str = "orders", **more: Any) -> dict[str, Any]:
    """A new key."""
    answer = await client("POST", KEYS, {"name": name, **more})
    assert answer.status == 201, answer
    told: dict[str, Any] = answer.json()
    return told


async def rotated(client: Client, name: str = "orders", times: int = 1) -> None:
    for _ in range(times):
        assert (await client("POST", f"{KEYS}/rotate", {"name": name})).status == 200


async def configured(client: Client, name: str = "orders", status: int = 200, **changes: Any) -> dict[str, Any]:
    answer = await client("PATCH", f"{KEYS}/{name}", changes)
    assert answer.status == status, answer
    told: dict[str, Any] = answer.json()
    return told


async def sealed(client: Client, text: str = "plain", name: str = "orders", **more: Any) -> str:
    """A ciphertext."""
    return str((await asked(client, "encrypt", name, plaintext=b64(text), **more))["ciphertext"])
