"""What happens to single versions of a secret, and to what is set for it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

import msgspec

from domain.event import Event

if TYPE_CHECKING:
    from domain.secret import Secret


class VersionsDeleted(Event, frozen=True, kw_only=True):
    """These versions are not shown any more, and can be brought back. The name is told by `secret.deleted`."""

    TOPIC: ClassVar[str] = "secret.versions.deleted"
    path: str
    numbers: list[int]

    def apply(self, aggregate: Secret) -> None:
        """They are deleted, and nothing is left to come due."""
        aggregate.deleted.update(self.numbers)
        aggregate.unschedule(self.numbers)


class VersionsUndeleted(Event, frozen=True, kw_only=True):
    """These versions are shown again, for as long as nothing else is said."""

    TOPIC: ClassVar[str] = "secret.versions.undeleted"
    path: str
    numbers: list[int]

    def apply(self, aggregate: Secret) -> None:
        """They are neither deleted nor about to be."""
        aggregate.deleted.difference_update(self.numbers)
        aggregate.unschedule(self.numbers)


class VersionsExpiring(Event, frozen=True, kw_only=True):
    """These versions are deleted at `expires_at`, whether anybody is there then or not."""

    TOPIC: ClassVar[str] = "secret.versions.expiring"
    path: str
    numbers: list[int]
    expires_at: datetime

    def apply(self, aggregate: Secret) -> None:
        """They have an end."""
        aggregate.expiring.update(dict.fromkeys(self.numbers, self.expires_at))


class VersionsPruned(Event, frozen=True, kw_only=True):
    """More versions were there than are kept: the data keys of the oldest are gone, and so are their entries."""

    TOPIC: ClassVar[str] = "secret.versions.pruned"
    path: str
    numbers: list[int]

    def apply(self, aggregate: Secret) -> None:
        """It is as if they had never been, but for their numbers."""
        aggregate.vanish(max(self.numbers))


class SettingsChanged(Event, frozen=True, kw_only=True):
    """What is set for the secret beside its value; null: as it was. 0, false and an empty map unset."""

    TOPIC: ClassVar[str] = "secret.settings.changed"
    path: str
    max_versions: int | None = None
    cas_required: bool | None = None
    delete_after_seconds: int | None = None
    custom_metadata: dict[str, str] | None = None

    @property
    def given(self) -> dict[str, int | bool | dict[str, str]]:
        """What is set anew, by name."""
        found = {name: getattr(self, name) for name in _SETTINGS}
        return {name: value for name, value in found.items() if value is not None}

    def apply(self, aggregate: Secret) -> None:
        """What was given takes the place of what was."""
        aggregate.settings = msgspec.structs.replace(aggregate.settings, **self.given)
        aggregate.be_reborn(self.timestamp)


class SecretForgotten(Event, frozen=True, kw_only=True):
    """Everything up to version `number` is destroyed and forgotten, with what was set. The next version follows it."""

    TOPIC: ClassVar[str] = "secret.forgotten"
    path: str
    number: int

    def apply(self, aggregate: Secret) -> None:
        """Only the numbers go on."""
        aggregate.forget_all()


_SETTINGS = ("max_versions", "cas_required", "delete_after_seconds", "custom_metadata")
