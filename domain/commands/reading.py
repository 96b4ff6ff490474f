"""Commands that show secrets. Showing a value is an event too: if it cannot be appended, the value does not go out."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.access import SecretRead
from domain.call import Call
from domain.errors import Forbidden, NotFound
from domain.names import checked_path, checked_prefix
from domain.ports import Append, Clock, EventLog, SealContext, Sealer
from domain.results import Done, Revealed, SecretMeta, meta_of
from domain.scopes import allows_somewhere
from domain.views import SecretsView, SecretVersion

NOWHERE = UUID(int=0)
"""Stream of an access event before the log gives it its node's own."""


class Page(msgspec.Struct, frozen=True):
    """Names in byte order; `next_cursor` is where to go on, None at the end."""

    items: list[SecretMeta]
    folders: list[str]
    next_cursor: str | None


class SecretReads:
    """Values and names, each for those who may see them."""

    def __init__(self, log: EventLog, sealer: Sealer, view: SecretsView, clock: Clock) -> None:
        self._log = log
        self._sealer = sealer
        self._view = view
        self._clock = clock

    async def get(self, call: Call, path: str, number: int | None = None) -> Done[Revealed]:
        """The newest version, or the one numbered `number`; raises `NotFound` if the name does not answer."""
        version = await self.find(call, path, number)
        if version is None or not version.live:
            raise NotFound(f"there is no secret {path!r}" + (f" with a version {number}" if number else ""))
        return await self._reveal(call, version, "get")

    async def past(self, call: Call, path: str, number: int) -> Done[Revealed]:
        """A version by its number, also of a name that was deleted."""
        version = await self.find(call, path, number)
        if version is None:
            raise NotFound(f"{path!r} has no version {number}")
        return await self._reveal(call, version, "history")

    async def find(self, call: Call, path: str, number: int | None) -> SecretVersion | None:
        """What is known of a version to one who may read it."""
        call.require("secrets:read", checked_path(path))
        if number is None:
            return await self._view.current(call.tenant, path)
        return await self._view.version(call.tenant, path, number)

    async def _reveal(self, call: Call, version: SecretVersion, how: str) -> Done[Revealed]:
        if version.destroyed_at:
            raise NotFound(f"version {version.number} of {version.path!r} was destroyed")
        value = await self._sealer.open(
            SealContext(call.tenant, "secret", version.path, version.number), version.seal_id
        )
        try:
            return Done(Revealed(version, value), await self.record(call, [version], how))
        except BaseException:
            value.wipe()
            raise

    async def record(self, call: Call, versions: Sequence[SecretVersion], how: str) -> int:
        """Append that these versions were read."""
        at = self._clock()
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=[
                    SecretRead(
                        originator_id=NOWHERE, originator_version=0, timestamp=at,
                        path=version.path, number=version.number, how=how,
                    )
                    for version in versions
                ],
            )
        )  # fmt: skip

    async def history(self, call: Call, path: str, before: int, limit: int) -> list[SecretVersion]:
        """Versions below `before`, newest first, without values; raises `NotFound` if the name was never used."""
        call.require("secrets:list", checked_path(path))
        versions = await self._view.history(call.tenant, path, before, limit)
        if not versions and await self._view.current(call.tenant, path) is None:
            raise NotFound(f"there is no secret {path!r}")
        return versions

    async def names(
        self, call: Call, prefix: str, delimiter: str, cursor: str, limit: int, *, live: bool = True
    ) -> Page:
        """Names beginning with `prefix` that the caller may list.

        With a delimiter, names that go on past it are one folder.
        """
        checked_prefix(prefix)
        if not allows_somewhere(call.principal.scopes, "secrets:list"):
            raise Forbidden("this needs the scope secrets:list; ask an operator for a token that has it")
        if delimiter:
            return await self._folders(call, prefix, delimiter, cursor, limit, live=live)
        found = await self._view.page(call.tenant, prefix, cursor, limit, live=live)
        items = [meta_of(version) for version in found if call.allows("secrets:list", version.path)]
        return Page(items, [], found[-1].path if len(found) == limit else None)

    async def _folders(self, call: Call, prefix: str, delimiter: str, cursor: str, limit: int, *, live: bool) -> Page:
        plain: list[str] = []
        folders: list[str] = []
        name = await self._view.next_name(call.tenant, prefix, cursor, live=live)
        while name is not None and len(plain) + len(folders) < limit:
            cut = name.find(delimiter, len(prefix))
            if cut < 0:
                plain.append(name)
                cursor = name
            else:
                cursor = name[: cut + 1] + "\x7f"  # after everything in this folder, which is not looked through
                folders.append(name[: cut + 1])
            name = await self._view.next_name(call.tenant, prefix, cursor, live=live)
        versions = [version for path in plain if (version := await self._view.current(call.tenant, path))]
        items = [meta_of(version) for version in versions if call.allows("secrets:list", version.path)]
        visible = [folder for folder in folders if call.allows("secrets:list", folder) or _within(call, folder)]
        return Page(items, visible, cursor if name is not None else None)


def _within(call: Call, folder: str) -> bool:
    """Whether a bounded scope names something inside the folder."""
    return any(scope.startswith(f"secrets:list:{folder}") for scope in call.principal.scopes)
