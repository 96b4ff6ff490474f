"""Opening requests for approval, and telling whoever tried what they wait for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from domain.approval import ApprovalRequest, approval_id_of, request_stream, stream_of_id
from domain.approval_change import Change, Covered, digest_of
from domain.approval_policy import Demand
from domain.approval_view import ApprovalRow, ApprovalsView
from domain.call import Call
from domain.errors import ApprovalRequired, Conflict, Forbidden, TooLarge, VersionConflict
from domain.event import Event
from domain.lineage import Lineage
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Repository, SealContext, Sealer, Statement

MOST_ASKED: Final = 100
"""How many requests for approval one attempt may open."""
MOST_OPEN: Final = 16
"""How many requests one requester may have open for one action on one path."""


class Lacking(NamedTuple):
    """A change that has not got the approvals it needs; `row` is the request that waits for them, if there is one."""

    change: Change
    demand: Demand
    row: ApprovalRow | None


class Asked(NamedTuple):
    """A request as whoever tried is told of it."""

    approval_id: str
    covered: Covered
    needed: int
    missing: int
    expires_at: datetime

    def told(self) -> dict[str, object]:
        """As members of a problem+json answer."""
        return {
            "approval_id": self.approval_id,
            "resource": self.covered.resource,
            "action": self.covered.action,
            "covers": self.covered.sentence,
            "needed": self.needed,
            "missing": self.missing,
            "expires_at": self.expires_at,
        }


def key_context(tenant: str, approval_id: str) -> SealContext:
    """What the key of a request's digest is sealed for."""
    return SealContext(tenant, "approval", approval_id, 1)


class Asking:
    """`entropy` gives random bytes, of which the keys of digests are made."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        view: ApprovalsView,
        clock: Clock,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._view = view
        self._clock = clock
        self._entropy = entropy

    async def refusal(
        self, call: Call, lineage: Lineage, lacking: Sequence[Lacking], opened: Sequence[ApprovalRow]
    ) -> ApprovalRequired:
        """What to raise, once there is an open request for each of `lacking`.

        `opened` is what the requester has open on these paths. Raises `TooLarge` and `Conflict` for too many,
        `Forbidden` if nobody could approve it, `VersionConflict` if the same was asked for in between.
        """
        fresh = [each for each in lacking if each.row is None]
        if len(fresh) > MOST_ASKED:
            raise TooLarge(f"{len(fresh)} of these secrets need approval; ask for at most {MOST_ASKED} at once")
        for each in fresh:
            _check(each, lineage, opened, self._clock())
        asked = [_waiting(each) for each in lacking if each.row is not None]
        return _refusal([*asked, *(await self._opened(call, lineage, fresh, opened) if fresh else ())])

    async def _opened(
        self, call: Call, lineage: Lineage, fresh: Sequence[Lacking], opened: Sequence[ApprovalRow]
    ) -> list[Asked]:
        """Open a request for each of `fresh`, and note the end of those that they take the place of."""
        paths = {(each.change.covered.path, each.change.covered.action) for each in fresh}
        at = self._clock()
        gone = [row for row in opened if (row.covered.path, row.covered.action) in paths and has_ended(row, at)]
        events: list[Event] = []
        statements: list[Statement] = []
        asked: list[Asked] = []
        for row in sorted(gone, key=lambda row: row.approval_id):
            noted, destroyed = await self._noted(call.tenant, row, at)
            events += noted
            statements += destroyed
        numbers = await self._numbers(call.tenant, lineage, paths, opened)
        for each in fresh:
            request, told, sealed = await self._request(call, lineage, each, numbers, at)
            events += request.collect_events()  # type: ignore[arg-type]  # the library types them as its own base
            statements += sealed
            asked.append(told)
        await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=events,
                statements=statements,
            )
        )
        return asked

    async def _numbers(
        self, tenant: str, lineage: Lineage, paths: set[tuple[str, str]], opened: Sequence[ApprovalRow]
    ) -> dict[tuple[str, str], int]:
        """The newest numbers so far, as of when `opened` was read: else two nodes would ask for the same twice.

        Raises `VersionConflict` if a request was opened since. One that is opened from here on takes the next number.
        """
        numbers = {where: await self._view.last_number(tenant, lineage, *where) for where in sorted(paths)}
        again = await self._view.opened_by(tenant, lineage, sorted({path for path, _ in paths}))
        if {row.approval_id for row in again} - {row.approval_id for row in opened}:
            raise VersionConflict("a request for this was opened in between; try again")
        return numbers

    async def _noted(self, tenant: str, row: ApprovalRow, at: datetime) -> tuple[list[Event], Sequence[Statement]]:
        """That a request has ended, for the same append as what takes its place."""
        async with self._repository.hold(ApprovalRequest, stream_of_id(row.approval_id)) as request:
            if request is None or request.closed:
                return [], ()
            note_end(request, at)
            return list(request.collect_events()), self._sealer.destroy(tenant, [request.seal_id])  # type: ignore[arg-type]  # the library types them as its own base

    async def _request(
        self, call: Call, lineage: Lineage, each: Lacking, numbers: dict[tuple[str, str], int], at: datetime
    ) -> tuple[ApprovalRequest, Asked, Sequence[Statement]]:
        covered = each.change.covered
        where = (covered.path, covered.action)
        numbers[where] += 1
        approval_id = approval_id_of(request_stream(call.tenant, covered, lineage, numbers[where]))
        with Plaintext(bytearray(self._entropy(32))) as key:
            sealed = await self._sealer.seal(key_context(call.tenant, approval_id), key)
            digest = digest_of(key, each.change)
        request = ApprovalRequest.open(
            call.tenant,
            covered,
            lineage,
            each.demand,
            number=numbers[where],
            digest=digest,
            seal_id=sealed.seal_id,
            seal_digest=sealed.digest,
            at=at,
        )
        needed = each.demand.needed
        return request, Asked(approval_id, covered, needed, needed, request.expires_at), sealed.statements


def has_ended(row: ApprovalRow, at: datetime) -> bool:
    """Whether an open request is of no use any more, by the clock or because the secret has changed."""
    return row.moved or row.expires_at <= at


def note_end(request: ApprovalRequest, at: datetime) -> None:
    """Note how a request ended that `has_ended`."""
    if request.expires_at <= at:
        request.expire(at)
    else:
        request.void(at)


def _check(each: Lacking, lineage: Lineage, opened: Sequence[ApprovalRow], at: datetime) -> None:
    covered = each.change.covered
    if not each.demand.can_be_met(lineage):
        raise Forbidden(
            f"{covered.path!r}: to {covered.action} it needs {each.demand.needed} approvals, but the policies accept"
            " too few persons besides you; an operator has to change secrets.approvals"
        )
    same = [row for row in opened if (row.covered.path, row.covered.action) == (covered.path, covered.action)]
    if sum(not has_ended(row, at) for row in same) >= MOST_OPEN:
        raise Conflict(f"{covered.path!r}: {MOST_OPEN} of your requests to {covered.action} it wait; withdraw some")


def _waiting(each: Lacking) -> Asked:
    row = each.row
    assert row is not None  # noqa: S101 - chosen so
    demand = Demand.of(row.needed, row.approvers, 0).stricter(each.demand)
    missing = max(demand.needed - demand.counted(row.approvals), 0)
    return Asked(row.approval_id, row.covered, demand.needed, missing, row.expires_at)


def _refusal(asked: Sequence[Asked]) -> ApprovalRequired:
    first = asked[0]
    told = first.told()
    what = f"to {first.covered.action} {first.covered.path!r} needs approval: {first.missing} of {first.needed} missing"
    if len(asked) > 1:
        told["approvals"] = [each.told() for each in asked]
        what = f"{what}, and {len(asked) - 1} more of these need theirs"
    return ApprovalRequired(f"{what}; once given, repeat this request", extensions=told)
