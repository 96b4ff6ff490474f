"""How mounts end: nothing answers there any more, then what lies there is destroyed, and at last the path is free.

Whoever is interrupted does it again: each step finds what the one before has left.
"""

from __future__ import annotations

from typing import Final, Protocol

import msgspec

from domain.call import Call
from domain.commands.database_ends import DatabaseEnds
from domain.commands.kv import KvCommands
from domain.commands.mounts import MountCommands, require_write
from domain.commands.token_ends import TokenEnds
from domain.commands.transit_keys import TransitKeyCommands
from domain.errors import Conflict, NotFound
from domain.logins.place import Place
from domain.mounts import MountEntry
from domain.ports import Clock
from domain.results import Done
from domain.transit.names import key_name
from domain.vault_names import native_prefix
from domain.views import TokensView

_STEP: Final = 200
"""How many secrets, or tokens, are looked for together."""


class LoginMounts(Protocol):
    """What is configured for login methods."""

    async def forget(self, call: Call, place: Place) -> int:
        """Everything under the mount, and what is sealed for it."""
        ...


class MountEnds:
    """Disables mounts."""

    def __init__(
        self,
        commands: MountCommands,
        kv: KvCommands,
        keys: TransitKeyCommands,
        databases: DatabaseEnds,
        logins: LoginMounts,
        tokens: TokensView,
        ends: TokenEnds,
        clock: Clock,
    ) -> None:
        self._commands = commands
        self._kv = kv
        self._keys = keys
        self._databases = databases
        self._logins = logins
        self._tokens = tokens
        self._ends = ends
        self._clock = clock

    async def disable(self, call: Call, path: str) -> Done[None]:
        """End the mount with all that lies there; a path without one is disabled. Raises `Invalid` for a built-in one.

        The secrets of a key-value mount and the keys of a transit mount are destroyed, the leases of databases and the
        tokens that a login method gave are revoked. What an approval guards stops it: then the mount is closed, and may
        be disabled again once that is given.
        """
        require_write(call, path, exists=True)
        try:
            entry = await self._closed(call, path)
        except NotFound:
            return Done(None, 0)
        within = _as_the_server(call)
        if entry.kind == "kv":
            await self._destroy_in(within, native_prefix(path, ""))
        elif entry.kind == "transit":
            await self._keys.destroy_all(within, key_name(path, ""))
        elif entry.kind == "database":
            await self._databases.end(within, path)
        elif entry.is_auth:
            await self._end_logins(within, entry)
        async with self._commands.table(call) as table:
            table.disable(path, self._clock())
            return Done(None, await self._commands.append(call, table))

    async def revoke_logins(self, call: Call, path: str) -> int:
        """Revoke every token that was asked for under `path`, such as `auth/approle/`; how many there were."""
        call.require("access:write")
        unkeyed, last, count = msgspec.structs.replace(call, idempotency=None), "", 0
        while ids := [each for each in await self._asked_for(call, path) if each != last]:
            last = last or ids.pop()
            count += sum([await self._ended(unkeyed, token_id, path) for token_id in ids])
        # The reply to the whole is kept with the last: who repeats it after a crash ends those that are left.
        return count + await self._ended(call, last, path) if last else 0

    async def _asked_for(self, call: Call, path: str) -> list[str]:
        return await self._tokens.asked_for_under(call.tenant, path, self._clock(), _STEP)

    async def _ended(self, call: Call, token_id: str, path: str) -> int:
        try:
            await self._ends.revoke(call, token_id, f"all of {path}")
        except (Conflict, NotFound):
            return 0  # it ended by itself, or with another
        return 1

    async def _closed(self, call: Call, path: str) -> MountEntry:
        async with self._commands.table(call) as table:
            if table.close(path, self._clock()):
                await self._commands.append(call, table, keep=False)
            return table.mounts[path]

    async def _destroy_in(self, call: Call, folder: str) -> None:
        while names := await self._kv.folders.names(call, folder, limit=_STEP):
            for name in names:
                if name.endswith("/"):
                    await self._destroy_in(call, folder + name)
                else:
                    await self._kv.metadata.delete(call, folder + name)

    async def _end_logins(self, call: Call, entry: MountEntry) -> None:
        await self.revoke_logins(call, entry.path)
        path = entry.path.removeprefix("auth/")
        await self._logins.forget(call, Place(call.tenant, path, entry.accessor, entry.kind))


def _as_the_server(call: Call) -> Call:
    """Whoever may end a mount may end what lies there, and is named for it; the reply is kept for the whole alone."""
    principal = msgspec.structs.replace(call.principal, scopes=("*",), policies=None)
    return msgspec.structs.replace(call, principal=principal, idempotency=None)
