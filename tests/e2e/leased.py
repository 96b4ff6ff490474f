"""Leases that are taken and given back under load, and what must be true of them after a kill."""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any, Final

from tests.backends import webhook
from tests.backends.webhook import WebhookWorld
from tests.e2e.https_client import HttpsClient

LEASES: Final = "/api/v1/secrets/leases"
_WANTED: Final = {"provider": "hook", "role": "read"}
_SETTLES: Final = 60.0
"""Longest until nothing is left of what a kill cut off, in seconds: claims, pauses and a busy machine."""


class Leases:
    """Leases that were acknowledged: their accounts by id, and which of them were given back."""

    def __init__(self) -> None:
        self.made: dict[str, str] = {}
        self.ending: set[str] = set()
        """A revocation was sent: it may have begun whether an answer came or not."""
        self.ended: set[str] = set()
        """It was answered that the credential is gone."""
        self.problems: list[str] = []

    def take(self, client: HttpsClient) -> None:
        """Take one; half of them are given back at once."""
        answer = client("POST", LEASES, _WANTED)
        if answer.status in {409, 503}:
            return  # the machine is so busy that the webhook's answer came too late: there is no lease
        if answer.status != 201:
            self.problems.append(f"{answer.status}: {answer.body.decode()}")
            return
        lease = answer.json()
        self.made[lease["id"]] = lease["account"]
        if random.random() < 0.5:
            self.ending.add(lease["id"])
            answer = client("POST", f"{LEASES}/{lease['id']}/revoke")
            if answer.status != 200:
                self.problems.append(f"{answer.status}: {answer.body.decode()}")
            elif answer.json()["state"] == "revoked":
                self.ended.add(lease["id"])


def configuration(world: WebhookWorld, folder: Path) -> dict[str, Any]:
    """Sections for a server that leases of `world`, whose signing key is put into `folder`; all waits are short."""
    key = folder / "signing-key"
    key.touch(mode=0o600)
    key.write_text(webhook.KEY)
    provider = {
        "name": _WANTED["provider"],
        "kind": "webhook",
        "tenants": ["*"],
        "connection": world.setup.connection,
        "credentials_file": str(key),
        "roles": [{"name": _WANTED["role"], "settings": world.setup.role}],
    }
    process = {"tick_seconds": 0.2, "attempt_seconds": 1.5, "first_pause_seconds": 0.2, "longest_pause_seconds": 2}
    return {"secrets": {"providers": [provider], "provider_timeout_seconds": 1}, "process": process}


def check(client: HttpsClient, leases: Leases, world: WebhookWorld) -> None:
    """Ask for each lease: what was issued lives unless it was given back, and what was answered to be gone is gone."""
    for lease, account in leases.made.items():
        told = client("GET", f"{LEASES}/{lease}").json()
        found = (told["state"], account in world.there)
        if lease in leases.ended:
            assert found == ("revoked", False), told
        elif lease not in leases.ending:
            assert found == ("active", True), told


def settle(client: HttpsClient, world: WebhookWorld) -> None:
    """Wait until each lease is active or over, with the accounts of the active ones there and no other."""
    deadline = time.monotonic() + _SETTLES
    while (open_ := _accounts(client, "pending") | _accounts(client, "revoking")) or _left_over(client, world):
        assert time.monotonic() < deadline, (open_, _left_over(client, world))
        time.sleep(0.1)
    assert client("GET", "/api/v1/operations/attention").json()["items"] == []


def _left_over(client: HttpsClient, world: WebhookWorld) -> set[str]:
    """Accounts of nobody, and leases of no account."""
    return _accounts(client, "active") ^ world.there.keys()


def _accounts(client: HttpsClient, state: str) -> set[str]:
    found: set[str] = set()
    onward: str | None = ""
    while onward is not None:
        page = client("GET", f"{LEASES}?state={state}&limit=500{onward and f'&cursor={onward}'}").json()
        found |= {lease["account"] for lease in page["items"]}
        onward = page["next_cursor"]
    return found
