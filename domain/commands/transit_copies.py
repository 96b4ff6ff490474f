"""Commands by which the material of a transit key goes out and comes in: export, backup, restore."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.call import Call
from domain.commands.reading import NOWHERE
from domain.commands.transit_keys import TransitKeyCommands, told
from domain.errors import AlreadyExists, Conflict, NotFound, VersionConflict
from domain.event import Event
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Replies, Repository, Sealer, Statement
from domain.results import Done
from domain.transit.cryptography import Backed, BackedVersion, Cryptography, Generated, Part
from domain.transit.key import TransitKey
from domain.transit.key_types import TYPES
from domain.transit.limits import checked_name
from domain.transit.names import OWN, key_name, mount_and_name
from domain.transit.plans import KeyPlan, RestoredPlan, SealedVersion
from domain.transit.results import TransitKeyMeta
from domain.transit.uses import TransitBackedUp, TransitExported, TransitUse
from domain.transit.view import TransitKeyRow, TransitKeysView, TransitVersionRow, living, seal_context

Opened = Sequence[tuple[TransitVersionRow, Plaintext]]


class Exported(NamedTuple):
    """The key's type, and a part of each version, by number."""

    type: str
    parts: dict[int, str]


class TransitCopies:
    """Material goes out only of keys whose owner has allowed it, and only after the append that says so."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        view: TransitKeysView,
        cryptography: Cryptography,
        keys: TransitKeyCommands,
        replies: Replies,
        clock: Clock,
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._view = view
        self._cryptography = cryptography
        self._keys = keys
        self._replies = replies
        self._clock = clock

    async def export(self, call: Call, name: str, part: Part, number: int | None = None) -> Done[Exported]:
        """A part of each version that may decrypt, or of the one numbered `number` (0: the newest).

        A public key needs the scope to read; what is secret that to manage, and that the key is exportable. Raises
        `Conflict` if it is not, `Invalid` if there is no such part, `NotFound`.
        """
        public = part == "public-key"
        call.require("keys:read" if public else "keys:manage", checked_name(name))
        row = living(await self._view.find(call.tenant, name), name)
        if not (public or row.exportable):
            raise Conflict(f"transit key {name!r} is not exportable; set exportable, which is for good")
        opened = await self._opened(call.tenant, row, await self._wanted(call.tenant, row, number))
        try:
            parts = {each.number: self._cryptography.export(row.shape, material, part) for each, material in opened}
            return Done(Exported(row.type, parts), await self._record(call, row, opened, TransitExported, how=part))
        finally:
            _wipe(opened)

    async def _wanted(self, tenant: str, row: TransitKeyRow, number: int | None) -> list[TransitVersionRow]:
        if number is None:
            every = await self._view.all_versions(tenant, row)
            return [each for each in every if each.number >= row.min_decryption]
        found = await self._view.versions(tenant, row, [number or row.number])
        if not found:
            raise NotFound(f"transit key {row.name!r} has no version {number}")
        return found

    async def backup(self, call: Call, name: str) -> Done[str]:
        """The whole key as text, its material in the clear; raises `Conflict` unless that is allowed, `NotFound`.

        The name in it is without a mount.
        """
        call.require("keys:manage", checked_name(name))
        row = living(await self._view.find(call.tenant, name), name)
        if not (row.exportable and row.plaintext_backup):
            raise Conflict(f"transit key {name!r} may not be backed up; set exportable and allow_plaintext_backup")
        opened = await self._opened(call.tenant, row, await self._view.all_versions(call.tenant, row))
        try:
            versions = [
                BackedVersion(each.number, Generated(material, each.public), each.made_at) for each, material in opened
            ]
            text = self._cryptography.backup(Backed(mount_and_name(name)[1], _was(row), versions))
            return Done(text, await self._record(call, row, opened, TransitBackedUp))
        finally:
            _wipe(opened)

    async def _opened(self, tenant: str, row: TransitKeyRow, versions: Sequence[TransitVersionRow]) -> Opened:
        wanted = [(seal_context(tenant, row.name, each.number), each.seal_id) for each in versions]
        return list(zip(versions, await self._sealer.open_many(wanted), strict=True))

    async def _record(
        self, call: Call, row: TransitKeyRow, opened: Opened, event: type[TransitUse], **more: str
    ) -> int:
        fact = event(
            originator_id=NOWHERE, originator_version=0, timestamp=self._clock(), key=row.name,
            numbers=[each.number for each, _ in opened], count=len(opened), failed=0, **more,
        )  # fmt: skip
        return await self._log.append(
            Append(
                tenant=call.tenant, actor=call.principal.actor, request_id=call.request_id, events=[fact],
                unchanged={row.stream: row.stream_version},
            )
        )  # fmt: skip

    async def restore(
        self, call: Call, backup: str, name: str | None = None, *, mount: str = OWN, force: bool = False
    ) -> Done[TransitKeyMeta]:
        """A key as a backup has it, under `name`, or in `mount` under the one it had.

        Raises `Invalid`, `AlreadyExists`. With `force` it takes the place of the key that has the name, whose material
        is destroyed.
        """
        if name is not None:
            call.require("keys:manage", checked_name(name))
        backed = await self._cryptography.apart(lambda: self._cryptography.parsed(backup))
        try:
            named = checked_name(name if name is not None else key_name(mount, backed.name))
            call.require("keys:manage", named)
            return await self._restored(call, named, backed, force=force)
        finally:
            for version in backed.versions:
                version.generated.material.wipe()

    async def _restored(self, call: Call, name: str, backed: Backed, *, force: bool) -> Done[TransitKeyMeta]:
        row = await self._view.find(call.tenant, name)
        if row is not None and row.live and not force:
            raise AlreadyExists(f"transit key {name!r} exists; to put the backup in its place, set force", [name])
        statements: list[Statement] = []
        events = await self._replaced(call, row, statements) if row is not None and row.live else []
        versions: list[SealedVersion] = []
        for each in backed.versions:
            version, stored = await self._keys.sealed(call.tenant, name, each.number, each.generated, each.made_at)
            versions.append(version)
            statements += stored
        generation = row.generation + 1 if row else 1
        key = TransitKey.restore(call.tenant, name, generation, backed.was, versions, self._clock())
        meta = told(name, key)
        kept = await self._replies.keep(call, meta)
        events = [*events, *key.collect_events()]  # type: ignore[list-item]  # the library types them as its own base
        return Done(meta, await self._keys.append(call, events, statements, kept))

    async def _replaced(self, call: Call, row: TransitKeyRow, statements: list[Statement]) -> list[Event]:
        """The end of the key that is in the place of the one to come."""
        async with self._repository.hold(TransitKey, row.stream) as key:
            if key is None or not key.live:
                raise VersionConflict(f"transit key {row.name!r} was deleted in between; try again")
            statements += self._sealer.destroy(call.tenant, key.delete(self._clock(), forced=True))
            return [*key.collect_events()]  # type: ignore[list-item]  # the library types them as its own base


def _was(row: TransitKeyRow) -> RestoredPlan:
    plan = KeyPlan(
        type=TYPES[row.type],
        derived=row.derived,
        convergent=row.convergent,
        size=row.key_size,
        exportable=row.exportable,
        plaintext_backup=row.plaintext_backup,
        auto_rotate_seconds=row.auto_rotate_seconds,
    )
    return RestoredPlan(
        plan=plan,
        number=row.number,
        min_available=row.min_available,
        min_decryption=row.min_decryption,
        min_encryption=row.min_encryption,
        deletion_allowed=row.deletion_allowed,
    )


def _wipe(opened: Opened) -> None:
    for _, material in opened:
        material.wipe()
