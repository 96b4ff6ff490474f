"""Leases put together: the catalog of backends, and the commands over it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Protocol

import msgspec

from adapters.backends import Backends, FileProvider, Limits
from adapters.provider_table import kind as kind_of
from cli.server.config.providers import Provider
from cli.server.config.settings import Secrets
from cli.server.stores import Views
from domain.catalog import ProviderEntry, Role
from domain.commands.lease_audit import LeaseAudit
from domain.commands.lease_making import LeaseMaking
from domain.commands.lease_revocation import LeaseRevocation
from domain.commands.lease_terms import Patience
from domain.commands.leases import LeaseCommands
from domain.commands.providers import ProviderCommands
from domain.errors import Invalid, Misconfigured
from domain.ports import Clock, EventLog, Replies, Repository, Sealer
from domain.provider import checked_ttls


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


class Leasing:
    """The commands on providers and leases. `wake` tells the outbox of a destination with work."""

    def __init__(self, settings: Secrets, base: Base, clock: Clock, wake: Callable[[str], None]) -> None:
        log, repository, sealer, replies, views = base.log, base.repository, base.sealer, base.replies, base.views
        limits = Limits(connections=settings.provider_connections, seconds=settings.provider_timeout_seconds)
        patience = patience_of(settings.provider_timeout_seconds)
        self.backends = Backends(in_file(settings.providers), views.providers, views.tenants, sealer, limits)
        self.providers = ProviderCommands(
            log, repository, self.backends, views.leases, sealer, replies, clock, may_change=settings.provider_api
        )
        self.making = LeaseMaking(log, self.backends, replies, clock, os.urandom, patience)
        self.leases = LeaseCommands(log, repository, self.backends, views.leases, replies, clock, patience, wake)
        self.revocation = LeaseRevocation(log, repository, self.backends, clock)
        self.audit = LeaseAudit(self.backends, views.leases, repository)


def patience_of(seconds: float) -> Patience:
    """How long to wait for what, if a call to a backend takes at most so many seconds."""
    return Patience(
        ask=timedelta(seconds=seconds), give_up=timedelta(seconds=3 * seconds), settle=timedelta(seconds=2 * seconds)
    )


def in_file(providers: Sequence[Provider]) -> list[FileProvider]:
    """The configuration file's providers, checked; raises `Misconfigured` naming the entry and what is wrong."""
    found = []
    for number, provider in enumerate(providers):
        try:
            found.append(_file_provider(provider))
        except Invalid as error:
            where = f"secrets.providers[{number}] ({provider.name})"
            raise Misconfigured(f"{where}: {error.message}") from error
    names = [provider.entry.name for provider in found]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Misconfigured(f"secrets.providers: {', '.join(twice)} is there more than once; give each its own name")
    return found


def _file_provider(provider: Provider) -> FileProvider:
    kind = provider.kind or provider.name
    _converted(provider.connection, kind_of(kind).connection, "connection")
    roles = {}
    for role in provider.roles:
        checked_ttls(role.default_ttl_seconds, role.max_ttl_seconds)
        _converted(role.settings, kind_of(kind).role, f"role {role.name}, settings")
        roles[role.name] = Role(
            name=role.name,
            default_ttl_seconds=role.default_ttl_seconds,
            max_ttl_seconds=role.max_ttl_seconds,
            settings=msgspec.json.encode(role.settings).decode(),
        )
    entry = ProviderEntry(
        name=provider.name,
        kind=kind,
        destination=f"file/{provider.name}",
        connection=msgspec.json.encode(provider.connection).decode(),
        number=0,
        roles=roles,
    )
    return FileProvider(entry=entry, tenants=tuple(provider.tenants), credentials_file=provider.credentials_file)


def _converted(settings: object, kind: type[msgspec.Struct], what: str) -> None:
    try:
        msgspec.convert(settings, kind)
    except msgspec.ValidationError as error:
        told = str(error).replace(" - at `$", f" - at `{what}")
        raise Invalid(f"{what}: {told}") from error
