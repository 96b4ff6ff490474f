"""Key-value mounts, and what their clients see."""

from __future__ import annotations

from typing import Any

from tests.asgi_client import Answer
from tests.integration.vault.client import VaultClient

PATCHED = {"content_type": "application/merge-patch+json"}


async def mount(client: VaultClient, path: str, version: int) -> None:
    """Enable a key-value mount of this version."""
    answer = await client("POST", f"sys/mounts/{path}", {"type": "kv", "options": {"version": str(version)}})
    assert answer.status == 204, answer


async def put(client: VaultClient, path: str, data: object, **options: object) -> Any:
    """Write a version; what is answered of it."""
    body: dict[str, object] = {"data": data, "options": options}
    return await client.data("PUT", path, body)


def gone(answer: Answer) -> Any:
    """The data of a 404 that tells of a version without a value."""
    assert answer.status == 404
    body = answer.json()
    assert "errors" not in body
    assert body["request_id"]
    return body["data"]


def nothing(answer: Answer) -> bool:
    """Whether the answer is Vault's for what is not there."""
    return (answer.status, answer.json()) == (404, {"errors": []})


def refused(answer: Answer, *errors: str) -> bool:
    """Whether the answer is a 400 in these words."""
    return (answer.status, answer.json()) == (400, {"errors": list(errors)})
