"""Rotations put together: of standing accounts, by request and by schedule."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta

from adapters.backends import Backends
from adapters.passwords import fresh_password
from adapters.scheduler import cron_next
from cli.server.leasing import Base
from domain.commands.provider_rotation import ProviderRotation, ProviderRotationWork
from domain.commands.rotation_schedules import ScheduleCommands
from domain.commands.rotation_steps import RotationSteps
from domain.commands.rotations import RotationCommands, RotationTakeover
from domain.commands.secrets import SecretCommands
from domain.commands.static_roles import StaticRoleCommands, StaticRoleWork
from domain.ports import Clock


class Rotating:
    """The commands on rotations. `seconds` is the longest that one call to a backend may take."""

    def __init__(
        self,
        base: Base,
        backends: Backends,
        secrets: SecretCommands,
        clock: Clock,
        seconds: float,
        wake: Callable[[str], None],
    ) -> None:
        log, repository, views, replies = base.log, base.repository, base.views, base.replies
        # A phase is at most a handful of calls to the backend.
        patience = timedelta(seconds=5 * seconds)
        steps = RotationSteps(
            log, repository, backends, secrets, views.secrets, base.sealer, clock,
            patience=patience, call=timedelta(seconds=seconds),
        )  # fmt: skip
        self.rotations = RotationCommands(
            log, repository, backends, steps, views.rotations, replies, clock, entropy=os.urandom, gate=secrets.gate
        )
        self.static_roles = StaticRoleCommands(
            log, repository, base.sealer, backends, views.static_roles, replies, clock,
            fresh=fresh_password, cron_next=cron_next, patience=patience,
        )  # fmt: skip
        self.providers = ProviderRotation(
            log, repository, base.sealer, backends, replies, clock, fresh=fresh_password, patience=patience
        )
        self.provider_work = ProviderRotationWork(log, self.providers)
        self.static_role_work = StaticRoleWork(log, self.static_roles)
        self.takeover = RotationTakeover(log, self.rotations)
        self.schedules = ScheduleCommands(
            log, repository, self.rotations, views.rotation_schedules, replies, clock,
            entropy=os.urandom, cron_next=cron_next, wake=wake,
        )  # fmt: skip
