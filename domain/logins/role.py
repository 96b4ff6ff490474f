"""The aggregate LoginRole: what a login as this role, or as this user, needs and gives."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from domain.event import Aggregate, Created, Event
from domain.logins.method import check_length
from domain.logins.place import Place
from domain.logins.rows import RoleRow


class LoginRoleCreated(Created, frozen=True, kw_only=True):
    """A name was given to a role, or to a user, for the first time."""

    TOPIC: ClassVar[str] = "login_role.created"
    mount: str
    accessor: str
    method: str
    role: str


class LoginRoleConfigured(Event, frozen=True, kw_only=True):
    """The settings, JSON. A user's password, as a slow hash, lies under `seal_id`, as the `number`th.

    The key of the one before is destroyed.
    """

    TOPIC: ClassVar[str] = "login_role.configured"
    mount: str
    accessor: str
    method: str
    role: str
    settings: str
    number: int
    seal_id: str
    seal_digest: str

    def apply(self, aggregate: LoginRole) -> None:
        """As it is now."""
        aggregate.settings, aggregate.live = self.settings, True
        aggregate.number, aggregate.seal_id, aggregate.seal_digest = self.number, self.seal_id, self.seal_digest


class LoginRoleRemoved(Event, frozen=True, kw_only=True):
    """Nobody logs in as it any more; its secret ids are gone with it, and the key of its `number`th password's hash."""

    TOPIC: ClassVar[str] = "login_role.removed"
    mount: str
    accessor: str
    role: str
    number: int

    def apply(self, aggregate: LoginRole) -> None:
        """Until it is configured anew."""
        aggregate.live, aggregate.seal_id, aggregate.seal_digest = False, "", ""


class LoginRole(Aggregate):
    """One role, or user, of one mount. `number` counts the passwords that were sealed."""

    TOPIC = "login_role"

    def __init__(self, mount: str, accessor: str, method: str, role: str) -> None:
        self.mount = mount
        self.accessor = accessor
        self.method = method
        self.role = role
        self.settings = ""
        self.number = 0
        self.seal_id = ""
        self.seal_digest = ""
        self.live = False

    @classmethod
    def begin(cls, place: Place, name: str, at: datetime) -> Self:
        """A role without settings."""
        return cls._create(
            LoginRoleCreated,
            id=place.role_stream(name),
            mount=place.path,
            accessor=place.accessor,
            method=place.method,
            role=name,
            timestamp=at,
        )

    def configure(self, settings: str, seal: tuple[str, str] | None, at: datetime) -> str:
        """Take the settings, and a newly sealed password as id and digest unless it stays as it is.

        The seal that is to be destroyed, empty if there is none. Raises `TooLarge`.
        """
        check_length(settings)
        old = self.seal_id if seal else ""
        self.trigger_event(
            LoginRoleConfigured,
            mount=self.mount,
            accessor=self.accessor,
            method=self.method,
            role=self.role,
            settings=settings,
            number=self.number + bool(seal),
            seal_id=seal[0] if seal else self.seal_id,
            seal_digest=seal[1] if seal else self.seal_digest,
            timestamp=at,
        )
        return old

    def remove(self, at: datetime) -> str:
        """The seal that is to be destroyed, empty if there is none."""
        old = self.seal_id
        self.trigger_event(
            LoginRoleRemoved,
            mount=self.mount,
            accessor=self.accessor,
            role=self.role,
            number=self.number,
            timestamp=at,
        )
        return old


def removal(place: Place, row: RoleRow, at: datetime) -> LoginRoleRemoved:
    """The end of a role, whatever it is, as of the version that is known of it."""
    return LoginRoleRemoved(
        originator_id=place.role_stream(row.name),
        originator_version=row.version + 1,
        timestamp=at,
        mount=place.path,
        accessor=place.accessor,
        role=row.name,
        number=row.number,
    )
