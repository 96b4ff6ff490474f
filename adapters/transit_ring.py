"""Transit keys kept open in memory, so that a request needs no read of the store.

What is kept may be out of date. So whoever uses a key appends on the condition that its stream has not grown, which the
log checks in the same transaction; refused, it calls `forget` and begins again. A rotation, a trim or a deletion on
another node therefore holds from its commit on.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection
from typing import Final
from uuid import UUID

from domain.errors import NotFound, VersionConflict
from domain.ports import Sealer
from domain.transit.cryptography import Cryptography, Material
from domain.transit.opened import OpenKey
from domain.transit.view import TransitKeyRow, TransitKeysView, TransitVersionRow, living, seal_context

_MOST_VERSIONS: Final = 64
"""Most versions of a key that are kept open at a time, unless one request wants more."""


class TransitRing:
    """Implements `domain.transit.opened.OpenKeys`: keeps the `capacity` keys that were used last."""

    def __init__(
        self, view: TransitKeysView, sealer: Sealer, cryptography: Cryptography, *, capacity: int = 1024
    ) -> None:
        self._view = view
        self._sealer = sealer
        self._cryptography = cryptography
        self._capacity = capacity
        self._kept: OrderedDict[tuple[str, str], OpenKey] = OrderedDict()
        self._left: OrderedDict[UUID, dict[int, int]] = OrderedDict()
        """What was set aside for keys that are read anew, so that it is not set aside again."""

    async def ready(self, tenant: str, name: str, numbers: Collection[int]) -> OpenKey:
        key = self._kept.get((tenant, name))
        if key is None:
            row = living(await self._view.find(tenant, name), name)
            key = self._kept[tenant, name] = OpenKey(row, {}, self._left.pop(row.stream, {}))
            if len(self._kept) > self._capacity:
                self._kept.popitem(last=False)  # wiped when its last user lets go of it
        else:
            self._kept.move_to_end((tenant, name))
        missing = {number or key.row.number for number in numbers} - key.materials.keys()
        return await self._with(tenant, key, missing) if missing else key

    async def _with(self, tenant: str, key: OpenKey, missing: Collection[int]) -> OpenKey:
        row = key.row
        sensible = sorted(number for number in missing if row.min_available <= number <= row.number)
        found = await self._view.versions(tenant, row, sensible) if sensible else []
        opened = await self._opened(tenant, row, found)
        if len(key.materials) + len(opened) > _MOST_VERSIONS:
            # A key of its own for this request: others may be using those that are kept.
            key = OpenKey(row, {**key.materials, **opened}, key.left)
            self._kept[tenant, row.name] = OpenKey(row, opened, key.left)
            return key
        for number, material in opened.items():
            key.materials.setdefault(number, material)
        return key

    async def _opened(
        self, tenant: str, row: TransitKeyRow, versions: Collection[TransitVersionRow]
    ) -> dict[int, Material]:
        wanted = [(seal_context(tenant, row.name, each.number), each.seal_id) for each in versions]
        try:
            opened = await self._sealer.open_many(wanted)
        except NotFound as error:
            raise VersionConflict(f"versions of {row.name!r} were destroyed in between; try again") from error
        made: dict[int, Material] = {}
        for version, sealed in zip(versions, opened, strict=True):
            with sealed:
                made[version.number] = self._cryptography.open(row.shape, sealed)
        return made

    def forget(self, tenant: str, name: str, key: OpenKey | None = None) -> None:
        kept = self._kept.get((tenant, name))
        if kept is None or (key is not None and kept.row != key.row):
            return
        del self._kept[tenant, name]
        self._left[kept.row.stream] = kept.left
        if len(self._left) > self._capacity:
            self._left.popitem(last=False)

    def wipe(self) -> None:
        """Overwrite every key that is kept; whoever still uses one gets `KeyUnavailable`."""
        for key in self._kept.values():
            for material in key.materials.values():
                material.wipe()
        self._kept.clear()
