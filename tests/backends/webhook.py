"""A webhook of the tests' own: checks each signature, and keeps accounts in memory."""

from __future__ import annotations

import gc
import hmac
import json
import re
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from tests.backends.gate import Gate
from tests.backends.world import Setup
from tests.fakes.cloud_server import Asked, CloudServer, Told, serving

KEY: Final = "k" * 40
_SIGNATURE: Final = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})\Z")


class WebhookWorld:
    """See `World`; also `CountsConnections`, `Freezes`, `StandingAccounts`."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self.setup: Setup
        self.gate: Gate

    def serve(self, cloud: CloudServer) -> None:
        self.gate = Gate(cloud.port)
        self.setup = Setup(
            kind="webhook",
            connection={"url": f"https://localhost:{self.gate.port}/accounts", "ca_file": str(cloud.ca_file)},
            secrets={"signing_key": KEY},
            role={"parameters": {"may": "read"}},
            rotatable=True,
            wrong_secrets={"signing_key": "x" * 40},
            breaking_role={"parameters": {"may": "break"}},
        )

    def answer(self, asked: Asked) -> Told:
        if not _is_signed(asked):
            return Told(401, {"error": "the signature is not ours"})
        question = json.loads(asked.body)
        with self._lock:
            return self._answer(question["action"], question)

    def _answer(self, action: str, question: dict[str, Any]) -> Told:
        account = question.get("account", {})
        name = account.get("name") or question.get("ref")
        answers: dict[str, Callable[[], Told]] = {
            "create": lambda: self._made(account, None),
            "create_like": lambda: self._made(account, question["old_ref"]),
            "renew": lambda: self._renewed(account),
            "present": lambda: Told(200, {"present": name in self.there}),
            "exists": lambda: Told(200, {"present": name in self.there}),
            "staged": lambda: Told(200, {"ref": name if name in self.there else None}),
            "accounts": lambda: Told(200, {"accounts": sorted(self.there)}),
            "log_in": lambda: Told(*((200, {}) if self._works(question["fields"]) else (403, {"error": "no login"}))),
            "remove": lambda: self._removed(name),
            "retire": lambda: self._removed(name),
            "check": lambda: Told(200, {}),
        }
        return answers[action]()

    def _renewed(self, account: dict[str, Any]) -> Told:
        if account["name"] not in self.there:
            return Told(404, {"error": "there is nothing of that name"})
        self.there[account["name"]]["expires_at"] = account["expires_at"]
        return Told(200, {})

    def _removed(self, name: str | None) -> Told:
        self.there.pop(str(name), None)
        return Told(200, {})

    def _made(self, account: dict[str, Any], old: str | None) -> Told:
        if account["name"] in self.there:
            return Told(409, {"error": "it is there already"})
        if old is not None and old not in self.there:
            return Told(404, {"error": "there is nothing of that name to be like"})
        password = secrets.token_hex(16)
        may = account["parameters"].get("may") if old is None else self.there[old]["may"]
        self.there[account["name"]] = {"password": password, "may": may, "expires_at": account["expires_at"]}
        if may == "break":
            return Told(422, {"error": "made half-way"})
        return Told(200, {"fields": {"username": account["name"], "password": password}})

    def _works(self, fields: dict[str, Any]) -> bool:
        found = self.there.get(str(fields.get("username")))
        if found is None or found["password"] != fields.get("password"):
            return False
        return datetime.fromisoformat(found["expires_at"]) > datetime.now(UTC)

    async def log_in(self, fields: dict[str, str | int]) -> None:
        assert self._works(dict(fields)), "it does not work"

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        return bool(self.there[str(fields["username"])]["may"] != "read")

    async def names(self) -> set[str]:
        return set(self.there)

    async def plant(self, name: str) -> None:
        self.there[name] = {"password": "p", "may": "read", "expires_at": "2999-01-01T00:00:00Z"}

    async def standing(self) -> dict[str, str | int]:
        name = f"reporting-{secrets.token_hex(4)}"
        await self.plant(name)
        return {"username": name, "password": "p"}

    async def stop(self) -> None:
        self.gate.shut()

    async def start(self) -> None:
        self.gate.reopen()

    def freeze(self) -> None:
        self.gate.freeze()

    def thaw(self) -> None:
        self.gate.thaw()

    def peak(self) -> int:
        gc.collect()  # urllib3 leaves a connection whose handshake timed out to it
        time.sleep(0.1)
        return self.gate.peak()


def _is_signed(asked: Asked) -> bool:
    """As a webhook has to check it: over the very bytes, and not from long ago."""
    match = _SIGNATURE.match(asked.headers.get("trstctl-signature", ""))
    if match is None or abs(time.time() - int(match[1])) > 300:
        return False
    expected = hmac.new(KEY.encode(), match[1].encode() + b"." + asked.body, sha256).hexdigest()
    return hmac.compare_digest(expected, match[2])


@contextmanager
def running() -> Iterator[WebhookWorld]:
    """A webhook of this world's own, behind a gate."""
    world = WebhookWorld()
    with tempfile.TemporaryDirectory() as folder, serving([("POST", "/accounts", world.answer)], Path(folder)) as cloud:
        world.serve(cloud)
        yield world
        world.gate.shut()
