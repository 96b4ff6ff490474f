"""The gate that every change and every read of a secret goes through: what a policy guards passes by approval only.

Nobody appends a version, a deletion, a destruction or a read without what `Cleared` holds, in the same append: so an
approval is used once, together with what it was given for, and a bypass cannot go unrecorded.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from operator import itemgetter
from typing import Final, NamedTuple
from uuid import UUID

from domain.approval import ApprovalRequest, stream_of_id
from domain.approval_change import Change, is_bound_to
from domain.approval_events import ApprovalBypassed
from domain.approval_policy import Demand, Policies, PolicyBook
from domain.approval_view import ApprovalRow, ApprovalsView, standing
from domain.call import Call
from domain.commands.asking import Asking, Lacking, has_ended, key_context
from domain.errors import NotFound, VersionConflict
from domain.event import Event
from domain.lineage import lineage_of
from domain.ports import Clock, Repository, Sealer, Statement
from domain.views import TokensView

_NOWHERE: Final = UUID(int=0)


class Cleared(NamedTuple):
    """What belongs into the append of what the gate let pass: events to come before its own, and statements."""

    events: Sequence[Event] = ()
    statements: Sequence[Statement] = ()


_UNGUARDED: Final = nullcontext(Cleared())


class Bypass(NamedTuple):
    """Something that needed approval was done without."""

    tenant: str
    actor: str
    request_id: str
    path: str
    action: str
    reason: str


class Gate:
    """Policies, requests and their use."""

    def __init__(
        self,
        policies: PolicyBook,
        asking: Asking,
        repository: Repository,
        sealer: Sealer,
        view: ApprovalsView,
        tokens: TokensView,
        clock: Clock,
    ) -> None:
        self._policies = policies
        self._asking = asking
        self._repository = repository
        self._sealer = sealer
        self._view = view
        self._tokens = tokens
        self._clock = clock
        self._observers: list[Callable[[Bypass], None]] = []

    def observe(self, observer: Callable[[Bypass], None]) -> None:
        """Tell `observer` of each bypass, once it is in the log."""
        self._observers.append(observer)

    @property
    def guards_nothing(self) -> bool:
        """Whether no policy guards anything of anybody."""
        return self._policies.is_empty

    def passing(self, call: Call, changes: Sequence[Change]) -> AbstractAsyncContextManager[Cleared]:
        """For as long as it takes to append `changes`, together with what is given out.

        Entering raises `ApprovalRequired` for what is not approved; a request for that is open then. It raises
        `VersionConflict` if an approval was used up in between: try again.
        """
        return _UNGUARDED if self._policies.is_empty else self._passing(call, changes)

    @asynccontextmanager
    async def _passing(self, call: Call, changes: Sequence[Change]) -> AsyncIterator[Cleared]:
        policies = await self._policies.of(call.tenant)
        demands = [(each, policies.demand(each.covered.path, each.covered.actions)) for each in changes]
        guarded = [(change, demand) for change, demand in demands if demand is not None]
        if not guarded:
            yield Cleared()
        elif call.break_glass is not None:
            yield Cleared(self._bypassed(call, guarded, call.break_glass))
            self._tell(call, guarded, call.break_glass)
        else:
            async with AsyncExitStack() as held:
                yield await self._used(call, policies, guarded, held)

    async def _used(
        self, call: Call, policies: Policies, guarded: Sequence[tuple[Change, Demand]], held: AsyncExitStack
    ) -> Cleared:
        lineage = await lineage_of(self._tokens, call.principal)
        opened = await self._view.opened_by(
            call.tenant, lineage, sorted({change.covered.path for change, _ in guarded})
        )
        found = [Lacking(*each, await self._request_for(call.tenant, each[0], opened)) for each in guarded]
        lacking = [each for each in found if not self._is_approved(policies, each.row)]
        if lacking:
            raise await self._asking.refusal(call, lineage, lacking, opened)
        events: list[Event] = []
        seals: list[str] = []
        # In order of id: two commands that use the same approvals must not each wait for what the other holds.
        demands = {each.row.approval_id: each.demand for each in found if each.row}
        for approval_id, demand in sorted(demands.items(), key=itemgetter(0)):
            request = await held.enter_async_context(self._repository.hold(ApprovalRequest, stream_of_id(approval_id)))
            if request is None:
                raise VersionConflict(f"{approval_id} changed in between; try again")
            request.use(demand, self._clock())
            events += request.collect_events()  # type: ignore[arg-type]  # the library types them as its own base
            seals.append(request.seal_id)
        return Cleared(events, self._sealer.destroy(call.tenant, seals))

    async def _request_for(self, tenant: str, change: Change, opened: Sequence[ApprovalRow]) -> ApprovalRow | None:
        """The open request for exactly this change."""
        now = self._clock()
        for row in opened:
            if row.covered == change.covered and not has_ended(row, now) and await self._binds(tenant, row, change):
                return row
        return None

    async def _binds(self, tenant: str, row: ApprovalRow, change: Change) -> bool:
        try:
            with await self._sealer.open(key_context(tenant, row.approval_id), row.seal_id) as key:
                return is_bound_to(key, change, row.digest)
        except NotFound as error:  # its key is destroyed with its end
            raise VersionConflict(f"{row.approval_id} ended in between; try again") from error

    def _is_approved(self, policies: Policies, row: ApprovalRow | None) -> bool:
        return row is not None and standing(row, policies, self._clock()).state == "approved"

    def _bypassed(self, call: Call, guarded: Sequence[tuple[Change, Demand]], reason: str) -> list[Event]:
        for change, _ in guarded:
            call.require("approvals:break-glass", change.covered.path)
        at = self._clock()
        return [
            ApprovalBypassed(
                originator_id=_NOWHERE,
                originator_version=0,
                timestamp=at,
                path=change.covered.path,
                action=change.covered.action,
                needed=demand.needed,
                reason=reason,
            )
            for change, demand in guarded
        ]

    def _tell(self, call: Call, guarded: Sequence[tuple[Change, Demand]], reason: str) -> None:
        for change, _ in guarded:
            bypass = Bypass(
                call.tenant, call.principal.actor, call.request_id, change.covered.path, change.covered.action, reason
            )
            for observer in self._observers:
                observer(bypass)
