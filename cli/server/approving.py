"""Approvals put together: the gate that secrets' commands go through, and the commands on requests."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import Protocol

from cli.server.config.approvals import Approval
from cli.server.stores import Views
from domain.approval_policy import Policy, PolicyBook
from domain.commands.approvals import ApprovalCommands
from domain.commands.asking import Asking
from domain.commands.gate import Bypass, Gate
from domain.commands.inbox import ApprovalInbox
from domain.ports import Clock, EventLog, Replies, Repository, Sealer
from domain.views import Work

_log = logging.getLogger("trstctl.approvals")


class Base(Protocol):
    """What every command is made from."""

    @property
    def log(self) -> EventLog:
        """Where events are appended."""
        ...

    @property
    def repository(self) -> Repository:
        """Where aggregates are."""
        ...

    @property
    def sealer(self) -> Sealer:
        """What seals."""
        ...

    @property
    def replies(self) -> Replies:
        """Replies by idempotency key."""
        ...

    @property
    def views(self) -> Views:
        """The read models."""
        ...


class Approving:
    """The gate, and the commands on requests for approval; raises `Misconfigured`."""

    def __init__(self, configured: Sequence[Approval], base: Base, clock: Clock) -> None:
        log, repository, sealer, views = base.log, base.repository, base.sealer, base.views
        policies = PolicyBook(policies_of(configured), views.tenants)
        asking = Asking(log, repository, sealer, views.approvals, clock, os.urandom)
        self.gate = Gate(policies, asking, repository, sealer, views.approvals, views.tokens, clock)
        self.gate.observe(warn)
        self.inbox = ApprovalInbox(views.approvals, views.tokens, policies, clock)
        self.commands = ApprovalCommands(
            log, repository, sealer, views.approvals, views.tokens, base.replies, policies, clock
        )

    async def expire(self, work: Work) -> None:
        """Note that a request has ended by the clock."""
        await self.commands.expire(work.tenant, work.ref, os.urandom(8).hex())


def policies_of(configured: Sequence[Approval]) -> list[Policy]:
    """The configuration's entries as the domain has them."""
    return [
        Policy(
            name=each.name,
            tenants=tuple(each.tenants),
            paths=tuple(each.paths),
            actions=tuple(each.actions),
            approvers_needed=each.approvers_needed,
            approvers=tuple(each.approvers),
            ttl_seconds=each.ttl_seconds,
        )
        for each in configured
    ]


def warn(bypass: Bypass) -> None:
    """Say in the server's log that something was done without the approval it needs. No setting turns this off."""
    _log.warning("approval bypassed", extra=bypass._asdict())
