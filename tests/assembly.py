"""The whole system in one process on an embedded store, put together as by the composition root; its clock moves."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from adapters.kek_file import create_kek_file
from adapters.kek_folder import KekFolder
from adapters.keyring import KeyRing
from adapters.log.batch import Batch
from adapters.log.follower import Follower
from adapters.log.repository import StreamRepository
from adapters.replies import SealedReplies
from adapters.sealing import EnvelopeSealer
from api.app import create_app
from api.asgi import ASGIApp
from api.metrics import Metrics
from api.services import Limits, Services
from cli.server.approving import Approving
from cli.server.auditing import LogAuditing
from cli.server.config import Settings
from cli.server.config.process import Process
from cli.server.config.settings import Secrets
from cli.server.config.shares import Shares
from cli.server.leasing import Leasing
from cli.server.processing import open_outbox
from cli.server.rotating import Rotating
from cli.server.sharing import Sharing
from cli.server.stores import Store, open_sqlite
from cli.server.transit import Transit
from cli.server.vaulting import Vaulting
from domain.call import Call, Principal
from domain.commands.attention import AttentionCommands
from domain.commands.comparing import SecretComparison
from domain.commands.expansion import Expander
from domain.commands.kv import KvCommands
from domain.commands.kv_ending import VersionEnds
from domain.commands.kv_mounts import KvMountCommands
from domain.commands.reading import SecretReads
from domain.commands.resolving import SecretResolution
from domain.commands.secrets import SecretCommands
from domain.commands.tenants import TenantCommands, operator
from domain.commands.token_ends import TokenEnds
from domain.commands.tokens import TokenCommands
from domain.commands.transfer import SecretTransfer
from projections.kv import Kv

_SECRETS = Secrets()
RETENTION = timedelta(hours=1)
"""How long replies are kept for whoever repeats a request."""
LONGEST_EPHEMERAL = 3600
"""Longest life of an ephemeral key, in seconds."""


class MovableClock:
    """The real time, moved."""

    def __init__(self) -> None:
        self.moved = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def advance(self, **by: float) -> None:
        """Move on by what `timedelta` is given."""
        self.moved += timedelta(**by)


class Assembly:
    """Everything over one store. `folder` holds the KEK file and the database."""

    def __init__(self, folder: Path, store: Store, clock: MovableClock, secrets: Secrets = _SECRETS) -> None:
        self.folder = folder
        self.store = store
        self.clock = clock
        self.views = store.views
        self.committer = store.committer(Batch(store.log, store.views.inline, os.urandom(8).hex()), 512)
        self.ring = KeyRing(KekFolder(folder / "kek"), store.reader)
        self.sealer = EnvelopeSealer(self.ring, store.reader, clock)
        self.replies = SealedReplies(store.reader, self.sealer, clock, RETENTION)
        self.repository = StreamRepository(store.reader, store.newest)
        view = self.views.tokens
        self.log = self.committer
        self.vaulting = Vaulting(self, clock)
        self.tokens = TokenCommands(
            self.committer, view, self.replies, clock, os.urandom, LONGEST_EPHEMERAL, self.vaulting.token_life,
            self.vaulting.book,
        )  # fmt: skip
        self.attention = AttentionCommands(self.committer, self.views.due_work, self.replies, clock)
        self.token_ends = TokenEnds(self.committer, view, self.replies, clock, os.urandom)
        self.tenants = TenantCommands(self.committer, self.sealer, self.views.tenants, clock, os.urandom)
        self.follower = Follower(self.views.audit, store.reader, self.committer)
        self.auditing = LogAuditing(Settings(data_dir=str(folder)), store.reader, None, self.follower)
        self.approving = Approving(secrets.approvals, self, clock)
        self._secret_commands()
        self.leasing = Leasing(secrets, self, clock, self.wake)
        self.rotating = Rotating(self, self.leasing.backends, self.secrets, clock, 20.0, self.wake)
        self.sharing = Sharing(Shares(), self, clock, "https://trstctl.example")
        self.transit = Transit(self, clock)
        self.attempts: list[tuple[str, str]] = []
        """Kind and outcome of each attempt at what came due."""
        self.outbox = open_outbox(
            Process(first_pause_seconds=0.1), self, self.committer, self.views.due_work, clock,
            lambda kind, outcome: self.attempts.append((kind, outcome)),
        )  # fmt: skip

    def _secret_commands(self) -> None:
        log, view, sealer, clock, gate = (
            self.committer, self.views.secrets, self.sealer, self.clock, self.approving.gate,
        )  # fmt: skip
        expander = Expander(sealer, view)
        self.secrets = SecretCommands(log, self.repository, sealer, view, self.replies, clock, gate)
        self.reads = SecretReads(log, sealer, view, clock, gate)
        self.resolution = SecretResolution(self.reads, expander, view, self.views.references, clock)
        self.transfer = SecretTransfer(
            log, self.repository, self.secrets, self.reads, expander, view, self.replies, clock
        )
        self.comparison = SecretComparison(self.reads, expander, view, clock)
        mounts = KvMountCommands(log, self.repository, self.views.kv_mounts, self.replies, clock)
        self.kv = KvCommands(self.secrets, self.reads, Kv(self.store.reader), mounts, sealer, clock)
        self.version_ends = VersionEnds(log, self.repository, clock, os.urandom)

    def services(self, **changes: Any) -> Services:
        """What the API is handed; `changes` are other parts than the usual ones."""
        made = Services(
            secrets=self.secrets,
            reads=self.reads,
            resolution=self.resolution,
            transfer=self.transfer,
            comparison=self.comparison,
            kv=self.kv,
            tokens=self.tokens,
            token_ends=self.token_ends,
            attention=self.attention,
            approvals=self.approving.commands,
            approval_inbox=self.approving.inbox,
            providers=self.leasing.providers,
            lease_making=self.leasing.making,
            leases=self.leasing.leases,
            lease_audit=self.leasing.audit,
            rotations=self.rotating.rotations,
            rotation_schedules=self.rotating.schedules,
            static_roles=self.rotating.static_roles,
            provider_rotation=self.rotating.providers,
            shares=self.sharing.shares,
            redeeming=self.sharing.redeeming,
            transit=self.transit.commands,
            audit_events=self.views.audit,
            auditing=self.auditing,
            replies=self.replies,
            metrics=Metrics("0"),
            limits=Limits(redeems_per_second=0),
            secrets_disabled=None,
            ready=_ready,
            tenant_name=self._tenant_name,
        )
        return replace(made, **changes)

    def app(self, **changes: Any) -> ASGIApp:
        """The API over this store."""
        services = self.services(**changes)
        return create_app(services, self.vaulting.services(services))

    async def _tenant_name(self, tenant: str) -> str:
        return (await self.tenants.find(tenant)).name

    async def new_tenant(self, name: str) -> str:
        """A tenant's id."""
        return (await self.tenants.create(name, name, "test")).result.tenant

    async def new_token(
        self, tenant: str, subject: str = "ops", scopes: Sequence[str] = ("*",), ttl_seconds: int | None = None
    ) -> str:
        """A token, issued by the operator."""
        issued = await self.tokens.issue(operator(tenant, "test"), subject, scopes, ttl_seconds)
        token = issued.result.token
        assert isinstance(token, str)
        return token

    def wake(self, destination: str) -> None:
        """Work for this destination has just come due."""
        self.outbox.wake(destination)

    async def process(self) -> None:
        """Do what has come due by the clock, as the scheduler would."""
        await self.outbox.tick()
        await self.outbox.settled()

    async def rows(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        """What the database holds."""
        return [tuple(row) for row in await self.store.reader.system_rows(sql, parameters)]

    async def head(self) -> int:
        """The newest event's position."""
        ((position,),) = await self.rows("SELECT coalesce(max(position), 0) FROM events")
        return int(position)


def call(tenant: str, *scopes: str, subject: str = "ops") -> Call:
    """A request of somebody who holds these scopes, or all."""
    principal = Principal(tenant=tenant, subject=subject, scopes=scopes or ("*",), token_id="tok_test")
    return Call(principal=principal, request_id="request")


async def _ready() -> Mapping[str, str]:
    return {"store": "ok"}


def _make_kek(folder: Path) -> None:
    folder.chmod(0o700)
    if not (folder / "kek").exists():
        create_kek_file(folder / "kek")


@asynccontextmanager
async def assembled(folder: Path, secrets: Secrets = _SECRETS) -> AsyncIterator[Assembly]:
    """An assembly on a store in `folder`, which is made if it is not there."""
    _make_kek(folder)
    store = await open_sqlite(folder / "trstctl.db", durable=False)
    assembly = Assembly(folder, store, MovableClock(), secrets)
    following = asyncio.create_task(assembly.follower.run())
    try:
        yield assembly
    finally:
        following.cancel()
        await asyncio.wait([following])
        await assembly.outbox.stop()
        await assembly.leasing.backends.close()
        await assembly.vaulting.logging_in.close()
        assembly.sharing.lock.close()
        assembly.transit.close()
        await assembly.committer.stop()
        await store.close()
