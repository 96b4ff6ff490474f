"""The aggregate StaticRole: a standing account of a database whose password the server sets, again and again.

A password is sealed before the backend is told of it, so that whoever goes on after a crash sets the same one.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, NamedTuple, Self
from uuid import UUID

from domain.errors import Conflict, Invalid, NotFound
from domain.event import AccessEvent, Aggregate, Created, Event
from domain.names import stream_of
from domain.provider import checked_name


def static_role_stream(tenant: str, role: str) -> UUID:
    """The stream of a role."""
    return stream_of("static_role", tenant, role)


class StaticRoleCreated(Created, frozen=True, kw_only=True):
    """A name was given to a standing account for the first time; it begins with the path of the mount."""

    TOPIC: ClassVar[str] = "static_role.created"
    role: str


class StaticRoleConfigured(Event, frozen=True, kw_only=True):
    """Whose password is set, and when it comes round; `note` is what its client said besides."""

    TOPIC: ClassVar[str] = "static_role.configured"
    role: str
    provider: str
    destination: str
    account: str
    timetable: str
    note: str
    next_run_at: datetime

    def apply(self, aggregate: StaticRole) -> None:
        """It is there."""
        aggregate.live, aggregate.provider, aggregate.account = True, self.provider, self.account
        aggregate.timetable, aggregate.destination = self.timetable, self.destination


class StaticRoleRotationStarted(Event, frozen=True, kw_only=True):
    """The next password lies under `seal_id`; from here on the backend may have it."""

    TOPIC: ClassVar[str] = "static_role.rotation.started"
    role: str
    destination: str
    number: int
    seal_id: str
    seal_digest: str
    go_on_at: datetime

    def apply(self, aggregate: StaticRole) -> None:
        """It is to be set."""
        aggregate.counted, aggregate.next = self.number, Password(self.number, self.seal_id)


class StaticRoleRotated(Event, frozen=True, kw_only=True):
    """The backend has the password, and somebody has logged in with it."""

    TOPIC: ClassVar[str] = "static_role.rotated"
    role: str
    destination: str
    number: int
    next_run_at: datetime

    def apply(self, aggregate: StaticRole) -> None:
        """It is the one."""
        aggregate.current, aggregate.next, aggregate.rotated_at = aggregate.next, None, self.timestamp


class StaticRolePasswordsDestroyed(Event, frozen=True, kw_only=True):
    """The data keys of these passwords are gone."""

    TOPIC: ClassVar[str] = "static_role.passwords.destroyed"
    role: str
    numbers: list[int]


class StaticRoleRemoved(Event, frozen=True, kw_only=True):
    """Its password is set no more, and known no more; the account stays as it is."""

    TOPIC: ClassVar[str] = "static_role.removed"
    role: str

    def apply(self, aggregate: StaticRole) -> None:
        """Until it is configured anew."""
        aggregate.live, aggregate.current, aggregate.next, aggregate.rotated_at = False, None, None, None


class StaticRoleRead(AccessEvent, frozen=True, kw_only=True):
    """The password went out."""

    TOPIC: ClassVar[str] = "static_role.read"
    role: str
    number: int


class Password(NamedTuple):
    """One of its passwords: which, and where it lies sealed."""

    number: int
    seal_id: str


class StaticRole(Aggregate):
    """One standing account. `role` is the path of the mount, and the name there."""

    TOPIC = "static_role"

    def __init__(self, role: str) -> None:
        self.role = role
        self.live = False
        self.provider = ""
        self.destination = ""
        self.account = ""
        self.timetable = ""
        self.counted = 0
        self.current: Password | None = None
        self.next: Password | None = None
        self.rotated_at: datetime | None = None

    @classmethod
    def begin(cls, tenant: str, role: str, at: datetime) -> Self:
        """A role without settings; raises `Invalid` for the name."""
        checked_name(role.rpartition("/")[2], "role")
        return cls._create(StaticRoleCreated, id=static_role_stream(tenant, role), role=role, timestamp=at)

    def must_live(self) -> None:
        """Raises `NotFound` if it was removed."""
        if not self.live:
            raise NotFound(f"there is no static role {self.role!r}")

    def configure(
        self, provider: str, destination: str, account: str, timetable: str, note: str, next_run_at: datetime, *,
        at: datetime,
    ) -> None:  # fmt: skip
        """Take the settings; raises `Conflict` if it is another account's, `Invalid` for the account."""
        if not 1 <= len(account) <= 128 or not account.isprintable():
            raise Invalid("username has 1 to 128 printable characters")
        if self.live and (provider, account) != (self.provider, self.account):
            raise Conflict("cannot update static account username or database: remove the role first")
        self.trigger_event(
            StaticRoleConfigured,
            role=self.role,
            provider=provider,
            destination=destination,
            account=account,
            timetable=timetable,
            note=note,
            next_run_at=next_run_at,
            timestamp=at,
        )

    def start(self, seal_id: str, seal_digest: str, go_on_at: datetime, at: datetime) -> None:
        """Begin to set the newly sealed password; the one before stays until it is set."""
        self.must_live()
        self.trigger_event(
            StaticRoleRotationStarted,
            role=self.role,
            destination=self.destination,
            number=self.counted + 1,
            seal_id=seal_id,
            seal_digest=seal_digest,
            go_on_at=go_on_at,
            timestamp=at,
        )

    def rotated(self, number: int, next_run_at: datetime, at: datetime) -> str | None:
        """The password `number` is set: the seal that is to be destroyed, if there is one. Raises `Conflict`."""
        if self.next is None or self.next.number != number:
            raise Conflict(f"the rotation of {self.role!r} was finished by another node")
        old = self.current
        self.trigger_event(
            StaticRoleRotated,
            role=self.role,
            destination=self.destination,
            number=number,
            next_run_at=next_run_at,
            timestamp=at,
        )
        self._destroy([old.number] if old else [], at)
        return old.seal_id if old else None

    def remove(self, at: datetime) -> list[str]:
        """Know its password no more; the seals that are to be destroyed. Raises `NotFound`."""
        self.must_live()
        gone = [password for password in (self.current, self.next) if password]
        self._destroy([password.number for password in gone], at)
        self.trigger_event(StaticRoleRemoved, role=self.role, timestamp=at)
        return [password.seal_id for password in gone]

    def _destroy(self, numbers: list[int], at: datetime) -> None:
        if numbers:
            self.trigger_event(StaticRolePasswordsDestroyed, role=self.role, numbers=numbers, timestamp=at)
