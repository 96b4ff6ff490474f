"""What tests of logins ask again and again."""

from __future__ import annotations

from typing import Any

from tests.asgi_client import Answer
from tests.integration.api.tenants import decoded
from tests.integration.vault.client import VaultTenant

MOUNTS: dict[str, dict[str, Any]] = {
    "approle": {"type": "approle"},
    "other": {"type": "approle"},
    "userpass": {"type": "userpass"},
    "short": {"type": "userpass", "config": {"default_lease_ttl": "10m", "max_lease_ttl": "15m"}},
    "jwt": {"type": "jwt"},
    "kubernetes": {"type": "kubernetes"},
}


async def mounted(acme: VaultTenant) -> VaultTenant:
    """The tenant, with every method under its own name, a second approle, and one whose tokens live shortly."""
    for path, fields in MOUNTS.items():
        await made(acme, f"sys/auth/{path}", **fields)
    return acme


async def made(acme: VaultTenant, path: str, **fields: Any) -> None:
    """Something is configured, which must succeed."""
    answer = await acme("POST", path, fields)
    assert answer.status in {200, 204}, answer


async def app_role(acme: VaultTenant, name: str = "deployer", mount: str = "approle", **fields: Any) -> str:
    """A role, and its role id."""
    await made(acme, f"auth/{mount}/role/{name}", **fields)
    return str((await acme.data("GET", f"auth/{mount}/role/{name}/role-id"))["role_id"])


async def secret_id(acme: VaultTenant, name: str = "deployer", mount: str = "approle", **fields: Any) -> dict[str, Any]:
    """A new secret id of the role."""
    found: dict[str, Any] = await acme.data("POST", f"auth/{mount}/role/{name}/secret-id", fields)
    return found


async def log_in(acme: VaultTenant, path: str, **fields: Any) -> Answer:
    """A login without any token."""
    return await acme.client(None)("POST", f"auth/{path}", fields)


def auth_of(answer: Answer) -> dict[str, Any]:
    """The `auth` of a login that must have succeeded."""
    assert answer.status == 200, answer
    auth: dict[str, Any] = answer.json()["auth"]
    return auth


def refused(answer: Answer, status: int, message: str) -> None:
    """The login must have been refused in these words."""
    assert (answer.status, answer.json()) == (status, {"errors": [message]}), answer


async def events(acme: VaultTenant, *topics: str) -> list[dict[str, Any]]:
    """What the log holds of this tenant, oldest first."""
    rows = await acme.system.rows(
        "SELECT type, actor, stream, body FROM events WHERE tenant = ? ORDER BY position", acme.id
    )
    found = [{"type": kind, "actor": actor, "stream": stream, **decoded(body)} for kind, actor, stream, body in rows]
    return [event for event in found if not topics or event["type"] in topics]
