"""Which changes need approval, and what the strictest of several policies asks for."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.approval_change import Covered
from domain.approval_policy import ACTIONS, Demand, Policies, Policy, PolicyBook
from domain.errors import Misconfigured
from domain.views import TenantRow, TenantsView

pytestmark = pytest.mark.anyio

PERSONS = ("ada", "grace", "edsger", "barbara")


def policy(name: str = "p", *, paths: str = "db/*", needed: int = 1, ttl: int = 60, **more: tuple[str, ...]) -> Policy:
    chosen = {"actions": ("rotate",), **more}
    return Policy(name=name, paths=(paths,), approvers_needed=needed, ttl_seconds=ttl, **chosen)


def demand(*policies: Policy, path: str = "db/password", action: str = "rotate") -> Demand | None:
    return Policies(policies).demand(path, {action})


def test_what_no_policy_speaks_of_needs_nothing() -> None:
    assert demand() is None
    assert demand(policy(), path="app/db/password") is None
    assert demand(policy(), action="delete") is None


def test_policy_asks_for_what_it_says() -> None:
    found = demand(policy(needed=2, ttl=99, approvers=("ada", "grace", "edsger")))
    assert found == Demand(needed=2, approvers=frozenset({"ada", "grace", "edsger"}), ttl_seconds=99)
    assert demand(policy(paths="*/password")) == Demand(needed=1, approvers=None, ttl_seconds=60)


def test_the_strictest_of_several_holds() -> None:
    found = demand(
        policy("a", needed=1, ttl=500, approvers=("ada", "grace")),
        policy("b", needed=2, ttl=900),
        policy("c", needed=1, ttl=700, approvers=("grace", "edsger")),
    )
    assert found == Demand(needed=2, approvers=frozenset({"grace"}), ttl_seconds=500)


def test_nobody_can_approve_what_two_lists_leave_to_nobody() -> None:
    found = demand(policy("a", approvers=("ada",)), policy("b", approvers=("grace",)))
    assert found is not None
    assert not found.can_be_met(("edsger",))
    assert not found.accepts(("ada",))


def test_the_requester_is_not_among_those_who_could() -> None:
    found = Demand.of(2, ("ada", "grace"), 60)
    assert found.can_be_met(("edsger",))
    assert not found.can_be_met(("ada",))
    assert not found.can_be_met(("deploy-bot", "ada"))


def test_an_approver_counts_by_the_person_behind_the_token() -> None:
    found = Demand.of(1, ("ada",), 60)
    assert found.accepts(("ada",))
    assert found.accepts(("laptop", "ada"))
    assert not found.accepts(("ada", "mallory"))


DEMANDS = st.builds(
    Demand,
    needed=st.integers(1, 4),
    approvers=st.none() | st.frozensets(st.sampled_from(PERSONS)),
    ttl_seconds=st.integers(1, 9),
)
APPROVALS = st.frozensets(st.sampled_from(PERSONS)).map(lambda names: [(name,) for name in sorted(names)])


@given(one=DEMANDS, other=DEMANDS, approvals=APPROVALS)
def test_what_satisfies_the_stricter_satisfies_both(
    one: Demand, other: Demand, approvals: list[tuple[str, ...]]
) -> None:
    both = one.stricter(other)
    assert both == other.stricter(one)
    if both.counted(approvals) >= both.needed:
        for each in (one, other):
            assert each.counted(approvals) >= each.needed
    assert both.ttl_seconds <= min(one.ttl_seconds, other.ttl_seconds)


@given(one=DEMANDS)
def test_a_demand_is_as_strict_as_itself(one: Demand) -> None:
    assert one.stricter(one) == one.stricter(None) == one


def covered(action: str, **more: object) -> Covered:
    return Covered(action=action, path="a", **({"base": 3, "lives": True} | more))  # type: ignore[arg-type]  # a mixed dict


@pytest.mark.parametrize(
    "change,actions",
    [
        (covered("rotate"), {"rotate"}),
        (covered("create", base=0, lives=False), {"create"}),
        (covered("create", lives=False), {"create", "rotate"}),
        (covered("recover", recovered_from=1), {"recover"}),
        (covered("recover", lives=False), {"recover", "create"}),
        (covered("delete"), {"delete"}),
        (covered("destroy", numbers=(1, 2)), {"destroy"}),
        (covered("destroy", numbers=(2, 3)), {"destroy", "delete"}),
        (covered("destroy", everything=True), {"destroy", "delete"}),
        (covered("read", numbers=(3,)), {"read"}),
    ],
)
def test_a_change_that_amounts_to_another_needs_what_that_needs(change: Covered, actions: set[str]) -> None:
    assert change.actions == actions
    assert change.actions <= set(ACTIONS)
    assert change.sentence


class Tenants:
    """A tenant `t1` that people call `acme`."""

    async def find(self, name_or_id: str) -> TenantRow | None:
        from datetime import UTC, datetime  # noqa: PLC0415 - only here

        if name_or_id != "t1":
            return None
        return TenantRow(tenant="t1", name="acme", title="", created_at=datetime.now(UTC))


def book(*policies: Policy) -> PolicyBook:
    return PolicyBook(policies, cast("TenantsView", Tenants()))


async def test_policies_are_a_tenants_by_its_name() -> None:
    acme, every = policy("a", tenants=("acme",)), policy("b", tenants=("*",), needed=2)
    found = book(acme, every)
    for _ in range(2):  # what was looked up is remembered
        theirs = (await found.of("t1")).demand("db/x", {"rotate"})
        assert theirs is not None
        assert theirs.needed == 2
    assert (await book(acme).of("t1")).demand("db/x", {"rotate"}) is not None
    assert (await book(acme).of("t2")).demand("db/x", {"rotate"}) is None


@pytest.mark.parametrize(
    "wrong,said",
    [
        ((policy(paths="db/ö"),), "no pattern"),
        ((policy(paths=""),), "no pattern"),
        ((policy(actions=("rename",)),), "no action"),
        ((policy(needed=2, approvers=("ada", "ada")),), "approvers_needed is 2"),
        ((policy(), policy()), "same name"),
    ],
)
def test_what_could_not_hold_is_refused(wrong: tuple[Policy, ...], said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        book(*wrong)
