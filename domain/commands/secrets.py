"""Commands that change a secret: create, rotate, delete, undelete, destroy, recover."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from domain import references
from domain.approval_change import Change, Covered
from domain.call import Call
from domain.commands.gate import Cleared, Gate
from domain.errors import Conflict, Invalid, NotFound, VersionConflict
from domain.key_settings import NATIVE, MountRules
from domain.names import checked_path, stream_of
from domain.ports import Append, Clock, EventLog, Replies, Repository, SealContext, Sealer, Statement
from domain.results import Done, NewValue, SecretMeta, meta_of
from domain.secret import Secret, Written
from domain.secret_view import SecretsView
from domain.values import checked_content_type, checked_metadata, checked_value

T = TypeVar("T")
_TRIES = 64
"""How often a command is tried anew when another node wrote to the same secret in between."""


class Destroyed(msgspec.Struct, frozen=True):
    """Which versions are gone for good with this command."""

    name: str
    destroyed: list[int]


class SecretCommands:
    """Each method is one append: all of it happens, durably, or nothing."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        view: SecretsView,
        replies: Replies,
        clock: Clock,
        gate: Gate,
    ) -> None:
        self.gate = gate
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._view = view
        self._replies = replies
        self._clock = clock

    async def create(self, call: Call, path: str, value: NewValue) -> Done[SecretMeta]:
        """Store a first value under a free name; raises `AlreadyExists` if the name lives."""
        call.require("secrets:write", checked_path(path), exists=False)

        async def change(secret: Secret) -> Done[SecretMeta]:
            secret.must_be_free()
            if not secret.is_empty:
                call.require("secrets:write", path, exists=True)
            return await self.write(call, secret, value, "create")

        return await self.changed(call, path, change, begin=True)

    async def rotate(self, call: Call, path: str, value: NewValue, cas: int | None = None) -> Done[SecretMeta]:
        """Store the next version; `cas` is the version it must follow. Raises `NotFound`, `CheckAndSetFailed`."""
        call.require("secrets:write", checked_path(path), exists=True)

        async def change(secret: Secret) -> Done[SecretMeta]:
            secret.must_be_at(cas)
            secret.must_live()
            return await self.write(call, secret, value, "rotate")

        return await self.changed(call, path, change)

    async def delete(self, call: Call, path: str) -> Done[None]:
        """Make the name not answer; its versions stay."""
        call.require("secrets:delete", checked_path(path))

        async def change(secret: Secret) -> Done[None]:
            covered = on_top_of(secret, "delete")
            secret.delete(self._clock())
            async with self.gate.passing(call, [Change(covered)]) as cleared:
                return Done(None, await self.append(call, secret, None, cleared))

        return await self.changed(call, path, change)

    async def undelete(self, call: Call, path: str) -> Done[SecretMeta]:
        """Make a deleted name answer again with the version that was current."""
        call.require("secrets:write", checked_path(path), exists=True)

        async def change(secret: Secret) -> Done[SecretMeta]:
            covered = on_top_of(secret, "recover")
            secret.undelete(self._clock())
            current = await self._view.current(call.tenant, path)
            if current is None:
                raise NotFound(f"there is no secret {path!r}")
            meta = meta_of(current)
            async with self.gate.passing(call, [Change(covered)]) as cleared:
                return Done(meta, await self.append(call, secret, meta, cleared))

        return await self.changed(call, path, change)

    async def destroy(self, call: Call, path: str, numbers: Sequence[int] | None) -> Done[Destroyed]:
        """Destroy the data keys of these versions (None: of all), so that nobody can open them again."""
        call.require("secrets:destroy", checked_path(path))

        async def change(secret: Secret) -> Done[Destroyed]:
            named = tuple(sorted(set(numbers or ())))
            covered = on_top_of(secret, "destroy", numbers=named, everything=numbers is None)
            fresh = secret.destroy(numbers, self._clock())
            statements = await self.destruction(call, path, fresh)
            result = Destroyed(path, fresh)
            async with self.gate.passing(call, [Change(covered)]) as cleared:
                return Done(result, await self.append(call, secret, result, cleared, statements))

        return await self.changed(call, path, change)

    async def recover(self, call: Call, path: str, at: datetime) -> Done[SecretMeta]:
        """Write what was current at `at` as the next version; raises `NotFound` if the name did not live then.

        Raises `CheckAndSetRequired` where a write must name the version it follows: this one cannot.
        """
        call.require("secrets:write", checked_path(path), exists=True)
        if at.tzinfo is None or at > self._clock():
            raise Invalid("`at` is a point in the past, with its offset from UTC, such as 2026-06-25T12:00:00Z")
        old = await self._view.at(call.tenant, path, at.astimezone(UTC))
        if old is None:
            raise NotFound(f"{path!r} had no value at {at.isoformat()}; see its history")
        if old.destroyed_at:
            raise Conflict(f"version {old.number} of {path!r}, current at {at.isoformat()}, was destroyed")
        with await self._sealer.open(SealContext(call.tenant, "secret", path, old.number), old.seal_id) as plaintext:
            value = NewValue(plaintext, old.content_type, old.metadata)

            async def change(secret: Secret) -> Done[SecretMeta]:
                secret.must_hold(old.number)
                secret.must_be_at(None)
                return await self.write(call, secret, value, "recover", old.number)

            return await self.changed(call, path, change)

    async def changed(
        self, call: Call, path: str, change: Callable[[Secret], Awaitable[T]], *, begin: bool = False
    ) -> T:
        """What `change` makes of the secret as it is now, again if another node changed it meanwhile.

        With `begin` of a new one where there is none, else `NotFound` is raised.
        """
        stream = stream_of("secret", call.tenant, path)
        for tries_left in reversed(range(_TRIES)):
            try:
                async with self._repository.hold(Secret, stream) as held:
                    if held is None and not begin:
                        raise NotFound(f"there is no secret {path!r}")
                    secret = held or Secret.begin(call.tenant, path, self._clock())
                    secret.settle(self._clock())
                    return await change(secret)
            except VersionConflict:
                if not tries_left:
                    raise
        raise VersionConflict(f"{path!r} is being changed by many at once; try again")

    async def write(
        self,
        call: Call,
        secret: Secret,
        value: NewValue,
        cause: str,
        recovered_from: int | None = None,
        mount: MountRules = NATIVE,
    ) -> Done[SecretMeta]:
        """Append `value` as the next version of `secret`, once the gate lets it pass."""
        at = secret.created_on if secret.version == 1 else self._clock()
        change = writing(secret, cause, value, recovered_from, mount)
        async with self.gate.passing(call, [change]) as cleared:
            meta, statements = await self.seal_next(call, secret, value, cause, at, recovered_from, mount)
            return Done(meta, await self.append(call, secret, meta, cleared, statements))

    async def destruction(self, call: Call, path: str, numbers: Sequence[int]) -> Sequence[Statement]:
        """Statements that destroy the data keys of these versions, for the append of the event that says so."""
        if not numbers:
            return ()
        seals = await self._view.seals(call.tenant, path)
        return self._sealer.destroy(call.tenant, [seals[number] for number in numbers if number in seals])

    async def seal_next(
        self,
        call: Call,
        secret: Secret,
        value: NewValue,
        cause: str,
        at: datetime,
        recovered_from: int | None = None,
        mount: MountRules = NATIVE,
    ) -> tuple[SecretMeta, Sequence[Statement]]:
        """Seal `value` as the next version of `secret` and trigger its event, and that of what is pruned for it.

        The caller appends, within the gate's `passing` of what `writing` says of it.
        """
        metadata = value.metadata or {}
        context = SealContext(call.tenant, "secret", secret.path, secret.current + 1)
        sealed = await self._sealer.seal(context, value.plaintext)
        pruned = await self.destruction(call, secret.path, secret.pruned_by_next(mount))
        number = secret.write(
            Written(
                seal_id=sealed.seal_id,
                seal_digest=sealed.digest,
                content_type=value.content_type,
                metadata=metadata,
                references=references.named(value.plaintext.buffer),
                cause=cause,
                recovered_from=recovered_from,
            ),
            at,
            mount,
        )
        meta = SecretMeta(
            name=secret.path,
            version=number,
            created_at=secret.born_at,
            updated_at=at,
            content_type=value.content_type,
            metadata=metadata,
        )
        return meta, [*sealed.statements, *pruned]

    async def append(
        self, call: Call, secret: Secret, result: object, cleared: Cleared, statements: Sequence[Statement] = ()
    ) -> int:
        """Append what happened to `secret`, with `result` as the reply to keep; the position of the last event."""
        kept = await self._replies.keep(call, result)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=[*cleared.events, *secret.collect_events()],  # type: ignore[list-item]  # typed as the library's base
                statements=[*cleared.statements, *statements, *kept.statements],
                reply=kept.reply,
            )
        )


def writing(
    secret: Secret, cause: str, value: NewValue, recovered_from: int | None = None, mount: MountRules = NATIVE
) -> Change:
    """What it is to write `value`, once it is within its bounds; raises `Invalid`, `TooLarge`.

    An import creates. What is pruned for it is part of it.
    """
    checked_value(value.plaintext, secret.path)
    action = "create" if cause == "import" else cause
    return Change(
        on_top_of(
            secret,
            action,
            numbers=tuple(secret.pruned_by_next(mount)),
            recovered_from=recovered_from,
            content_type=checked_content_type(value.content_type),
            metadata=checked_metadata(value.metadata or {}),
        ),
        value.plaintext,
    )


def on_top_of(secret: Secret, action: str, **more: Any) -> Covered:  # noqa: ANN401 - the fields of `Covered`
    """A change of `secret` as it is now."""
    return Covered(action=action, path=secret.path, base=secret.current, lives=secret.live, **more)
