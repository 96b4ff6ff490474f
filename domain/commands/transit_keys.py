"""Commands on transit keys themselves: create, rotate, configure, trim, delete, show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, TypeVar

from domain.call import Call
from domain.errors import AlreadyExists, Forbidden, NotFound, VersionConflict
from domain.event import Event
from domain.ports import Append, Clock, EventLog, Kept, Replies, Repository, Sealer, Statement
from domain.results import Done
from domain.transit.cryptography import Cryptography, Generated
from domain.transit.key import TransitKey
from domain.transit.key_types import TYPES
from domain.transit.limits import checked_name
from domain.transit.plans import KeyPlan, SealedVersion
from domain.transit.results import TransitKeyMeta
from domain.transit.view import TransitKeyRow, TransitKeysView, living, meta_of, seal_context
from domain.views import Work

T = TypeVar("T")

_TRIES: Final = 16
_LOOK: Final = 64
"""How many keys are looked at together where a caller may see but some of them."""
_ITSELF: Final = "trstctl"
"""How the log names the server where nobody asked for what it did."""


class TransitKeyCommands:
    """Each method that changes something is one append. Keys are generated beside the event loop."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        view: TransitKeysView,
        cryptography: Cryptography,
        replies: Replies,
        clock: Clock,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._view = view
        self._cryptography = cryptography
        self._replies = replies
        self._clock = clock
        self._entropy = entropy

    async def create(self, call: Call, name: str, plan: KeyPlan) -> Done[TransitKeyMeta]:
        """A key with its first version; raises `AlreadyExists`, `Invalid`."""
        call.require("keys:manage", checked_name(name))
        plan.check()
        row = await self._view.find(call.tenant, name)
        if row is not None and row.live:
            raise AlreadyExists(f"transit key {name!r} exists", [name])
        at, generation = self._clock(), row.generation + 1 if row else 1
        version, statements = await self._generated(call.tenant, name, plan, 1, at)
        key = TransitKey.create(call.tenant, name, generation, plan, version, at)
        return await self._appended(call, name, key, statements)

    async def rotate(self, call: Call, name: str) -> Done[TransitKeyMeta]:
        """A further version is the newest; raises `NotFound`, `Conflict` if there are too many."""
        call.require("keys:manage", checked_name(name))

        async def change(key: TransitKey, row: TransitKeyRow) -> Done[TransitKeyMeta]:
            statements = await self._rotated(call.tenant, key, row, "request")
            return await self._appended(call, name, key, statements)

        return await self._changed(call, name, change)

    async def configure(self, call: Call, name: str, changes: Mapping[str, int | bool]) -> Done[TransitKeyMeta]:
        """Set anew what `changes` name (see `domain.transit.events.CHANGEABLE`); position 0 if nothing changes.

        Raises `Invalid`, `Conflict`, `NotFound`.
        """
        call.require("keys:manage", checked_name(name))

        async def change(key: TransitKey, row: TransitKeyRow) -> Done[TransitKeyMeta]:
            if not key.configure(changes, self._clock()):
                return Done(meta_of(row), 0)
            return await self._appended(call, name, key)

        return await self._changed(call, name, change)

    async def trim(self, call: Call, name: str, number: int) -> Done[TransitKeyMeta]:
        """Destroy the versions below `number`, for good; position 0 if there are none. Raises `Invalid`, `NotFound`."""
        call.require("keys:manage", checked_name(name))

        async def change(key: TransitKey, row: TransitKeyRow) -> Done[TransitKeyMeta]:
            seal_ids = key.trim(number, self._clock())
            if not key.pending_events:
                return Done(meta_of(row), 0)
            return await self._appended(call, name, key, self._sealer.destroy(call.tenant, seal_ids))

        return await self._changed(call, name, change)

    async def delete(self, call: Call, name: str) -> Done[None]:
        """Destroy every version, for good; raises `Conflict` unless that is allowed, `NotFound`."""
        return await self._delete(call, name, forced=False)

    async def _delete(self, call: Call, name: str, *, forced: bool) -> Done[None]:
        call.require("keys:manage", checked_name(name))

        async def change(key: TransitKey, _row: TransitKeyRow) -> Done[None]:
            seal_ids = key.delete(self._clock(), forced=forced)
            kept = await self._replies.keep(call, None)
            events = key.collect_events()
            return Done(None, await self.append(call, events, self._sealer.destroy(call.tenant, seal_ids), kept))

        return await self._changed(call, name, change)

    async def show(self, call: Call, name: str) -> TransitKeyMeta:
        """One key with its versions; raises `NotFound`."""
        call.require("keys:read", checked_name(name))
        row = living(await self._view.find(call.tenant, name), name)
        return meta_of(row, await self._view.all_versions(call.tenant, row))

    async def page(self, call: Call, prefix: str, cursor: str, limit: int) -> list[TransitKeyMeta]:
        """Keys that the caller may see, in order of name, after `cursor`."""
        if not call.allows_somewhere("keys:read"):
            raise Forbidden("this needs the scope keys:read; ask an operator for a token that has it")
        visible: list[TransitKeyRow] = []
        size = limit if call.allows("keys:read") else max(limit, _LOOK)
        for start in call.starts("keys:read", prefix):
            after = cursor
            while len(visible) < limit:
                found = await self._view.page(call.tenant, start, after, size)
                visible += [row for row in found if call.allows("keys:read", row.name)]
                if len(found) < size:
                    break
                after = found[-1].name
        return [meta_of(row) for row in visible[:limit]]

    async def find(self, tenant: str, name: str) -> TransitKeyRow | None:
        """The key as it is now; None if there is none. For a face that tells of it only to whom it may."""
        row = await self._view.find(tenant, name)
        return row if row is not None and row.live else None

    async def told(self, tenant: str, name: str) -> TransitKeyMeta:
        """As `show`, for a caller who just changed it and need not have the scope to read it; raises `NotFound`."""
        row = living(await self._view.find(tenant, name), name)
        return meta_of(row, await self._view.all_versions(tenant, row))

    async def destroy_all(self, call: Call, prefix: str) -> None:
        """Destroy every key whose name begins with `prefix`, also one that may not be deleted: their mount ends."""
        while rows := await self._view.page(call.tenant, prefix, "", _LOOK):
            for row in rows:
                with suppress(NotFound):  # somebody else was faster
                    await self._delete(call, row.name, forced=True)

    async def rotate_due(self, work: Work) -> None:
        """Rotate a key whose period is over, as the process manager wants; raises `Conflict` if that was done."""
        row = living(await self._view.find(work.tenant, work.ref), work.ref)
        async with self._repository.hold(TransitKey, row.stream) as key:
            if key is None:
                raise NotFound(f"there is no transit key {work.ref!r}")
            key.must_be_due(self._clock())
            statements = await self._rotated(work.tenant, key, row, "period")
            await self._log.append(
                Append(
                    tenant=work.tenant,
                    actor=_ITSELF,
                    request_id=self._entropy(8).hex(),
                    events=key.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                    statements=statements,
                )
            )

    async def _rotated(self, tenant: str, key: TransitKey, row: TransitKeyRow, cause: str) -> Sequence[Statement]:
        number, at = key.must_take_another(), self._clock()
        plan = KeyPlan(type=TYPES[row.type], derived=row.derived, size=row.key_size)
        version, statements = await self._generated(tenant, row.name, plan, number, at)
        key.rotate(version, cause, at)
        return statements

    async def _generated(
        self, tenant: str, name: str, plan: KeyPlan, number: int, at: datetime
    ) -> tuple[SealedVersion, Sequence[Statement]]:
        if plan.type.slow:
            made = await self._cryptography.apart(lambda: self._cryptography.generate(plan.type, plan.size))
        else:
            made = self._cryptography.generate(plan.type, plan.size)
        public = "" if plan.derived else made.public
        return await self.sealed(tenant, name, number, Generated(made.material, public), at)

    async def sealed(
        self, tenant: str, name: str, number: int, made: Generated, at: datetime
    ) -> tuple[SealedVersion, Sequence[Statement]]:
        """A version, its material sealed and wiped, and the statements that store it; raises `KeyUnavailable`."""
        with made.material as material:
            sealed = await self._sealer.seal(seal_context(tenant, name, number), material)
        version = SealedVersion(
            number=number, seal_id=sealed.seal_id, seal_digest=sealed.digest, public=made.public, made_at=at
        )
        return version, sealed.statements

    async def _changed(
        self, call: Call, name: str, change: Callable[[TransitKey, TransitKeyRow], Awaitable[Done[T]]]
    ) -> Done[T]:
        """Apply `change` to the key as it is now, anew if another node was faster; raises `NotFound`."""
        for left in reversed(range(_TRIES)):
            row = living(await self._view.find(call.tenant, name), name)
            try:
                async with self._repository.hold(TransitKey, row.stream) as key:
                    if key is None:
                        raise NotFound(f"there is no transit key {name!r}")
                    # Read again: whoever held it before has changed it.
                    return await change(key, living(await self._view.find(call.tenant, name), name))
            except VersionConflict:
                if not left:
                    raise
        raise VersionConflict(f"transit key {name!r} changes too fast; try again")

    async def _appended(
        self, call: Call, name: str, key: TransitKey, statements: Sequence[Statement] = ()
    ) -> Done[TransitKeyMeta]:
        meta = told(name, key)
        kept = await self._replies.keep(call, meta)
        return Done(meta, await self.append(call, key.collect_events(), statements, kept))

    async def append(self, call: Call, events: Sequence[Any], statements: Sequence[Statement], kept: Kept) -> int:
        """One append of what a command says, with its reply."""
        checked: Sequence[Event] = events
        return await self._log.append(
            Append(
                tenant=call.tenant, actor=call.principal.actor, request_id=call.request_id, events=checked,
                statements=[*statements, *kept.statements], reply=kept.reply,
            )
        )  # fmt: skip


def told(name: str, key: TransitKey) -> TransitKeyMeta:
    """What may be told of a key that was just changed."""
    return TransitKeyMeta(
        name=name,
        kind=TYPES[key.key_type].kind,
        type=key.key_type,
        version=key.number,
        derived=key.derived,
        convergent=key.convergent,
        key_size=key.size,
        min_available_version=key.min_available,
        min_decryption_version=key.min_decryption,
        min_encryption_version=key.min_encryption,
        deletion_allowed=key.deletion_allowed,
        exportable=key.exportable,
        allow_plaintext_backup=key.plaintext_backup,
        auto_rotate_seconds=key.auto_rotate_seconds,
        next_rotation_at=key.next_rotation_at,
        created_at=key.created_on,
    )
