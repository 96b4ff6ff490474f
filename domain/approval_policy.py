"""Which changes and reads need approval, by how many, of whom, and for how long it holds. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Final, Self

import msgspec

from domain.errors import Misconfigured
from domain.lineage import Lineage, person
from domain.scopes import checked_pattern, matches
from domain.views import TenantsView

ACTIONS: Final = ("create", "rotate", "recover", "delete", "destroy", "read")
"""What a policy may guard."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """These actions on these paths need approval."""

    name: str
    tenants: tuple[str, ...] = ("*",)
    """Names of tenants; `*` is every one."""
    paths: tuple[str, ...]
    """Patterns of paths, in which `*` stands for any characters."""
    actions: tuple[str, ...]
    approvers_needed: int
    approvers: tuple[str, ...] = ()
    """The persons whose approval counts; empty: of whoever has the scope."""
    ttl_seconds: int

    def guards(self, path: str, actions: Collection[str]) -> bool:
        """Whether it speaks of one of `actions` on `path`."""
        return not set(self.actions).isdisjoint(actions) and any(matches(pattern, path) for pattern in self.paths)


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What all policies together ask for."""

    needed: int
    approvers: frozenset[str] | None
    """None: anybody with the scope."""
    ttl_seconds: int

    @classmethod
    def of(cls, needed: int, approvers: Iterable[str], ttl_seconds: int) -> Self:
        """A demand by itself; no approvers named means anybody."""
        return cls(needed=needed, approvers=frozenset(approvers) or None, ttl_seconds=ttl_seconds)

    def stricter(self, other: Demand | None) -> Demand:
        """The least demand that asks for no less than either: the most, of those in both lists, for the shortest."""
        if other is None:
            return self
        return Demand(
            needed=max(self.needed, other.needed),
            approvers=_in_both(self.approvers, other.approvers),
            ttl_seconds=min(self.ttl_seconds, other.ttl_seconds),
        )

    def accepts(self, lineage: Lineage) -> bool:
        """Whether this approver counts: by the person behind the token, for the token's subject may be anything."""
        return self.approvers is None or person(lineage) in self.approvers

    def can_be_met(self, requester: Lineage) -> bool:
        """Whether there are enough persons whom all policies accept, besides the requester."""
        return self.approvers is None or len(self.approvers.difference(requester)) >= self.needed

    def counted(self, approvals: Iterable[Lineage]) -> int:
        """How many of these count; no two of them are related, which `ApprovalRequest` sees to."""
        return sum(self.accepts(lineage) for lineage in approvals)


def _in_both(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


class Policies:
    """What is configured for one tenant."""

    def __init__(self, policies: Sequence[Policy] = ()) -> None:
        self._policies = tuple(policies)

    def demand(self, path: str, actions: Collection[str]) -> Demand | None:
        """What the strictest of the policies on one of these actions asks for; None if none speaks of it."""
        found: Demand | None = None
        for policy in self._policies:
            if policy.guards(path, actions):
                found = Demand.of(policy.approvers_needed, policy.approvers, policy.ttl_seconds).stricter(found)
        return found


class PolicyBook:
    """All that is configured. Raises `Misconfigured` for what could not hold."""

    def __init__(self, policies: Sequence[Policy], tenants: TenantsView) -> None:
        check_policies(policies)
        self._policies = tuple(policies)
        self._tenants = tenants
        self._known: dict[str, Policies] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nothing is configured for anybody."""
        return not self._policies

    async def of(self, tenant: str) -> Policies:
        """The tenant's, by its id."""
        known = self._known.get(tenant)
        if known is None:
            row = await self._tenants.find(tenant) if self._policies else None
            name = row.name if row else tenant
            ours = [policy for policy in self._policies if not {"*", name}.isdisjoint(policy.tenants)]
            known = self._known[tenant] = Policies(ours)  # a tenant keeps its name
        return known


def check_policies(policies: Sequence[Policy]) -> None:
    """Raises `Misconfigured` for what could not hold."""
    for policy in policies:
        _check(policy)
    names = [policy.name for policy in policies]
    if len(set(names)) != len(names):
        raise Misconfigured("secrets.approvals: two entries have the same name; give each its own")


def _check(policy: Policy) -> None:
    where = f"secrets.approvals: {policy.name}"
    for pattern in policy.paths:
        if not checked_pattern(pattern):
            raise Misconfigured(f"{where}: {pattern!r} is no pattern of paths, such as prod/* or */password")
    if unknown := sorted(set(policy.actions) - set(ACTIONS)):
        raise Misconfigured(f"{where}: there is no action {unknown[0]!r}; there are {', '.join(ACTIONS)}")
    if policy.approvers and len(set(policy.approvers)) < policy.approvers_needed:
        raise Misconfigured(
            f"{where}: approvers_needed is {policy.approvers_needed}, but approvers names {len(set(policy.approvers))}"
        )
