"""A webhook as a backend: each method is one question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, TypeVar

import msgspec

from adapters.provider_calls import Calls
from adapters.providers.webhook.asking import Asking
from domain.backends import ACCOUNT_PREFIX, Account, Credential

T = TypeVar("T", bound=msgspec.Struct)


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `create` and `create_like`: the credential's fields; `ref` where it is not the account's name."""

    fields: dict[str, str | int]
    ref: str = ""


class Done(msgspec.Struct, frozen=True):
    """Answer to what only has to be done."""


class There(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `present` and `exists`."""

    present: bool


class Staged(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `staged`: what `create_like` made, null if nothing."""

    ref: str | None


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """Answer to `accounts`."""

    accounts: list[str]


class WebhookBackend:
    """A `Rotatable`."""

    def __init__(self, asking: Asking, limit: int, timeout: float) -> None:
        self._asking = asking
        self._calls = Calls("webhook", limit, timeout)

    async def create(self, account: Account) -> Credential:
        return _credential(await self._ask("create", {"account": _told(account)}, Made))

    async def renew(self, account: Account) -> None:
        await self._ask("renew", {"account": _told(account)}, Done)

    async def remove(self, account: Account) -> None:
        await self._ask("remove", {"account": _told(account)}, Done)

    async def present(self, account: Account) -> bool:
        return (await self._ask("present", {"account": _told(account)}, There)).present

    async def accounts(self) -> AsyncIterator[str]:
        for name in (await self._ask("accounts", {}, Listed)).accounts:
            if name.startswith(ACCOUNT_PREFIX):
                yield name

    async def check(self) -> None:
        await self._ask("check", {}, Done)

    async def create_like(self, account: Account, old: str) -> Credential:
        return _credential(await self._ask("create_like", {"account": _told(account), "old_ref": old}, Made))

    async def staged(self, account: Account, old: str) -> str | None:
        return (await self._ask("staged", {"account": _told(account), "old_ref": old}, Staged)).ref

    async def log_in(self, fields: dict[str, str | int]) -> None:
        await self._ask("log_in", {"fields": fields}, Done)

    async def retire(self, old: str) -> None:
        await self._ask("retire", {"ref": old}, Done)

    async def exists(self, name: str) -> bool:
        return (await self._ask("exists", {"ref": name}, There)).present

    async def close(self) -> None:
        self._calls.close()
        self._asking.close()

    async def _ask(self, action: str, question: dict[str, Any], answer: type[T]) -> T:
        return await self._calls.run(self._asking.ask, action, question, answer)


def _told(account: Account) -> dict[str, Any]:
    """What the webhook is told of an account; nothing of it is secret."""
    return {
        "name": account.name,
        "tenant": account.tenant,
        "lease_id": account.lease_id,
        "subject": account.subject,
        "role": account.role,
        "parameters": account.settings.parameters if account.settings else {},
        "expires_at": account.expires_at,
        "ref": account.handle.get("ref", ""),
    }


def _credential(made: Made) -> Credential:
    return Credential(fields=made.fields, handle={"ref": made.ref} if made.ref else {})
