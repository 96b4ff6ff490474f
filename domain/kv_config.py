"""What a key-value mount says for all secrets in it."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Protocol, Self
from uuid import UUID

import msgspec

from domain.errors import Invalid
from domain.event import Aggregate, Created, Event
from domain.key_settings import MAX_DELETE_AFTER, MAX_VERSIONS
from domain.names import stream_of


class MountConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What is 0 or False is not said."""

    max_versions: int = 0
    cas_required: bool = False
    delete_after_seconds: int = 0
    """Negative: versions live on, whatever a secret says of itself."""

    def checked(self) -> MountConfig:
        """Itself, if all is within its bounds; raises `Invalid`."""
        if not 0 <= self.max_versions <= MAX_VERSIONS:
            raise Invalid(f"max_versions is 0 to {MAX_VERSIONS}")
        if self.delete_after_seconds > MAX_DELETE_AFTER:
            raise Invalid(f"delete_version_after is at most {MAX_DELETE_AFTER} seconds")
        return self


class KvMountKnown(Created, frozen=True, kw_only=True):
    """A key-value mount was configured for the first time. Another one enabled at its path has another accessor."""

    TOPIC: ClassVar[str] = "kv_mount.known"
    accessor: str


class KvMountConfigured(Event, frozen=True, kw_only=True):
    """What the mount says from now on for the secrets in it."""

    TOPIC: ClassVar[str] = "kv_mount.configured"
    accessor: str
    max_versions: int
    cas_required: bool
    delete_after_seconds: int

    def apply(self, aggregate: KvMount) -> None:
        """It takes the place of what was said before."""
        aggregate.config = MountConfig(
            max_versions=self.max_versions,
            cas_required=self.cas_required,
            delete_after_seconds=self.delete_after_seconds,
        )


class KvMount(Aggregate):
    """One mount of one tenant, by its accessor."""

    TOPIC = "kv_mount"

    def __init__(self, accessor: str) -> None:
        self.accessor = accessor
        self.config = MountConfig()

    @classmethod
    def begin(cls, tenant: str, accessor: str, at: datetime) -> Self:
        """A mount that says nothing yet."""
        return cls._create(KvMountKnown, id=mount_stream(tenant, accessor), accessor=accessor, timestamp=at)

    def configure(self, config: MountConfig, at: datetime) -> None:
        """Say this from now on; raises `Invalid`."""
        config = config.checked()
        self.trigger_event(
            KvMountConfigured,
            accessor=self.accessor,
            max_versions=config.max_versions,
            cas_required=config.cas_required,
            delete_after_seconds=config.delete_after_seconds,
            timestamp=at,
        )


def mount_stream(tenant: str, accessor: str) -> UUID:
    """The stream of a mount."""
    return stream_of("kv_mount", tenant, accessor)


class KvConfigView(Protocol):
    """What mounts say."""

    async def config(self, tenant: str, accessor: str) -> MountConfig:
        """What the mount says; of one that was never configured, nothing."""
        ...
