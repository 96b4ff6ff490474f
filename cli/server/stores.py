"""Which database holds the log: opened by what `store` in the configuration names."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from adapters.log.batch import Batch, LogStore
from adapters.log.committer import Committer, WatchedLog
from adapters.log.loop_committer import LoopCommitter
from adapters.sqlite.change_counter import ChangeCounter
from adapters.sqlite.connection import connect
from adapters.sqlite.log import SqliteLogStore
from adapters.sqlite.reader import SqliteReader
from adapters.sqlite.remembered import Remembered
from adapters.sqlite.schema import create
from cli.server.config import Settings
from domain.errors import Misconfigured
from domain.ports import Projection, Reader
from projections.approvals import Approvals
from projections.audit import AuditEvents
from projections.cubbyholes import Cubbyholes
from projections.due_work import DueWork
from projections.kv_mounts import KvMounts
from projections.leases import Leases
from projections.logins import Logins
from projections.providers import Providers
from projections.references import References
from projections.rotation_schedules import RotationSchedules
from projections.rotations import Rotations
from projections.secrets import Secrets
from projections.shares import Shares
from projections.static_roles import StaticRoles
from projections.tenants import Tenants
from projections.token_roles import TokenRoles
from projections.tokens import Tokens
from projections.transit_keys import TransitKeys
from projections.vault_config import VaultConfiguration
from projections.wrappings import Wrappings


@dataclass(frozen=True)
class Views:
    """Every read model. Those that decisions depend on are applied with the commit, the rest follow."""

    secrets: Secrets
    references: References
    tokens: Tokens
    tenants: Tenants
    audit: AuditEvents
    due_work: DueWork
    approvals: Approvals
    providers: Providers
    leases: Leases
    rotations: Rotations
    rotation_schedules: RotationSchedules
    shares: Shares
    vault_config: VaultConfiguration
    logins: Logins
    transit_keys: TransitKeys
    wrappings: Wrappings
    cubbyholes: Cubbyholes
    token_roles: TokenRoles
    static_roles: StaticRoles
    kv_mounts: KvMounts

    @classmethod
    def over(cls, reader: Reader) -> Views:
        """The read models, reading through `reader`."""
        return cls(
            secrets=Secrets(reader),
            references=References(reader),
            tokens=Tokens(reader),
            tenants=Tenants(reader),
            audit=AuditEvents(reader),
            due_work=DueWork(reader),
            approvals=Approvals(reader),
            providers=Providers(reader),
            leases=Leases(reader),
            rotations=Rotations(reader),
            rotation_schedules=RotationSchedules(reader),
            shares=Shares(reader),
            vault_config=VaultConfiguration(reader),
            logins=Logins(reader),
            transit_keys=TransitKeys(reader),
            wrappings=Wrappings(reader),
            cubbyholes=Cubbyholes(reader),
            token_roles=TokenRoles(reader),
            static_roles=StaticRoles(reader),
            kv_mounts=KvMounts(reader),
        )

    @property
    def inline(self) -> Sequence[Projection]:
        """Applied in the transaction of the events."""
        return (
            self.tenants, self.tokens, self.secrets, self.references, self.approvals, self.due_work, self.providers,
            self.leases, self.shares, self.rotations, self.rotation_schedules,
            self.vault_config, self.logins, self.transit_keys, self.wrappings, self.cubbyholes, self.token_roles,
            self.static_roles,
            self.kv_mounts,
        )  # fmt: skip

    @property
    def following(self) -> Sequence[Projection]:
        """Applied a moment later."""
        return (self.audit,)

    @property
    def all(self) -> Sequence[Projection]:
        """Every one, in the order in which their tables are made."""
        return (*self.inline, *self.following)


@dataclass(frozen=True)
class Store:
    """An opened database: where the log is appended, and where everything is read."""

    log: LogStore
    reader: Reader
    views: Views
    close: Callable[[], Awaitable[None]]
    committer: Callable[[Batch, int], WatchedLog]
    """Makes the committer that suits the database, given the most commands of one transaction."""
    newest: Callable[[str], int | None] = lambda _stream: None
    """The version of a stream's newest event, where that is known without asking."""


async def open_store(settings: Settings) -> Store:
    """The store that `settings` name; raises `StoreUnavailable`, `Misconfigured`."""
    if settings.store:
        return await open_postgres(postgres_dsn(settings))
    return await open_sqlite(made_folder(Path(settings.data_dir)) / "trstctl.db")


def made_folder(folder: Path) -> Path:
    """`folder`, made for its owner alone if it is not there; raises `Misconfigured`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Misconfigured(f"data_dir: {folder}: {error.strerror}; name a folder that this user may write") from error
    return folder


def postgres_dsn(settings: Settings) -> str:
    """The address of the shared store, with its password; raises `Misconfigured`."""
    if not settings.store.startswith(("postgresql://", "postgres://")):
        raise Misconfigured("store: it has the form postgresql://user@host:port/database, or is left out")
    if not settings.store_password_file:
        return settings.store
    try:
        password = Path(settings.store_password_file).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise Misconfigured(f"store_password_file: {settings.store_password_file} cannot be read: {error}") from error
    from adapters.postgres.connection import with_password

    return with_password(settings.store, password)


def unread_views() -> Sequence[Projection]:
    """The read models before there is a store: their tables can be made and events applied, nothing can be asked."""
    return Views.over(cast("Reader", None)).all


async def open_postgres(dsn: str) -> Store:
    """The shared store; raises `Misconfigured` if it is not migrated, `StoreUnavailable`."""
    from adapters.postgres import store as postgres
    from adapters.postgres.migrations import require_current

    log, reader, close = postgres.open_store(dsn)
    views = Views.over(reader)
    await asyncio.to_thread(require_current, dsn, views.all)
    return Store(log, reader, views, close, lambda batch, most: Committer(batch, max_batch=most))


async def open_sqlite(path: Path, *, durable: bool = True) -> Store:
    """The embedded store, its tables made if they are not there; raises `StoreUnavailable`.

    Not `durable` is for a scratch store, which may be lost with the machine.
    """
    writer = connect(path, durable=durable)
    reader = SqliteReader(path)
    views = Views.over(reader)
    create(writer, views.all)
    counter = ChangeCounter.of(path)
    remembered = Remembered(counter) if counter else None
    log = SqliteLogStore(writer, remembered)
    if remembered:
        reader.remember(remembered)

    async def close() -> None:
        reader.close()
        log.close()
        if counter:
            counter.close()

    return Store(
        log,
        reader,
        views,
        close,
        lambda batch, most: LoopCommitter(batch, log, max_batch=most),
        remembered.newest if remembered else lambda _stream: None,
    )
