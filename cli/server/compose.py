"""The composition root: settings in, a running system out. Only here do concrete things meet."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.checkpoint_files import CheckpointFolder
from adapters.checkpointer import Checkpointer
from adapters.kek_folder import KekFolder
from adapters.keyring import KeyRing
from adapters.log.batch import Batch
from adapters.log.follower import Follower
from adapters.log.repository import StreamRepository
from adapters.outbox import Outbox
from adapters.replies import SealedReplies
from adapters.scheduler import Scheduler
from adapters.sealing import EnvelopeSealer
from adapters.signing_key import obtain_signing_key
from api.app import create_app
from api.asgi import ASGIApp
from api.description import VERSION
from api.metrics import Metrics
from api.services import Limits, Services
from cli.server.approving import Approving
from cli.server.auditing import LogAuditing
from cli.server.config import Settings
from cli.server.leasing import Leasing
from cli.server.processing import open_outbox
from cli.server.readiness import Readiness
from cli.server.rotating import Rotating
from cli.server.sharing import Sharing
from cli.server.stores import Store, open_store
from cli.server.transit import Transit
from cli.server.vaulting import Vaulting
from cli.server.watching import count_work
from domain.commands.attention import AttentionCommands
from domain.commands.comparing import SecretComparison
from domain.commands.expansion import Expander
from domain.commands.kv import KvCommands
from domain.commands.kv_ending import VersionEnds
from domain.commands.kv_mounts import KvMountCommands
from domain.commands.reading import SecretReads
from domain.commands.resolving import SecretResolution
from domain.commands.secrets import SecretCommands
from domain.commands.tenants import TenantCommands
from domain.commands.token_ends import TokenEnds
from domain.commands.tokens import TokenCommands
from domain.commands.transfer import SecretTransfer
from domain.errors import KeyUnavailable
from domain.ports import Append, EventLog
from projections.kv import Kv

_log = logging.getLogger("trstctl.server")


def now() -> datetime:
    """The clock of the running system: UTC."""
    return datetime.now(UTC)


class Runtime:
    """The opened store and the commands over it. What only a server needs is in `cli.server.serving`."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings = settings
        self.store = store
        self.views = store.views
        batch = Batch(store.log, store.views.inline, os.urandom(8).hex())
        self.committer = store.committer(batch, settings.committer.max_batch)
        self.keks = KekFolder(Path(settings.secrets.kek_file))
        self.ring = KeyRing(self.keks, store.reader)
        self.sealer = EnvelopeSealer(self.ring, store.reader, now)
        self.repository = StreamRepository(store.reader, store.newest)
        retention = timedelta(seconds=settings.idempotency.retention_seconds)
        self.replies = SealedReplies(store.reader, self.sealer, now, retention)
        self.tenants = TenantCommands(self.committer, self.sealer, self.views.tenants, now, os.urandom)
        self.attention = AttentionCommands(self.committer, self.views.due_work, self.replies, now)
        self.vaulting = Vaulting(self, now, settings.vault)
        self._token_commands()
        self.approving = Approving(settings.secrets.approvals, self, now)
        self._secret_commands()
        self.outbox: Outbox | None = None
        self.leasing = Leasing(settings.secrets, self, now, self.wake)
        seconds = settings.secrets.provider_timeout_seconds
        self.rotating = Rotating(self, self.leasing.backends, self.secrets, now, seconds, self.wake)
        self.sharing = Sharing(settings.shares, self, now, settings.url)
        self.transit = Transit(self, now)

    @property
    def log(self) -> EventLog:
        """Where events are appended."""
        return self.committer

    def wake(self, destination: str) -> None:
        """Work for this destination has just come due; a process that serves nothing leaves it to one that does."""
        if self.outbox:
            self.outbox.wake(destination)

    def _token_commands(self) -> None:
        log, view, longest = self.committer, self.views.tokens, self.settings.access.max_ephemeral_ttl_seconds
        life, book = self.vaulting.token_life, self.vaulting.book
        self.tokens = TokenCommands(log, view, self.replies, now, os.urandom, longest, life, book)
        self.token_ends = TokenEnds(log, view, self.replies, now, os.urandom)

    def _secret_commands(self) -> None:
        log, view, sealer, gate = self.committer, self.views.secrets, self.sealer, self.approving.gate
        expander = Expander(sealer, view)
        self.secrets = SecretCommands(log, self.repository, sealer, view, self.replies, now, gate)
        self.reads = SecretReads(log, sealer, view, now, gate)
        self.resolution = SecretResolution(self.reads, expander, view, self.views.references, now)
        self.transfer = SecretTransfer(
            log, self.repository, self.secrets, self.reads, expander, view, self.replies, now
        )
        self.comparison = SecretComparison(self.reads, expander, view, now)
        mounts = KvMountCommands(log, self.repository, self.views.kv_mounts, self.replies, now)
        self.kv = KvCommands(self.secrets, self.reads, Kv(self.store.reader), mounts, sealer, now)
        self.version_ends = VersionEnds(log, self.repository, now, os.urandom)

    def secrets_disabled(self) -> str | None:
        """Why the secrets surface is closed, or None if it is open."""
        if not self.settings.secrets.enable_api:
            return "the secrets API is off; set secrets.enable_api: true (TRSTCTL_SECRETS_ENABLE_API=true) and restart"
        try:
            self.keks.current()
        except KeyUnavailable as error:
            return f"the secrets API is closed for want of its key: {error.message}"
        return None

    async def tenant_name(self, tenant: str) -> str:
        """The name people know a tenant by."""
        row = await self.views.tenants.find(tenant)
        return row.name if row else tenant

    async def close(self) -> None:
        """Write what waits, then let go of the store and wipe the keys."""
        await self.leasing.backends.close()
        await self.vaulting.logging_in.close()
        self.sharing.lock.close()
        await self.committer.stop()
        self.transit.close()
        await self.store.close()
        self.ring.wipe()
        self.keks.wipe()


@asynccontextmanager
async def open_runtime(settings: Settings) -> AsyncIterator[Runtime]:
    """Everything a command of the operator needs; raises `StoreUnavailable`, `Misconfigured`."""
    runtime = Runtime(settings, await open_store(settings))
    try:
        yield runtime
    finally:
        await runtime.close()


@asynccontextmanager
async def serving(runtime: Runtime) -> AsyncIterator[ASGIApp]:
    """The application, with what runs beside it: followers, checkpoints, the removal of expired replies."""
    async with AsyncExitStack() as stack:
        metrics = Metrics(VERSION)
        follower = Follower(runtime.views.audit, runtime.store.reader, runtime.committer)
        runtime.committer.observe(lambda count, seconds, head: metrics.commit(count, seconds, head.position))
        metrics.watch_lag("audit", lambda: follower.lag)
        following = asyncio.create_task(follower.run())
        stack.push_async_callback(_cancelled, following)
        checkpointer = await _checkpointer(runtime)
        scheduler = _scheduler(runtime)
        if checkpointer:
            runtime.committer.observe(checkpointer.committed)
            every = runtime.settings.audit.checkpoints.every_seconds
            scheduler.every(every, "sign a checkpoint", checkpointer.sign_if_grown)
            await checkpointer.begin()
            stack.push_async_callback(checkpointer.sign_if_grown)
        runtime.approving.gate.observe(lambda bypass: metrics.bypassed(bypass.action))
        process = runtime.settings.process
        runtime.outbox = outbox = open_outbox(
            process, runtime, runtime.committer, runtime.views.due_work, now, metrics.attempt
        )
        scheduler.every(process.tick_seconds, "do what has come due", outbox.tick)
        scheduler.every(5, "count what waits", lambda: count_work(runtime.views.due_work, metrics, now))
        stack.push_async_callback(outbox.stop, 5.0)
        scheduler.start()
        stack.callback(scheduler.stop)
        auditing = LogAuditing(runtime.settings, runtime.store.reader, checkpointer, follower)
        services = _services(runtime, metrics, auditing)
        yield create_app(services, runtime.vaulting.services(services))


async def _checkpointer(runtime: Runtime) -> Checkpointer | None:
    settings = runtime.settings.audit.checkpoints
    try:
        key = await obtain_signing_key(runtime.keks, runtime.store.reader, runtime.committer, now)
    except KeyUnavailable as error:
        _log.critical("checkpoints are not signed for want of the KEK", extra={"reason": error.message})
        return None
    folder = CheckpointFolder(Path(settings.dir))
    return Checkpointer(runtime.store.reader, folder, key, settings.origin, settings.every_events)


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _scheduler(runtime: Runtime) -> Scheduler:
    scheduler = Scheduler()

    async def remove_expired_replies() -> None:
        statements = await runtime.replies.expired()
        if statements:
            await runtime.committer.append(Append(tenant="", actor="", request_id="", events=(), statements=statements))

    scheduler.every(60, "remove expired replies", remove_expired_replies)
    scheduler.every(60, "count refused logins", runtime.vaulting.logging_in.flush)
    every = runtime.settings.process.tick_seconds
    scheduler.every(every, "record what ended with the token that minted it", runtime.token_ends.record_ended)
    return scheduler


def _services(runtime: Runtime, metrics: Metrics, auditing: LogAuditing) -> Services:
    limits = runtime.settings.limits
    return Services(
        secrets=runtime.secrets,
        reads=runtime.reads,
        resolution=runtime.resolution,
        transfer=runtime.transfer,
        comparison=runtime.comparison,
        kv=runtime.kv,
        tokens=runtime.tokens,
        token_ends=runtime.token_ends,
        attention=runtime.attention,
        approvals=runtime.approving.commands,
        approval_inbox=runtime.approving.inbox,
        providers=runtime.leasing.providers,
        lease_making=runtime.leasing.making,
        leases=runtime.leasing.leases,
        lease_audit=runtime.leasing.audit,
        rotations=runtime.rotating.rotations,
        rotation_schedules=runtime.rotating.schedules,
        static_roles=runtime.rotating.static_roles,
        provider_rotation=runtime.rotating.providers,
        shares=runtime.sharing.shares,
        redeeming=runtime.sharing.redeeming,
        transit=runtime.transit.commands,
        audit_events=runtime.views.audit,
        auditing=auditing,
        replies=runtime.replies,
        metrics=metrics,
        limits=Limits(
            body_bytes=limits.body_bytes,
            import_bytes=limits.import_bytes,
            requests_per_second=limits.requests_per_second,
            redeems_per_second=runtime.settings.shares.redeems_per_second,
            client_timeout_seconds=limits.client_timeout_seconds,
        ),
        secrets_disabled=runtime.secrets_disabled(),
        ready=Readiness(runtime.committer, runtime.store.reader, runtime.keks, auditing.broken).checks,
        tenant_name=runtime.tenant_name,
    )
