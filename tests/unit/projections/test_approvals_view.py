"""The read model of requests for approval: what is open, who approved, how it ended, and whether the secret moved."""

from __future__ import annotations

from datetime import timedelta

import pytest

from domain.approval_change import Covered
from domain.approval_events import (
    ApprovalDenied,
    ApprovalExpired,
    ApprovalGranted,
    ApprovalRequested,
    ApprovalUsed,
    ApprovalVoided,
    ApprovalWithdrawn,
)
from domain.approval_policy import Policies, Policy
from domain.approval_view import STATES, Standing, noted_as, standing
from domain.event import Event
from projections.approvals import Approvals
from projections.secrets import Secrets
from tests.unit.projections.projected import BEGAN, HEADER, Tables, at, created, deleted, written

pytestmark = pytest.mark.anyio


@pytest.fixture
def tables() -> Tables:
    return Tables()


@pytest.fixture
def view(tables: Tables) -> Approvals:
    view = Approvals(tables)
    tables.add(Secrets(tables), view)
    return view


def requested(approval_id: str, path: str = "db/a", *, by: tuple[str, ...] = ("ci",), number: int = 1) -> Event:
    return ApprovalRequested(
        **HEADER,  # type: ignore[arg-type]  # a mixed dict
        originator_topic="approval", approval_id=approval_id, path=path, action="rotate", base=1, lives=True,
        numbers=[], everything=False, recovered_from=None, content_type="a/b", metadata={"k": "v"}, digest="d",
        seal_id=f"key of {approval_id}", seal_digest="e", lineage=list(by), needed=2, approvers=["ada", "grace"],
        expires_at=BEGAN + timedelta(hours=1), number=number,
    )  # fmt: skip


def about(kind: type[Event], approval_id: str, **more: object) -> Event:
    return kind(**HEADER, approval_id=approval_id, path="db/a", action="rotate", **more)  # type: ignore[arg-type,call-arg]  # a mixed dict


async def test_a_request_is_told_as_it_was_made(tables: Tables, view: Approvals) -> None:
    tables.tell(created("db/a"), written("db/a"), requested("apr_1", by=("ci", "mallory")))
    row = await view.by_id("acme", "apr_1")
    assert row is not None
    assert row.covered == Covered(
        action="rotate", path="db/a", base=1, lives=True, content_type="a/b", metadata={"k": "v"}
    )
    assert (row.lineage, row.needed, row.approvers) == (("ci", "mallory"), 2, ("ada", "grace"))
    assert (row.position, row.digest, row.seal_id, row.noted, row.moved) == (3, "d", "key of apr_1", "open", False)
    assert (row.requested_at, row.expires_at) == (at(3), BEGAN + timedelta(hours=1))
    assert (row.grants, row.closed_at, row.closed_by, row.reason) == ((), None, None, None)
    assert await view.by_id("other", "apr_1") is None


async def test_approvals_are_gathered_in_order(tables: Tables, view: Approvals) -> None:
    tables.tell(requested("apr_1"), requested("apr_2", number=2))
    tables.tell(
        about(ApprovalGranted, "apr_1", lineage=["laptop", "ada"]), about(ApprovalGranted, "apr_1", lineage=["grace"])
    )
    row = await view.by_id("acme", "apr_1")
    assert row is not None
    assert row.approvals == [("laptop", "ada"), ("grace",)]
    assert [grant.at for grant in row.grants] == [at(3), at(4)]


@pytest.mark.parametrize(
    "kind,state,more",
    [
        (ApprovalDenied, "denied", {"lineage": ["ada"], "reason": "no"}),
        (ApprovalUsed, "used", {"approvers": ["ada"]}),
        (ApprovalWithdrawn, "withdrawn", {}),
        (ApprovalExpired, "expired", {}),
        (ApprovalVoided, "void", {}),
    ],
)
async def test_an_end_is_told_with_who_and_when(
    tables: Tables, view: Approvals, kind: type[Event], state: str, more: dict[str, object]
) -> None:
    tables.tell(requested("apr_1"), requested("apr_2", number=2))
    tables.tell(about(kind, "apr_1", **more), actor="ada#tok_1")
    row = await view.by_id("acme", "apr_1")
    assert row is not None
    assert (row.noted, row.closed_at, row.closed_by) == (state, at(3), "ada#tok_1")
    assert row.reason == more.get("reason")
    assert [each.approval_id for each in await view.open_on("acme", "db/a", "rotate", 9)] == ["apr_2"]
    assert state in STATES
    assert state in noted_as(state)


async def test_a_secret_that_changes_moves_what_waits_for_it(tables: Tables, view: Approvals) -> None:
    async def moved() -> bool:
        (row,) = await view.open_on("acme", "db/a", "rotate", 9)
        return row.moved

    tables.tell(requested("apr_1"))
    assert await moved(), "there is no such secret"
    tables.tell(created("db/a"), written("db/a"))
    assert not await moved()
    tables.tell(written("db/b"), written("db/a"), tenant="other")
    assert not await moved()
    tables.tell(deleted("db/a"))
    assert await moved()
    tables.tell(written("db/a", 2))
    assert await moved()


async def test_who_asked_finds_theirs_and_nobody_elses(tables: Tables, view: Approvals) -> None:
    tables.tell(
        requested("apr_1"),
        requested("apr_2", by=("ci", "eve")),
        requested("apr_3", "db/b"),
        requested("apr_4", number=2),
    )
    tables.tell(about(ApprovalWithdrawn, "apr_4"))

    async def ids(*lineage: str) -> list[str]:
        return [row.approval_id for row in await view.opened_by("acme", lineage, ["db/a", "db/b"])]

    assert await ids("ci") == ["apr_1", "apr_3"]
    assert await ids("ci", "eve") == ["apr_2"]
    assert await ids("eve") == []
    assert await view.last_number("acme", ("ci",), "db/a", "rotate") == 2
    assert await view.last_number("acme", ("ci",), "db/a", "delete") == 0


async def test_pages_are_newest_first_and_narrowed_as_asked(tables: Tables, view: Approvals) -> None:
    tables.tell(*(requested(f"apr_{n}", f"db/{n}", by=(f"s{n % 2}",)) for n in range(1, 6)))
    tables.tell(about(ApprovalWithdrawn, "apr_5"))

    async def ids(
        *noted: str, path: str | None = None, by: str | None = None, before: int = 99, limit: int = 9
    ) -> list[str]:
        return [row.approval_id[4:] for row in await view.page("acme", noted, path, by, before, limit)]

    assert await ids() == ["5", "4", "3", "2", "1"]
    assert await ids("open", limit=2) == ["4", "3"]
    assert await ids("open", before=3) == ["2", "1"]
    assert await ids("open", "withdrawn", by="s1") == ["5", "3", "1"]
    assert await ids(path="db/2") == ["2"]
    assert await ids(path="db/*", by="s0") == ["4", "2"]
    assert await ids(path="x*") == []


async def test_standing_is_by_clock_secret_and_policies(tables: Tables, view: Approvals) -> None:
    tables.tell(created("db/a"), written("db/a"), requested("apr_1"))

    async def now(policies: Policies, hours: float = 0) -> Standing:
        row = await view.by_id("acme", "apr_1")
        assert row is not None
        return standing(row, policies, BEGAN + timedelta(hours=hours))

    three = Policy(name="p", paths=("db/*",), actions=("rotate",), approvers_needed=3, ttl_seconds=1)
    none, more = Policies(), Policies([three])
    assert await now(none) == Standing("pending", 2, 0)
    tables.tell(*(about(ApprovalGranted, "apr_1", lineage=[name]) for name in ("ada", "grace", "eve")))
    assert await now(none) == Standing("approved", 2, 2)
    assert (await now(more)) == Standing("pending", 3, 2)
    assert (await now(more)).missing == 1
    assert (await now(none, hours=1)).state == "expired"
    tables.tell(written("db/a", 2))
    assert (await now(none)).state == "void"
    tables.tell(about(ApprovalVoided, "apr_1"))
    assert (await now(none, hours=1)).state == "void"
