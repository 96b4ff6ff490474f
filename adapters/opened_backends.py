"""Backends kept open between uses, one a destination, and opened anew when their configuration changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from domain.backends import Backend
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
