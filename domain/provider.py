"""The aggregate Provider: a backend that a tenant has configured through the API, with its roles.

Its credentials lie sealed outside the log, as a secret's value does; each new set of them destroys the one before.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import ClassVar, Final, NamedTuple, Self

from domain.errors import Conflict, Invalid, NotFound
from domain.event import Aggregate, Created, Event
from domain.names import stream_of

_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?\Z")
MAX_SETTINGS: Final = 16 * 1024
"""Longest settings of a connection or a role, in bytes of JSON."""
MAX_ROLES: Final = 1000
MAX_TTL: Final = 366 * 24 * 3600
"""Longest life of a lease, in seconds."""


def checked_name(name: str, what: str) -> str:
    """`name` unchanged if providers and roles may be called so; raises `Invalid`."""
    if not _NAME.match(name):
        raise Invalid(f"{what} {name!r}: use 1 to 63 of a-z, 0-9, - and _, letters or digits at the ends")
    return name


class ProviderCreated(Created, frozen=True, kw_only=True):
    """A name was given to a backend for the first time."""

    TOPIC: ClassVar[str] = "provider.created"
    name: str
    kind: str


class ProviderConfigured(Event, frozen=True, kw_only=True):
    """How it is reached: `connection` as JSON, none of it secret. The credentials lie under `seal_id`."""

    TOPIC: ClassVar[str] = "provider.configured"
    name: str
    kind: str
    connection: str
    number: int
    seal_id: str
    seal_digest: str
    note: str = ""
    """JSON: what a client of Vault said of it besides, and reads again; empty for others."""

    def apply(self, aggregate: Provider) -> None:
        """It can be used."""
        aggregate.kind, aggregate.number, aggregate.seal_id, aggregate.live = self.kind, self.number, self.seal_id, True
        aggregate.counted, aggregate.staged = max(aggregate.counted, self.number), None


class ProviderCredentialsStaged(Event, frozen=True, kw_only=True):
    """The credentials to come lie under `seal_id`; from here on the backend may know them."""

    TOPIC: ClassVar[str] = "provider.credentials.staged"
    name: str
    destination: str
    number: int
    seal_id: str
    seal_digest: str
    go_on_at: datetime

    def apply(self, aggregate: Provider) -> None:
        """Those there are stay in use until the backend has taken these."""
        aggregate.counted, aggregate.staged = self.number, Staged(self.number, self.seal_id, self.seal_digest)


class ProviderCredentialsDestroyed(Event, frozen=True, kw_only=True):
    """The data keys of these sets of credentials are gone."""

    TOPIC: ClassVar[str] = "provider.credentials.destroyed"
    name: str
    numbers: list[int]

    def apply(self, aggregate: Provider) -> None:
        """What was staged may be among them."""
        if aggregate.staged and aggregate.staged.number in self.numbers:
            aggregate.staged = None


class ProviderRemoved(Event, frozen=True, kw_only=True):
    """It can be used no longer."""

    TOPIC: ClassVar[str] = "provider.removed"
    name: str

    def apply(self, aggregate: Provider) -> None:
        """Its roles are gone with it."""
        aggregate.live = False
        aggregate.roles.clear()


class RoleConfigured(Event, frozen=True, kw_only=True):
    """What the credentials of a role may do, and how long they live at most."""

    TOPIC: ClassVar[str] = "provider.role.configured"
    name: str
    role: str
    default_ttl_seconds: int
    max_ttl_seconds: int
    settings: str
    note: str = ""
    """As of the provider."""

    def apply(self, aggregate: Provider) -> None:
        """Leases can be asked for."""
        aggregate.roles.add(self.role)


class RoleRemoved(Event, frozen=True, kw_only=True):
    """No lease of this role is issued any more."""

    TOPIC: ClassVar[str] = "provider.role.removed"
    name: str
    role: str

    def apply(self, aggregate: Provider) -> None:
        """Leases that live are revoked by what they were issued with."""
        aggregate.roles.discard(self.role)


class Staged(NamedTuple):
    """Credentials to come: which set, and where it lies sealed."""

    number: int
    seal_id: str
    seal_digest: str


class Provider(Aggregate):
    """One backend of one tenant. `number` is that of its set of credentials, `counted` that of the last there was."""

    TOPIC = "provider"

    def __init__(self, name: str, kind: str) -> None:
        self.name = name
        self.kind = kind
        self.number = 0
        self.counted = 0
        self.staged: Staged | None = None
        self.seal_id = ""
        self.live = False
        self.roles: set[str] = set()

    @classmethod
    def begin(cls, tenant: str, name: str, kind: str, at: datetime) -> Self:
        """A provider that is not configured yet; raises `Invalid` for the name."""
        return cls._create(
            ProviderCreated,
            id=stream_of("provider", tenant, checked_name(name, "provider")),
            name=name,
            kind=kind,
            timestamp=at,
        )

    def configure(
        self, kind: str, connection: str, seal_id: str, seal_digest: str, at: datetime, *, note: str = ""
    ) -> list[str]:
        """Take the connection and the newly sealed credentials; the seals that are to be destroyed.

        Raises `Conflict` if it is of another kind, `Invalid` if the settings are too long.
        """
        if self.live and kind != self.kind:
            raise Conflict(f"provider {self.name!r} is of kind {self.kind}; remove it first, or take another name")
        _check_length(connection)
        _check_length(note)
        gone = self._sets() if self.live else []
        self._configured(kind, connection, Staged(self.counted + 1, seal_id, seal_digest), note, at)
        self._destroy([number for number, _ in gone], at)
        return [seal for _, seal in gone]

    def stage(self, destination: str, seal_id: str, seal_digest: str, go_on_at: datetime, at: datetime) -> None:
        """Begin to change the credentials to the newly sealed ones; raises `NotFound`, `Conflict`."""
        self.must_live()
        if self.staged:
            raise Conflict(f"the credentials of provider {self.name!r} are being changed already")
        self.trigger_event(
            ProviderCredentialsStaged,
            name=self.name,
            destination=destination,
            number=self.counted + 1,
            seal_id=seal_id,
            seal_digest=seal_digest,
            go_on_at=go_on_at,
            timestamp=at,
        )

    def take_staged(self, number: int, connection: str, note: str, at: datetime) -> str:
        """Use the staged credentials, which the backend has; the seal that is to be destroyed. Raises `Conflict`."""
        staged = self._staged(number)
        old, old_seal = self.number, self.seal_id
        self._configured(self.kind, connection, staged, note, at)
        self._destroy([old], at)
        return old_seal

    def drop_staged(self, number: int, at: datetime) -> str:
        """Stay with those there are; the seal that is to be destroyed. Raises `Conflict`."""
        staged = self._staged(number)
        self._destroy([number], at)
        return staged.seal_id

    def _staged(self, number: int) -> Staged:
        if self.staged is None or self.staged.number != number:
            raise Conflict(f"the credentials of provider {self.name!r} were changed meanwhile")
        return self.staged

    def _sets(self) -> list[tuple[int, str]]:
        """Every set whose key is there."""
        current = [(self.number, self.seal_id)]
        return [*current, (self.staged.number, self.staged.seal_id)] if self.staged else current

    def _destroy(self, numbers: list[int], at: datetime) -> None:
        if numbers:
            self.trigger_event(ProviderCredentialsDestroyed, name=self.name, numbers=numbers, timestamp=at)

    def _configured(self, kind: str, connection: str, taken: Staged, note: str, at: datetime) -> None:
        self.trigger_event(
            ProviderConfigured,
            name=self.name,
            kind=kind,
            connection=connection,
            number=taken.number,
            seal_id=taken.seal_id,
            seal_digest=taken.seal_digest,
            note=note,
            timestamp=at,
        )

    def remove(self, at: datetime) -> list[str]:
        """Use it no longer; the seals that are to be destroyed. Raises `NotFound`."""
        self.must_live()
        gone = self._sets()
        self._destroy([number for number, _ in gone], at)
        self.trigger_event(ProviderRemoved, name=self.name, timestamp=at)
        return [seal for _, seal in gone]

    def configure_role(
        self, role: str, default_ttl: int, max_ttl: int, settings: str, at: datetime, *, note: str = ""
    ) -> None:
        """Take the role; raises `Invalid`, `NotFound`."""
        self.must_live()
        checked_name(role, "role")
        checked_ttls(default_ttl, max_ttl)
        _check_length(settings)
        _check_length(note)
        if role not in self.roles and len(self.roles) >= MAX_ROLES:
            raise Invalid(f"a provider has at most {MAX_ROLES} roles")
        self.trigger_event(
            RoleConfigured,
            name=self.name,
            role=role,
            default_ttl_seconds=default_ttl,
            max_ttl_seconds=max_ttl,
            settings=settings,
            note=note,
            timestamp=at,
        )

    def remove_role(self, role: str, at: datetime) -> None:
        """Issue none of it any more; raises `NotFound`."""
        self.must_live()
        if role not in self.roles:
            raise NotFound(f"provider {self.name!r} has no role {role!r}")
        self.trigger_event(RoleRemoved, name=self.name, role=role, timestamp=at)

    def must_live(self) -> None:
        """Raises `NotFound` if it was removed."""
        if not self.live:
            raise NotFound(f"there is no provider {self.name!r}")


def checked_ttls(default: int, longest: int) -> None:
    """Raises `Invalid` unless a role may have these times to live, in seconds."""
    if not 1 <= default <= longest <= MAX_TTL:
        raise Invalid(f"a role's times to live are 1 ≤ default_ttl_seconds ≤ max_ttl_seconds ≤ {MAX_TTL}")


def _check_length(settings: str) -> None:
    if len(settings.encode()) > MAX_SETTINGS:
        raise Invalid(f"settings have at most {MAX_SETTINGS} bytes of JSON")
