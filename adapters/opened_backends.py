"""Backends kept open between uses, one a destination, and opened anew when their configuration changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from adapters.fail_points import reached
from domain.backends import Account, Backend, Credential
from domain.catalog import ProviderEntry

_LINGER: Final = 120.0
"""How long a backend whose configuration was replaced serves those who still use it, in seconds."""


class OpenedBackends:
    """`opened(key)` is the backend of that destination and configuration."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[str, Backend]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def get(self, entry: ProviderEntry) -> Backend | None:
        """The open backend of this very configuration, or None."""
        kept = self._kept.get(entry.destination)
        return kept[1] if kept and kept[0] == _key(entry) else None

    def keep(self, entry: ProviderEntry, opened: Callable[[], Backend]) -> Backend:
        """Open one, in place of that of an older configuration."""
        backend = opened()
        old = self._kept.pop(entry.destination, None)
        self._kept[entry.destination] = (_key(entry), backend)
        if old:
            task = asyncio.create_task(_close_later(old[1]))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        return backend

    async def close(self) -> None:
        """Let go of every connection."""
        for task in self._closing:
            task.cancel()
        await asyncio.gather(*(backend.close() for _, backend in self._kept.values()), return_exceptions=True)
        self._kept.clear()


def _key(entry: ProviderEntry) -> str:
    return f"{entry.kind}\n{entry.number}\n{entry.connection}"


async def _close_later(backend: Backend) -> None:
    try:
        await asyncio.sleep(_LINGER)
    finally:
        await backend.close()


class MortalBackend:
    """A backend around whose effects a test may let the server die."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def create(self, account: Account) -> Credential:
        reached("backend.create.before")
        credential = await self.backend.create(account)
        reached("backend.create.after")
        return credential

    async def renew(self, account: Account) -> None:
        reached("backend.renew.before")
        await self.backend.renew(account)
        reached("backend.renew.after")

    async def remove(self, account: Account) -> None:
        reached("backend.remove.before")
        await self.backend.remove(account)
        reached("backend.remove.after")

    async def present(self, account: Account) -> bool:
        return await self.backend.present(account)

    def accounts(self) -> AsyncIterator[str]:
        return self.backend.accounts()

    async def check(self) -> None:
        await self.backend.check()

    async def close(self) -> None:
        await self.backend.close()
