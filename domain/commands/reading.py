"""Commands that show secrets. Showing a value is an event too: if it cannot be appended, the value does not go out."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Final
from uuid import UUID

import msgspec

from domain.access import SecretRead
from domain.approval_change import Change, Covered
from domain.call import Call
from domain.commands.gate import Gate
from domain.errors import Forbidden, NotFound, VersionConflict
from domain.event import Event
from domain.names import checked_path, checked_prefix
from domain.ports import Append, Clock, EventLog, SealContext, Sealer, Statement
from domain.results import Done, Revealed, SecretMeta, meta_of
from domain.secret_view import SecretsView, SecretVersion

NOWHERE = UUID(int=0)
"""Stream of an access event before the log gives it its node's own."""
_TRIES: Final = 16
"""How often a read is tried when another one uses up its approval in between."""
_LOOK: Final = 64
"""How many names are looked at together where a caller may list but some of them."""


class Page(msgspec.Struct, frozen=True):
    """Names in byte order; `next_cursor` is where to go on, None at the end."""

    items: list[SecretMeta]
    folders: list[str]
    next_cursor: str | None


class SecretReads:
    """Values and names, each for those who may see them."""

    def __init__(self, log: EventLog, sealer: Sealer, view: SecretsView, clock: Clock, gate: Gate) -> None:
        self._gate = gate
        self._log = log
        self._sealer = sealer
        self._view = view
        self._clock = clock

    async def get(self, call: Call, path: str, number: int | None = None) -> Done[Revealed]:
        """The newest version, or the one numbered `number`; raises `NotFound` if the name does not answer."""
        version = await self.find(call, path, number)
        if version is None or not version.answers(self._clock()):
            raise NotFound(f"there is no secret {path!r}" + (f" with a version {number}" if number else ""))
        return await self.reveal(call, version, "get")

    async def past(self, call: Call, path: str, number: int) -> Done[Revealed]:
        """A version by its number, also of a name that was deleted."""
        version = await self.find(call, path, number)
        if version is None:
            raise NotFound(f"{path!r} has no version {number}")
        return await self.reveal(call, version, "history")

    async def find(self, call: Call, path: str, number: int | None) -> SecretVersion | None:
        """What is known of a version to one who may read it."""
        call.require("secrets:read", checked_path(path))
        if number is None:
            return await self._view.current(call.tenant, path)
        return await self._view.version(call.tenant, path, number)

    async def reveal(self, call: Call, version: SecretVersion, how: str) -> Done[Revealed]:
        """The value of a version that the caller was found to may read; raises `NotFound` if it was destroyed."""
        if version.destroyed_at:
            raise NotFound(f"version {version.number} of {version.path!r} was destroyed")
        value = await self._sealer.open(
            SealContext(call.tenant, "secret", version.path, version.number), version.seal_id
        )
        try:
            return Done(Revealed(version, value), await self._tried(call, [version], self.events([version], how)))
        except BaseException:
            value.wipe()
            raise

    async def record(self, call: Call, versions: Sequence[SecretVersion], how: str) -> int:
        """Append that these versions were read; raises `NotFound`, `ApprovalRequired`, and then they were not."""
        return await self.append(call, versions, self.events(versions, how))

    async def append(self, call: Call, versions: Sequence[SecretVersion], events: Sequence[Event]) -> int:
        """Append what tells of a use of these versions' values, if all of them answer and may be read."""
        now = self._clock()
        for version in versions:
            if not version.answers(now):
                raise NotFound(f"version {version.number} of {version.path!r} is deleted")
        return await self._tried(call, versions, events)

    async def _tried(self, call: Call, versions: Sequence[SecretVersion], events: Sequence[Event]) -> int:
        if self._gate.guards_nothing:
            return await self._log.append(_entry(call, events))
        for _ in range(_TRIES - 1):
            with suppress(VersionConflict):
                return await self._append(call, versions, events)
        return await self._append(call, versions, events)

    async def _append(self, call: Call, versions: Sequence[SecretVersion], events: Sequence[Event]) -> int:
        async with self._gate.passing(call, _reading(versions)) as cleared:
            return await self._log.append(_entry(call, [*cleared.events, *events], cleared.statements))

    def events(self, versions: Sequence[SecretVersion], how: str) -> list[Event]:
        """What the log is told when these versions are read."""
        at = self._clock()
        return [
            SecretRead(
                originator_id=NOWHERE,
                originator_version=0,
                timestamp=at,
                path=version.path,
                number=version.number,
                how=how,
            )
            for version in versions
        ]

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
        if not call.allows_somewhere("secrets:list"):
            raise Forbidden("this needs the scope secrets:list; ask an operator for a token that has it")
        if delimiter:
            return await self._folders(call, prefix, delimiter, cursor, limit, live=live)
        found = await self._visible(call, prefix, cursor, limit, live=live)
        return Page([meta_of(version) for version in found], [], found[-1].path if len(found) == limit else None)

    async def _folders(self, call: Call, prefix: str, delimiter: str, cursor: str, limit: int, *, live: bool) -> Page:
        page = Page([], [], None)
        while found := await self._visible(call, prefix, _beyond(cursor, prefix, delimiter), 1, live=live):
            if len(page.items) + len(page.folders) == limit:
                return msgspec.structs.replace(page, next_cursor=cursor)
            cursor = found[0].path
            cut = cursor.find(delimiter, len(prefix)) + 1
            if cut:
                cursor = cursor[:cut]
                page.folders.append(cursor)
            else:
                page.items.append(meta_of(found[0]))
        return page

    async def _visible(self, call: Call, prefix: str, cursor: str, limit: int, *, live: bool) -> list[SecretVersion]:
        """The first names after `cursor` that the caller may list.

        Names that it may not list are passed over, so that not even a cursor tells of them.
        """
        visible: list[SecretVersion] = []
        size = limit if call.allows("secrets:list") else max(limit, _LOOK)
        for start in call.starts("secrets:list", prefix):
            after = cursor
            while len(visible) < limit:
                found = await self._view.page(call.tenant, start, after, size, live=live)
                shown = (version for version in found if not live or version.answers(self._clock()))
                visible += [version for version in shown if call.allows("secrets:list", version.path)]
                if len(found) < size:
                    break
                after = found[-1].path
        return visible[:limit]


def _entry(call: Call, events: Sequence[Event], statements: Sequence[Statement] = ()) -> Append:
    return Append(
        tenant=call.tenant,
        actor=call.principal.actor,
        request_id=call.request_id,
        events=events,
        statements=statements,
    )


def _reading(versions: Sequence[SecretVersion]) -> list[Change]:
    """What it is to read these, each once however often it is named."""
    named = {(version.path, version.number): version for version in versions}
    return [
        Change(
            Covered(action="read", path=path, base=version.current, lives=version.live, numbers=(number,)),
        )
        for (path, number), version in named.items()
    ]


def _beyond(cursor: str, prefix: str, delimiter: str) -> str:
    """Where to go on after `cursor`: a folder is not looked through, so beyond everything that begins like it."""
    return f"{cursor}\x7f" if delimiter in cursor[len(prefix) :] else cursor
