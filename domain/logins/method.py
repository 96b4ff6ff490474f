"""The aggregate LoginMethod: how logins at one mount are checked. What is secret of it lies sealed outside the log."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Self

from domain.errors import TooLarge
from domain.event import Aggregate, Created, Event
from domain.logins.place import Place

MAX_SETTINGS: Final = 128 * 1024
"""Longest settings of a method or a role, in bytes of JSON: certificates of authorities are among them."""


class LoginMethodCreated(Created, frozen=True, kw_only=True):
    """A mount has settings for the first time."""

    TOPIC: ClassVar[str] = "login_method.created"
    mount: str
    accessor: str
    method: str


class LoginMethodConfigured(Event, frozen=True, kw_only=True):
    """The settings, JSON, none of it secret. What is secret lies under `seal_id`, as the `number`th.

    The key of the one before is destroyed.
    """

    TOPIC: ClassVar[str] = "login_method.configured"
    mount: str
    accessor: str
    method: str
    settings: str
    number: int
    seal_id: str
    seal_digest: str

    def apply(self, aggregate: LoginMethod) -> None:
        """As it is now."""
        aggregate.number, aggregate.seal_id = self.number, self.seal_id


class LoginMethodRemoved(Event, frozen=True, kw_only=True):
    """The mount is gone with its settings, roles and users, and the key of the `number`th settings' secret part."""

    TOPIC: ClassVar[str] = "login_method.removed"
    mount: str
    accessor: str
    number: int

    def apply(self, aggregate: LoginMethod) -> None:
        """Nothing is left."""
        aggregate.seal_id = ""


class LoginMethod(Aggregate):
    """One mount of one tenant. `number` counts its settings; `seal_id` is empty if nothing of them is secret."""

    TOPIC = "login_method"

    def __init__(self, mount: str, accessor: str, method: str) -> None:
        self.mount = mount
        self.accessor = accessor
        self.method = method
        self.number = 0
        self.seal_id = ""

    @classmethod
    def begin(cls, place: Place, at: datetime) -> Self:
        """A mount without settings."""
        return cls._create(
            LoginMethodCreated,
            id=place.stream,
            mount=place.path,
            accessor=place.accessor,
            method=place.method,
            timestamp=at,
        )

    def configure(self, settings: str, seal_id: str, seal_digest: str, at: datetime) -> str:
        """Take the settings; the seal that is to be destroyed, empty if there is none. Raises `TooLarge`."""
        check_length(settings)
        old = self.seal_id
        self.trigger_event(
            LoginMethodConfigured,
            mount=self.mount,
            accessor=self.accessor,
            method=self.method,
            settings=settings,
            number=self.number + 1,
            seal_id=seal_id,
            seal_digest=seal_digest,
            timestamp=at,
        )
        return old

    def remove(self, at: datetime) -> str:
        """With everything under it; the seal that is to be destroyed, empty if there is none."""
        old, number = self.seal_id, self.number
        self.trigger_event(LoginMethodRemoved, mount=self.mount, accessor=self.accessor, number=number, timestamp=at)
        return old


def check_length(settings: str) -> None:
    """Raises `TooLarge` for settings that are too long."""
    if len(settings.encode()) > MAX_SETTINGS:
        raise TooLarge(f"settings have at most {MAX_SETTINGS} bytes of JSON")
