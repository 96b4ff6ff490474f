"""A backend that fails in every way there is, by a seeded chance, until it heals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from random import Random

from domain.backends import Account, BackendRefused, BackendUnavailable, Credential

CALL_SECONDS = 20.0
"""Longest that a call lasts."""
LATE_SECONDS = 30.0
"""Longest from then until it has its effect, as the statement's own time limit at the server has it."""


class FaultyBackend:
    """What is there, since when it was made and until when it was there, by the loop's time."""

    def __init__(self, chance: Random, heals_at: float) -> None:
        self.in_bulk = chance.random() < 0.5
        """Whether the nodes know that it ends many accounts at once."""
        self._chance = chance
        self._heals_at = heals_at
        self.there: dict[str, float] = {}
        self.gone: dict[str, float] = {}
        self.created: list[str] = []
        self.together: list[int] = []
        """How many accounts each call was about that ends many."""

    async def create(self, account: Account) -> Credential:
        def made() -> None:
            if account.name in self.there:
                raise BackendRefused("it is there already")
            self.there[account.name] = _now()
            self.created.append(account.name)

        await self._faulty(made)
        return Credential(fields={"username": account.name, "password": "p"})

    async def renew(self, account: Account) -> None:
        await self._faulty(lambda: None)

    async def remove(self, account: Account) -> None:
        if _now() < self._heals_at and self._chance.random() < 0.1:
            return  # it says that it is done

        await self._faulty(lambda: self._end(account))

    def _end(self, account: Account) -> None:
        if self.there.pop(account.name, None) is not None:
            self.gone[account.name] = _now()

    async def remove_all(self, accounts: Sequence[Account]) -> None:
        """Of some only, now and then, whatever it says of all."""
        self.together.append(len(accounts))
        some = accounts
        if _now() < self._heals_at and self._chance.random() < 0.2:
            some = accounts[: self._chance.randrange(len(accounts))]

        def removed() -> None:
            for account in some:
                self._end(account)

        await self._faulty(removed)

    async def present_of(self, accounts: Sequence[Account]) -> set[str]:
        await self._faulty(lambda: None)
        return {account.name for account in accounts if account.name in self.there}

    async def present(self, account: Account) -> bool:
        await self._faulty(lambda: None)
        return account.name in self.there

    async def accounts(self) -> AsyncIterator[str]:
        for name in list(self.there):
            yield name

    async def check(self) -> None:
        await self._faulty(lambda: None)

    async def close(self) -> None:
        await asyncio.sleep(0)

    async def _faulty(self, effect: Callable[[], None]) -> None:
        await asyncio.sleep(self._chance.random())
        if _now() >= self._heals_at:
            effect()
            return
        await self._chance.choice(_FAULTS)(self._chance, effect)


async def _works(_: Random, effect: Callable[[], None]) -> None:
    effect()


async def _refuses(_: Random, effect: Callable[[], None]) -> None:
    raise BackendRefused("no")


async def _is_away(_: Random, effect: Callable[[], None]) -> None:
    raise BackendUnavailable("away")


async def _lies(_: Random, effect: Callable[[], None]) -> None:
    effect()
    raise BackendUnavailable("no answer")


async def _hangs(chance: Random, effect: Callable[[], None]) -> None:
    """The caller is told that nothing is known; the effect comes late, even later than that, or never."""
    if chance.random() < 0.7:
        asyncio.get_running_loop().call_later(chance.uniform(0, CALL_SECONDS + LATE_SECONDS), _late, effect)
    await asyncio.sleep(CALL_SECONDS)
    raise BackendUnavailable("it did not answer in time")


def _late(effect: Callable[[], None]) -> None:
    with suppress(BackendRefused):
        effect()


async def _does_it_twice(_: Random, effect: Callable[[], None]) -> None:
    effect()
    effect()


_FAULTS: tuple[Callable[[Random, Callable[[], None]], Awaitable[None]], ...] = (
    _works, _works, _works, _works, _refuses, _is_away, _lies, _hangs, _hangs, _does_it_twice,
)  # fmt: skip


def _now() -> float:
    return asyncio.get_running_loop().time()
