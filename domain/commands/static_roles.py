"""Commands on static roles: whose password is set when, the password itself, and setting it anew.

In three steps: the next password is sealed and in the log; the backend is told, and a login tried; it is the one. Each
step can be done twice, by any node, so whoever crashes in between leaves work that another finishes. The reply to who
sends an idempotency key is kept with the first step, and whoever repeats the request sees to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from domain.backends import BackendError, Rotatable, SetsPasswords
from domain.call import Call, Principal
from domain.catalog import Catalog, ProviderEntry
from domain.errors import Conflict, Invalid, NotFound, UnknownDestination, VersionConflict
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Kept, Replies, Repository, SealContext, Sealer, Statement
from domain.static_role import Password, StaticRole, StaticRoleRead, static_role_stream
from domain.static_role_view import StaticRoleRow, StaticRolesView
from domain.timetable import CronNext, Timetable
from domain.views import Work

_NOWHERE: Final = UUID(int=0)
_MOST_LISTED: Final = 10_000
_NO_REPLY: Final = Kept()


class StaticPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What a role is: whose password, where, and when it comes round."""

    provider: str
    account: str
    timetable: Timetable
    note: str
    """JSON: what its client said besides."""


class StaticCredential(NamedTuple):
    """A role with its password, which the receiver wipes, and the position of the record."""

    row: StaticRoleRow
    password: Plaintext
    position: int


class StaticRoleCommands:
    """`fresh` makes passwords; `patience` is how long whoever sets one has until another node goes on."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        catalog: Catalog,
        view: StaticRolesView,
        replies: Replies,
        clock: Clock,
        *,
        fresh: Callable[[], str],
        cron_next: CronNext,
        patience: timedelta,
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._catalog = catalog
        self._view = view
        self._replies = replies
        self._clock = clock
        self._fresh = fresh
        self._cron_next = cron_next
        self._patience = patience

    async def find(self, call: Call, role: str) -> StaticRoleRow | None:
        """One role, without its password."""
        call.require("providers:read")
        return await self._view.find(call.tenant, role)

    async def provider_of(self, tenant: str, role: str) -> str | None:
        """Where the account of a role is; None if there is no such role."""
        row = await self._view.find(tenant, role)
        return row.provider if row else None

    async def under(self, call: Call, mount: str) -> list[StaticRoleRow]:
        """The roles of a mount, in order of name."""
        call.require("providers:read")
        return await self._view.under(call.tenant, mount, _MOST_LISTED)

    async def configure(self, call: Call, role: str, plan: StaticPlan) -> int:
        """Set a password of the account now, if the role is new, and from then on by the timetable; the position.

        Raises `Invalid`, `Conflict`, and `BackendError` if a new role's account cannot be given a password; then the
        role is not kept.
        """
        call.require("providers:write")
        entry, _ = await self._backend(call.tenant, plan.provider)
        at = self._clock()
        table = plan.timetable.checked(self._cron_next, at)
        async with self._repository.hold(StaticRole, static_role_stream(call.tenant, role)) as held:
            kept, is_new = held or StaticRole.begin(call.tenant, role, at), not (held and held.live)
            base = at if kept.next or not kept.rotated_at else kept.rotated_at
            due = at + self._patience if is_new else max(at, table.next_after(base, self._cron_next))
            text = msgspec.json.encode(table).decode()
            kept.configure(plan.provider, entry.destination, plan.account, text, plan.note, due, at=at)
            statements = await self._started(call.tenant, kept) if is_new else ()
            position = await self._append(call, kept, statements, await self._kept(call, role))
        return await self._first(call, role) if is_new else position

    async def rotate(self, call: Call, role: str) -> int:
        """Set a new password now; the position. Raises `NotFound`, `BackendError`; then it is tried again later."""
        call.require("rotations:run", role)
        return await self.go_on(call, role)

    async def go_on(self, call: Call, role: str) -> int:
        """Set the password that was begun with, or begin with one."""
        async with self._repository.hold(StaticRole, static_role_stream(call.tenant, role)) as held:
            if held is None:
                raise NotFound(f"there is no static role {role!r}")
            held.must_live()
            if held.next is None:
                await self._append(call, held, await self._started(call.tenant, held), await self._kept(call, role))
                call = msgspec.structs.replace(call, idempotency=None)
        return await self._set(call, role)

    async def remove(self, call: Call, role: str) -> int:
        """Know its password no more; the position. Raises `NotFound`. The account keeps the password it has."""
        call.require("providers:write")
        async with self._repository.hold(StaticRole, static_role_stream(call.tenant, role)) as held:
            if held is None:
                raise NotFound(f"there is no static role {role!r}")
            gone = held.remove(self._clock())
            destroyed = self._sealer.destroy(call.tenant, gone) if gone else ()
            return await self._append(call, held, destroyed, await self._replies.keep(call, None))

    async def credential(self, call: Call, role: str) -> StaticCredential:
        """The password; raises `NotFound`, `Conflict` if there is none yet."""
        row = await self._view.find(call.tenant, role)
        if row is None:
            raise NotFound(f"there is no static role {role!r}")
        call.require("leases:issue", f"{row.provider}/{role.rpartition('/')[2]}")
        if not row.number:
            raise Conflict("the first password is being set; try again")
        password = await self._sealer.open(_context(call.tenant, role, row.number), row.seal_id)
        read = StaticRoleRead(
            originator_id=_NOWHERE, originator_version=0, timestamp=self._clock(), role=role, number=row.number
        )
        try:
            entry = Append(tenant=call.tenant, actor=call.principal.actor, request_id=call.request_id, events=[read])
            return StaticCredential(row, password, await self._log.append(entry))
        except BaseException:
            password.wipe()
            raise

    async def _first(self, call: Call, role: str) -> int:
        try:
            return await self.finish(call, role)
        except BackendError:
            await self._undone(call, role)
            raise

    async def _undone(self, call: Call, role: str) -> None:
        """The role was not made: whoever repeats the request tries anew."""
        async with self._repository.hold(StaticRole, static_role_stream(call.tenant, role)) as held:
            if held is not None and held.live:
                gone = held.remove(self._clock())
                destroyed = self._sealer.destroy(call.tenant, gone) if gone else ()
                await self._append(call, held, [*destroyed, *await self._replies.forget(call)])

    async def _kept(self, call: Call, role: str) -> Kept:
        return await self._replies.keep(call, {"role": role})

    async def _started(self, tenant: str, role: StaticRole) -> Sequence[Statement]:
        with Plaintext(bytearray(self._fresh().encode())) as password:
            sealed = await self._sealer.seal(_context(tenant, role.role, role.counted + 1), password)
        at = self._clock()
        role.start(sealed.seal_id, sealed.digest, at + self._patience, at)
        return sealed.statements

    async def finish(self, call: Call, role: str) -> int:
        """Set the password that was begun with, for which the reply is kept already; raises `BackendError`.

        Who finds it done, by another node say, has nothing to do: then 0.
        """
        return await self._set(msgspec.structs.replace(call, idempotency=None), role)

    async def _set(self, call: Call, role: str) -> int:
        """Tell the backend, try it, and record it."""
        async with self._repository.hold(StaticRole, static_role_stream(call.tenant, role)) as held:
            if held is None or held.next is None:
                return 0
            password, provider, account = held.next, held.provider, held.account
        _, backend = await self._backend(call.tenant, provider)
        await self._told(call.tenant, role, password, account, backend)
        try:
            async with self._repository.hold(StaticRole, static_role_stream(call.tenant, role)) as held:
                if held is None:
                    raise NotFound(f"there is no static role {role!r}")
                at = self._clock()
                old = held.rotated(password.number, self._next(held, at), at)
                destroyed = self._sealer.destroy(call.tenant, [old]) if old else ()
                return await self._append(call, held, destroyed, await self._kept(call, role))
        except (Conflict, VersionConflict):
            return 0

    async def _told(self, tenant: str, role: str, password: Password, account: str, backend: Rotatable) -> None:
        if not isinstance(backend, SetsPasswords):
            raise Invalid("this kind of provider has no passwords that could be set")
        with await self._sealer.open(_context(tenant, role, password.number), password.seal_id) as sealed:
            text = sealed.buffer.decode()
        await backend.set_password(account, text)
        await backend.log_in({"username": account, "password": text})

    def _next(self, role: StaticRole, at: datetime) -> datetime:
        return msgspec.json.decode(role.timetable, type=Timetable).next_after(at, self._cron_next)

    async def _backend(self, tenant: str, provider: str) -> tuple[ProviderEntry, Rotatable]:
        entry = await self._catalog.find(tenant, provider)
        if entry is None:
            raise UnknownDestination(f"the provider {provider!r} is not configured any more; configure it, then retry")
        return entry, await self._catalog.rotatable(tenant, entry)

    async def _append(
        self, call: Call, role: StaticRole, statements: Sequence[Statement] = (), kept: Kept = _NO_REPLY
    ) -> int:
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=role.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=[*statements, *kept.statements],
                reply=kept.reply,
            )
        )


class StaticRoleWork:
    """Work of the kind `static_role.rotate`: `ref` is the role's name."""

    def __init__(self, log: EventLog, roles: StaticRoleCommands) -> None:
        self._log = log
        self._roles = roles

    async def begin(self, work: Work, intent: Append) -> None:  # noqa: ARG002 - the port's signature
        """The intent alone: the steps record the rest."""
        await self._log.append(intent)

    async def carry_out(self, work: Work) -> None:
        """Set its password; raises `BackendError`."""
        principal = Principal(tenant=work.tenant, subject="trstctl", scopes=("*",), token_id="")
        await self._roles.go_on(Call(principal=principal, request_id=work.stream.hex[:16]), work.ref)


def _context(tenant: str, role: str, number: int) -> SealContext:
    return SealContext(tenant, "static_role", role, number)
