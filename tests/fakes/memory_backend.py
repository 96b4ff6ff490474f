"""A backend in memory that does as it is told: works, refuses, hangs, works and says it failed. For the machinery."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import msgspec

from domain.backends import ACCOUNT_PREFIX, Account, BackendRefused, BackendUnavailable, Credential


class Connection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    place: str = "here"


class Role(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    may: str = "read"


def _nothing(_what: str, _name: str) -> None:
    """As it should be."""


class Place:
    """What is there, whoever opened a backend to it. `mood(what, name)` is asked before, `after(what, name)` after."""

    def __init__(self) -> None:
        self.there: dict[str, datetime] = {}
        self.made: list[str] = []
        self.under_way = 0
        self.most_under_way = 0
        self.before: Callable[[str, str], Any] = _nothing
        self.after: Callable[[str, str], Any] = _nothing
        self.passwords: dict[str, str] = {}
        self.opened_with: list[dict[str, str]] = []

    def refuse(self, *wanted: str) -> None:
        """Refuse these calls."""
        self.before = lambda what, _: _raise(BackendRefused("no")) if what in wanted else None

    def vanish(self, *wanted: str) -> None:
        """Not be reached by these calls."""
        self.before = lambda what, _: _raise(BackendUnavailable("away")) if what in wanted else None

    def lie(self, *wanted: str) -> None:
        """Do these calls and say they failed."""
        self.after = lambda what, _: _raise(BackendUnavailable("no answer")) if what in wanted else None

    def behave(self) -> None:
        """Do everything."""
        self.before = self.after = _nothing


PLACES: dict[str, Place] = {}


def _raise(error: Exception) -> None:
    raise error


class MemoryBackend:
    def __init__(self, place: Place) -> None:
        self._place = place

    async def _call(self, what: str, name: str, effect: Callable[[], None]) -> None:
        place = self._place
        place.under_way += 1
        place.most_under_way = max(place.most_under_way, place.under_way)
        try:
            await _settled(place.before(what, name))
            effect()
            await _settled(place.after(what, name))
        finally:
            place.under_way -= 1

    async def create(self, account: Account) -> Credential:
        def made() -> None:
            if account.name in self._place.there:
                raise BackendRefused(f"{account.name} is there already")
            self._place.there[account.name] = account.expires_at
            self._place.made.append(account.name)
            self._place.passwords[account.name] = f"password-of-{account.name}"

        await self._call("create", account.name, made)
        fields: dict[str, str | int] = {
            "username": account.name,
            "password": self._place.passwords[account.name],
            "port": 1,
        }
        return Credential(fields=fields, handle={"made-by": "memory"})

    async def renew(self, account: Account) -> None:
        def renewed() -> None:
            self._place.there[account.name] = account.expires_at

        await self._call("renew", account.name, renewed)

    async def remove(self, account: Account) -> None:
        def removed() -> None:
            self._place.there.pop(account.name, None)

        await self._call("remove", account.name, removed)

    async def present(self, account: Account) -> bool:
        await self._call("present", account.name, lambda: None)
        return account.name in self._place.there

    async def accounts(self) -> AsyncIterator[str]:
        for name in sorted(self._place.there):
            if name.startswith(ACCOUNT_PREFIX):
                yield name

    async def create_like(self, account: Account, old: str) -> Credential:
        if old not in self._place.there:
            raise BackendRefused(f"there is no {old}")
        return await self.create(account)

    async def staged(self, account: Account, old: str) -> str | None:
        await self._call("staged", account.name, lambda: None)
        return account.name if account.name in self._place.there else None

    async def log_in(self, fields: dict[str, str | int]) -> None:
        name = str(fields["username"])
        await self._call("log_in", name, lambda: None)
        if name not in self._place.there or self._place.passwords.get(name) != fields["password"]:
            raise BackendRefused(f"{name} may not log in")

    async def retire(self, old: str) -> None:
        def retired() -> None:
            self._place.there.pop(old, None)

        await self._call("retire", old, retired)

    async def exists(self, name: str) -> bool:
        await self._call("exists", name, lambda: None)
        return name in self._place.there

    async def check(self) -> None:
        await self._call("check", "", lambda: None)

    async def close(self) -> None:
        await asyncio.sleep(0)


async def _settled(answer: Any) -> None:
    if asyncio.iscoroutine(answer):
        await answer


class _Kind:
    name = "memory"
    connection: type[msgspec.Struct] = Connection
    role: type[msgspec.Struct] = Role
    secrets = ("password",)

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> MemoryBackend:
        place = PLACES.setdefault(connection.place, Place())
        place.opened_with.append(secrets)
        return MemoryBackend(place)


KIND = _Kind()
