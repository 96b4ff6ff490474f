"""Key-value commands that show versions. A value that goes out is a read in the log, as it is natively."""

from __future__ import annotations

from typing import Final

from domain.call import Call
from domain.commands.kv_results import KvRead, VersionMeta, meta_of
from domain.commands.reading import SecretReads
from domain.errors import NotFound
from domain.kv_values import Object, as_object, outline
from domain.kv_view import KvVersion, KvView
from domain.names import checked_path
from domain.ports import Clock
from domain.results import Done

MOST: Final = 10**12
"""Beyond every version's number."""


class KvReading:
    """Any version, of any state."""

    def __init__(self, reads: SecretReads, view: KvView, clock: Clock) -> None:
        self._reads = reads
        self._view = view
        self._clock = clock

    async def read(self, call: Call, path: str, number: int = 0) -> Done[KvRead]:
        """The newest version, or the one numbered `number`, without a value if it has none to show.

        Raises `NotFound` if there is no such version.
        """
        found = await self._found(call, path, number)
        return await self._shown(call, found, "get")

    async def subkeys(
        self, call: Call, path: str, number: int = 0, depth: int = 0
    ) -> Done[tuple[VersionMeta, Object | None]]:
        """The names within a version, so many levels deep (0: all); None for one that has no value to show."""
        (meta, value), position = await self._shown(call, await self._found(call, path, number), "subkeys")
        if value is None:
            return Done((meta, None), position)
        with value:
            return Done((meta, outline(as_object(value), depth)), position)

    async def _found(self, call: Call, path: str, number: int) -> KvVersion:
        call.require("secrets:read", checked_path(path))
        found = await self._view.version(call.tenant, path, number) if 0 <= number < MOST else None
        if found is None:
            raise NotFound(f"{path!r} has no version {number}" if number else f"there is no secret {path!r}")
        return found

    async def _shown(self, call: Call, found: KvVersion, how: str) -> Done[KvRead]:
        meta = meta_of(found)
        if meta.destroyed or found.version.is_deleted(self._clock()):
            return Done(KvRead(meta, None), 0)
        (_, value), position = await self._reads.reveal(call, found.version, how)
        return Done(KvRead(meta, value), position)
