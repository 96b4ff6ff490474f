"""Transit keys, as the tests of this folder make and use them."""

from __future__ import annotations

import base64
from typing import Any

from tests.asgi_client import Answer
from tests.integration.vault.client import VaultClient


def b64(text: str) -> str:
    """As clients of Vault send text."""
    return base64.b64encode(text.encode()).decode()


def said(answer: Answer, status: int = 400) -> str:
    """The one error of an answer with this status."""
    assert answer.status == status, answer
    (message,) = answer.json()["errors"]
    return str(message)


async def sealed(client: VaultClient, key: str, text: str, **fields: object) -> str:
    """A text encrypted by a key."""
    made = await client.data("POST", f"transit/encrypt/{key}", {"plaintext": b64(text), **fields})
    return str(made["ciphertext"])


async def opened(client: VaultClient, key: str, ciphertext: str, **fields: object) -> str:
    """The text in a ciphertext."""
    made = await client.data("POST", f"transit/decrypt/{key}", {"ciphertext": ciphertext, **fields})
    return base64.b64decode(made["plaintext"]).decode()


async def batch(client: VaultClient, path: str, *items: object, **fields: object) -> tuple[int, list[dict[str, Any]]]:
    """Status and results of a batch."""
    answer = await client("POST", f"transit/{path}", {"batch_input": list(items), **fields})
    return answer.status, answer.json()["data"]["batch_results"]
