"""What the process manager does about what comes due: each kind of work, and who does it."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping
from typing import Protocol

from adapters.outbox import Outbox
from adapters.outbox_attempts import Attempts
from adapters.outbox_hands import Batched, Effect, Hands, Inside, Pace
from cli.server.approving import Approving
from cli.server.config.process import Process
from cli.server.leasing import Leasing
from cli.server.rotating import Rotating
from cli.server.sharing import Sharing
from cli.server.transit import Transit
from cli.server.vaulting import Vaulting
from domain.commands.kv_ending import VersionEnds
from domain.commands.token_ends import TokenEnds
from domain.ports import Clock, EventLog
from domain.process import (
    ADVANCE_ROTATION,
    DELETE_VERSION,
    EXPIRE_APPROVAL,
    EXPIRE_SHARE,
    EXPIRE_TOKEN,
    REVOKE_LEASE,
    ROTATE_TRANSIT_KEY,
    RUN_SCHEDULE,
    RetryPolicy,
)
from domain.process_vault import END_CUBBYHOLE, EXPIRE_WRAPPING, ROTATE_PROVIDER, ROTATE_STATIC_ROLE
from domain.views import DueWorkView


class Parts(Protocol):
    """The commands that work is done by; a running system has them all."""

    @property
    def token_ends(self) -> TokenEnds:
        """How tokens end."""
        ...

    @property
    def version_ends(self) -> VersionEnds:
        """How versions of secrets end by the clock."""
        ...

    @property
    def approving(self) -> Approving:
        """Approvals."""
        ...

    @property
    def leasing(self) -> Leasing:
        """Leases."""
        ...

    @property
    def rotating(self) -> Rotating:
        """Rotations."""
        ...

    @property
    def sharing(self) -> Sharing:
        """Shares."""
        ...

    @property
    def transit(self) -> Transit:
        """Transit encryption."""
        ...

    @property
    def vaulting(self) -> Vaulting:
        """What only the Vault surface needs."""
        ...


def inside(parts: Parts) -> Mapping[str, Inside]:
    """By kind, what ends with an event of ours."""
    return {
        DELETE_VERSION: parts.version_ends.delete,
        END_CUBBYHOLE: parts.vaulting.cubbyholes.end,
        EXPIRE_APPROVAL: parts.approving.expire,
        EXPIRE_SHARE: parts.sharing.shares.expire,
        EXPIRE_TOKEN: parts.token_ends.expire,
        EXPIRE_WRAPPING: parts.vaulting.wrapping.expire,
        ROTATE_TRANSIT_KEY: parts.transit.commands.keys.rotate_due,
        RUN_SCHEDULE: parts.rotating.schedules.run_due,
    }


def effects(parts: Parts) -> Mapping[str, Effect]:
    """By kind, what is done at a backend."""
    return {
        ADVANCE_ROTATION: parts.rotating.takeover,
        ROTATE_PROVIDER: parts.rotating.provider_work,
        ROTATE_STATIC_ROLE: parts.rotating.static_role_work,
    }


def batched(parts: Parts) -> Mapping[str, Batched]:
    """By kind, what is done at a backend and may come by the thousand."""
    return {REVOKE_LEASE: parts.leasing.revocation}


def open_outbox(
    settings: Process, parts: Parts, log: EventLog, view: DueWorkView, clock: Clock, told: Callable[[str, str], None]
) -> Outbox:
    """This node's outbox."""
    policy = RetryPolicy(
        first=settings.first_pause_seconds,
        longest=settings.longest_pause_seconds,
        attempts=settings.attempts,
        parked=settings.attention_seconds,
    )
    chance = random.SystemRandom().random
    hands = Hands(
        view=view,
        attempts=Attempts(log, clock, os.urandom(8).hex(), policy, chance),
        clock=clock,
        policy=policy,
        chance=chance,
        inside=inside(parts),
        effects=effects(parts),
        batched=batched(parts),
        told=told,
    )
    pace = Pace(at_once=settings.at_once, seconds=settings.attempt_seconds)
    return Outbox(hands, lambda _destination: pace)
