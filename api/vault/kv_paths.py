"""What the key-value engines have in common: names, lists, times."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from api.vault.failures import VaultError
from api.vault.fields import Fields
from api.vault.request import VaultRequest
from domain.commands.kv import KvCommands
from domain.key_settings import MountRules
from domain.kv_values import EXACT
from domain.vault_names import FOLDER, STORE, native_path, native_prefix, vault_text

_KEPT: Final = 10
"""How many versions stay in a mount of version 2 where nobody says a number; in `secret/` all do."""


def kv(request: VaultRequest) -> KvCommands:
    """The commands."""
    return request.services.native.kv


def name_of(request: VaultRequest) -> str:
    """The secret's name in the store; raises `BadName`."""
    return native_path(request.mount.path, request.values["path"])


async def rules_of(request: VaultRequest) -> MountRules:
    """What the mount says of a write in it."""
    otherwise = 0 if request.mount.path == STORE else _KEPT
    return await kv(request).mounts.rules(request.tenant, request.mount.accessor, otherwise)


async def names_in(request: VaultRequest, *, live: bool) -> list[str]:
    """What lies in the folder asked for, as clients name it, sorted; `after` and `limit` choose a page."""
    path = request.values.get("path", "").rstrip("/")
    prefix = native_prefix(request.mount.path, f"{path}/" if path else "")
    found = [
        _shown(key, path)
        for key in await kv(request).folders.names(request.call, prefix, live=live)
        if _is_own(key, prefix)
    ]
    after, limit = request.fields.text("after"), request.fields.number("limit")
    page = sorted(key for key in found if key > after)
    return page[:limit] if limit > 0 else page


def _is_own(key: str, prefix: str) -> bool:
    """Not the folders of other mounts, which lie beside the names of `secret/`."""
    return bool(prefix) or not key.startswith(FOLDER)


def _shown(key: str, path: str) -> str:
    # Only a first segment may be marked as taken: within a folder there is one before.
    return vault_text(f"_/{key}")[2:] if path else vault_text(key)


@lru_cache(maxsize=8192)
def moment(at: datetime | str) -> str:
    """RFC 3339 in UTC, or the empty text for no time at all."""
    return at if isinstance(at, str) else at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def object_in(fields: Fields, name: str) -> dict[str, Any] | None:
    """An object of whatever is in it, also as JSON text; None if it is not there. Raises `VaultError` 400."""
    value = fields.get(name)
    if isinstance(value, str):
        try:
            value = EXACT.decode(value)
        except msgspec.DecodeError:
            value = ()
    if value is not None and not isinstance(value, dict):
        raise VaultError(400, f'error converting input for field "{name}": give an object')
    return value
