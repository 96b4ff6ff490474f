"""Key-value commands on what is set for a secret beside its value, on its end as a whole, and on folders."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from domain.approval_change import Change
from domain.call import Call
from domain.commands.kv_ending import NOTHING
from domain.commands.kv_results import KeyMeta, key_meta
from domain.commands.secrets import SecretCommands, on_top_of
from domain.errors import NotFound
from domain.key_settings import SettingsChange
from domain.kv_view import KvView
from domain.names import checked_path
from domain.ports import Clock
from domain.results import Done
from domain.secret import Secret

MAX_LISTED: Final = 10_000
"""How many versions of a secret are listed, the newest first."""


class KvMetadata:
    """Settings bind from the next write on."""

    def __init__(self, commands: SecretCommands, view: KvView, clock: Clock) -> None:
        self._commands = commands
        self._view = view
        self._clock = clock

    async def read(self, call: Call, path: str) -> KeyMeta:
        """What is set, and every version without its value; raises `NotFound` for a name never used or forgotten."""
        call.require("secrets:list", checked_path(path))
        key = await self._view.key(call.tenant, path)
        if key is None:
            raise NotFound(f"there is no secret {path!r}")
        return key_meta(key, await self._view.versions(call.tenant, path, MAX_LISTED))

    async def exists(self, tenant: str, path: str) -> bool:
        """Whether something was ever written or set under this name, and not forgotten since."""
        return await self._view.key(tenant, path) is not None

    async def lives(self, tenant: str, path: str) -> bool:
        """Whether the newest version is shown."""
        found = await self._view.version(tenant, path, 0)
        return found is not None and found.version.answers(self._clock()) and not found.version.destroyed_at

    async def write(self, call: Call, path: str, change: SettingsChange) -> Done[None]:
        """Set what is given, also for a name that has no version yet; raises `Invalid`."""
        self._may_set(call, path, change)

        async def set_it(secret: Secret) -> Done[None]:
            return await self._set(call, secret, change)

        return await self._commands.changed(call, path, set_it, begin=True)

    async def patch(
        self, call: Call, path: str, change: SettingsChange, entries: Mapping[str, str | None] | None = None
    ) -> Done[None]:
        """Set what is given; of the custom metadata only `entries`, where None removes one. Raises `NotFound`."""
        self._may_set(call, path, change)
        if await self._view.key(call.tenant, path) is None:
            raise NotFound(f"there is no secret {path!r}")

        async def set_it(secret: Secret) -> Done[None]:
            if entries is None:
                return await self._set(call, secret, change)
            custom = {**secret.settings.custom_metadata, **entries}
            kept = {name: value for name, value in custom.items() if value is not None}
            return await self._set(call, secret, msgspec.structs.replace(change, custom_metadata=kept))

        return await self._commands.changed(call, path, set_it)

    async def delete(self, call: Call, path: str) -> Done[None]:
        """Destroy every version and forget the secret, settings and all; a name never used is none to forget."""
        call.require("secrets:destroy", checked_path(path))
        if await self._view.key(call.tenant, path) is None:
            return NOTHING

        async def forget(secret: Secret) -> Done[None]:
            covered = on_top_of(secret, "destroy", everything=True)
            guarded = [] if secret.is_empty else [Change(covered)]
            statements = await self._commands.destruction(call, path, secret.forget(self._clock()))
            async with self._commands.gate.passing(call, guarded) as cleared:
                return Done(None, await self._commands.append(call, secret, None, cleared, statements))

        return await self._commands.changed(call, path, forget)

    def _may_set(self, call: Call, path: str, change: SettingsChange) -> None:
        """Who lets versions be pruned or deleted must be allowed to do so at once."""
        call.require("secrets:write", checked_path(path))
        change.checked()
        if change.max_versions:
            call.require("secrets:destroy", path)
        if change.delete_after_seconds:
            call.require("secrets:delete", path)

    async def _set(self, call: Call, secret: Secret, change: SettingsChange) -> Done[None]:
        guarded = []
        if change.delete_after_seconds:
            told = {"delete_version_after": f"{change.delete_after_seconds}s"}
            guarded = [Change(on_top_of(secret, "delete", metadata=told))]
        secret.set(change.checked(), self._clock())
        async with self._commands.gate.passing(call, guarded) as cleared:
            return Done(None, await self._commands.append(call, secret, None, cleared))
