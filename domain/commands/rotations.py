"""Commands on rotations: run one now, show, list; and how the process manager goes on with one that was left."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from domain.approval_change import Change, rotation_of
from domain.call import Call, Principal
from domain.catalog import Catalog, ProviderEntry
from domain.commands.gate import Gate
from domain.commands.rotation_steps import RotationSteps
from domain.commands.rotation_terms import RotationMeta
from domain.errors import BackendError, Conflict, Invalid, NotFound
from domain.lease import account_name
from domain.names import checked_path, stream_of
from domain.ports import Append, Clock, EventLog, Replies, Repository
from domain.results import Done
from domain.rotation import RETIRING, STAGING, VERIFYING, Rotation, RotationPlan
from domain.views import RotationsView, Work

MAX_GRACE: Final = 30 * 24 * 3600
"""Longest overlap of both accounts, in seconds."""
_MAX_REF: Final = 256


class RotationWish(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for. `old_ref` is the account, or key, that is to end; `schedule_id` is empty if a person asks."""

    provider: str
    key: str
    old_ref: str
    grace_seconds: int = 0
    schedule_id: str = ""


class Planned(NamedTuple):
    """A rotation that could begin, and what it changes, for whoever has to approve of that."""

    rotation: Rotation
    change: Change


class RotationCommands:
    """`entropy` gives random bytes, of which ids are made."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        catalog: Catalog,
        steps: RotationSteps,
        view: RotationsView,
        replies: Replies,
        clock: Clock,
        *,
        entropy: Callable[[int], bytes],
        gate: Gate,
    ) -> None:
        self.gate = gate
        self._log = log
        self._repository = repository
        self._catalog = catalog
        self._steps = steps
        self._view = view
        self._replies = replies
        self._clock = clock
        self._entropy = entropy

    async def run(self, call: Call, wish: RotationWish) -> Done[RotationMeta]:
        """Rotate now, and undo it if it does not work.

        Raises `NotFound`, `Conflict`, `Invalid` before anything is touched; what fails later is told in the answer.
        """
        call.require("rotations:run", checked_path(wish.key))
        call.require("secrets:write", wish.key)
        at = self._clock()
        rotation, change = await self.planned(call, wish)
        kept = await self._replies.keep(call, _begun(rotation, self._clock()))
        async with self.gate.passing(call, [change]) as cleared:
            position = await self._log.append(
                Append(
                    tenant=call.tenant,
                    actor=call.principal.actor,
                    request_id=call.request_id,
                    events=[*cleared.events, *rotation.collect_events()],  # type: ignore[list-item]  # as everywhere
                    statements=[*cleared.statements, *kept.statements],
                    reply=kept.reply,
                )
            )
        await self.go_on(call, rotation.rotation_id, fresh_until=at + self._steps.patience)
        return Done(await self.show_own(call, rotation.rotation_id), position)

    async def planned(self, call: Call, wish: RotationWish) -> Planned:
        """The rotation, everything checked that can be before the backend is asked, and nothing done yet."""
        entry = await self._entry(call, wish.provider)
        await self._catalog.rotatable(call.tenant, entry)
        if not 1 <= len(wish.old_ref) <= _MAX_REF or not wish.old_ref.isprintable():
            raise Invalid(f"old_ref names the account that is to end, in 1 to {_MAX_REF} printable characters")
        if not 0 <= wish.grace_seconds <= MAX_GRACE:
            raise Invalid(f"grace_seconds is 0 to {MAX_GRACE}")
        version = await self._steps.checked(call.tenant, wish.key, wish.old_ref)
        at, noise = self._clock(), self._entropy(6).hex()
        plan = RotationPlan(
            rotation_id=f"rot_{int(at.timestamp() * 1000):012x}{noise}",
            provider=entry.name,
            kind=entry.kind,
            destination=entry.destination,
            key=wish.key,
            old_ref=wish.old_ref,
            account=account_name(wish.key.rpartition("/")[2], "", noise, prefix="rot-"),
            grace_seconds=wish.grace_seconds,
            schedule_id=wish.schedule_id,
            subject=call.principal.subject,
        )
        # What a schedule starts, the process manager begins, at once; what a person starts is begun by the request.
        rotation = Rotation.start(call.tenant, plan, at if wish.schedule_id else at + self._steps.patience, at)
        change = rotation_of(wish.key, version.number, provider=entry.name, account=wish.old_ref)
        return Planned(rotation, change)

    async def show(self, call: Call, rotation_id: str) -> RotationMeta:
        """One rotation; raises `NotFound`."""
        call.require("rotations:read")
        return await self.show_own(call, rotation_id)

    async def show_own(self, call: Call, rotation_id: str) -> RotationMeta:
        """The same for whoever started it."""
        row = await self._view.find(call.tenant, rotation_id)
        if row is None:
            raise NotFound(f"there is no rotation {rotation_id!r}")
        return RotationMeta.of(row)

    async def page(
        self, call: Call, key: str | None, schedule_id: str | None, cursor: str, limit: int
    ) -> list[RotationMeta]:
        """Rotations, newest first, of a key, of a schedule, or all."""
        call.require("rotations:read")
        rows = await self._view.page(call.tenant, key, schedule_id, cursor, limit)
        return [RotationMeta.of(row) for row in rows]

    async def go_on(self, call: Call, rotation_id: str, *, fresh_until: datetime | None = None) -> None:
        """All phases from where it is, until it is over or its grace has to pass.

        `fresh_until` is for whoever begins it: until then no other node goes on with it. For whoever takes it over, a
        credential that was made is lost. Raises `BackendError` if the old account, or in undoing the new one, could not
        be ended; whoever begins it leaves that to the process manager instead.
        """
        while (rotation := await self._now(call.tenant, rotation_id)) and not rotation.is_over:
            if rotation.state == STAGING:
                if fresh_until:
                    await self._steps.begun(call, rotation, fresh_until)
                else:
                    await self._steps.interrupted(call, rotation_id)
            elif rotation.state == VERIFYING:
                await self._steps.verified(call, rotation)
            elif rotation.has_to_wait(self._clock()) or not await self._ended(
                call, rotation, fresh=fresh_until is not None
            ):
                return

    async def _ended(self, call: Call, rotation: Rotation, *, fresh: bool) -> bool:
        step = self._steps.retired if rotation.state == RETIRING else self._steps.undone
        try:
            await step(call, rotation)
        except (BackendError, Conflict):
            if fresh:
                # It is due work: the process manager tries again, or has done so already on a node that was quicker.
                return False
            raise
        return True

    async def is_queued(self, tenant: str, rotation_id: str) -> bool:
        """Whether a schedule started it and nothing was done yet."""
        rotation = await self._now(tenant, rotation_id)
        return rotation is not None and rotation.is_scheduled and rotation.state == STAGING

    async def holder(self, tenant: str, key: str) -> str:
        """Whose credential the stored secret holds; raises `NotFound`, `Conflict` if it holds none."""
        return await self._steps.holder(tenant, key)

    async def _now(self, tenant: str, rotation_id: str) -> Rotation | None:
        async with self._repository.hold(Rotation, stream_of("rotation", tenant, rotation_id)) as rotation:
            return rotation

    async def _entry(self, call: Call, provider: str) -> ProviderEntry:
        entry = await self._catalog.find(call.tenant, provider)
        if entry is None:
            raise NotFound(f"there is no provider {provider!r}; see GET /api/v1/secrets/providers")
        return entry


class RotationTakeover:
    """Work of the kind `rotation.advance`: `ref` is the rotation's id."""

    def __init__(self, log: EventLog, rotations: RotationCommands) -> None:
        self._log = log
        self._rotations = rotations

    async def begin(self, work: Work, intent: Append) -> None:  # noqa: ARG002 - the port's signature
        """The intent alone: the phases record the rest."""
        await self._log.append(intent)

    async def carry_out(self, work: Work) -> None:
        """Go on with it; raises `BackendError`. What a schedule started is begun here, by the first attempt alone."""
        principal = Principal(tenant=work.tenant, subject="trstctl", scopes=("*",), token_id="")
        call = Call(principal=principal, request_id=work.stream.hex[:16])
        begins = work.attempts == 1 and await self._rotations.is_queued(work.tenant, work.ref)
        await self._rotations.go_on(call, work.ref, fresh_until=work.due_at if begins else None)


def _begun(rotation: Rotation, at: datetime) -> RotationMeta:
    """What who repeats the request is told: where to look."""
    return RotationMeta(
        id=rotation.rotation_id,
        provider=rotation.provider,
        key=rotation.key,
        old_ref=rotation.old_ref,
        new_ref=None,
        state=rotation.state,
        completed=False,
        rolled_back=False,
        failed_phase=None,
        error=None,
        detail=None,
        started_at=at,
        retires_at=None,
        ended_at=None,
        schedule_id=None,
        replayed=True,
    )
