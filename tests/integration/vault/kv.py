"""A tenant with key-value mounts besides the built-in one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from api.app import create_app
from api.asgi import ASGIApp
from domain.mounts import BUILT_IN, MountEntry, Mounts
from tests.asgi_client import Answer
from tests.assembly import Assembly
from tests.integration.vault.client import VaultClient

FURTHER = (
    MountEntry(path="kv2/", kind="kv", accessor="kv_2", options={"version": "2"}),
    MountEntry(path="team/kv2/", kind="kv", accessor="kv_3", options={"version": "2"}),
    MountEntry(path="kv1/", kind="kv", accessor="kv_1", options={"version": "1"}),
)
PATCHED = {"content_type": "application/merge-patch+json"}


class _Fixed:
    async def mounts(self, tenant: str, generation: int | None) -> Mounts:
        return Mounts((*BUILT_IN, *FURTHER))


def with_mounts(system: Assembly) -> ASGIApp:
    """The API, where every tenant has the further mounts."""
    services = system.services()
    return create_app(services, replace(system.vaulting.services(services), config=_Fixed()))


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
