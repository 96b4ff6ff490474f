"""The aggregate MountTable: which engines a tenant has enabled under which paths of the Vault surface.

All of a tenant's are one aggregate, for no mount may lie in another, whoever enables them, on whatever node.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final, Self
from uuid import UUID

import msgspec

from domain.errors import Conflict, Invalid, NotFound
from domain.event import Aggregate, Created, Event
from domain.mounts import BUILT_IN, MAX_MOUNTS, MountEntry, checked_mount_path
from domain.names import stream_of

MAX_SETTINGS: Final = 16 * 1024
"""Longest description and options of a mount, in characters all told."""
_GIVEN: Final = {entry.path: entry for entry in BUILT_IN}


class MountTableCreated(Created, frozen=True, kw_only=True):
    """The tenant changes its mounts for the first time."""

    TOPIC: ClassVar[str] = "mount_table.created"


class MountEvent(Event, frozen=True, kw_only=True):
    """Something about one mount; `path` ends in a slash, and begins with `auth/` for what logs callers in."""

    path: str


class MountEnabled(MountEvent, frozen=True, kw_only=True):
    """An engine answers under a path. Times to live in seconds, 0 being the system's."""

    TOPIC: ClassVar[str] = "mount.enabled"
    kind: str
    accessor: str
    description: str
    options: dict[str, str]
    default_ttl_seconds: int
    max_ttl_seconds: int

    def apply(self, aggregate: MountTable) -> None:
        """It is there."""
        aggregate.mounts[self.path] = MountEntry(
            path=self.path, kind=self.kind, accessor=self.accessor, description=self.description, options=self.options,
            default_ttl=self.default_ttl_seconds, max_ttl=self.max_ttl_seconds,
        )  # fmt: skip


class MountTuned(MountEvent, frozen=True, kw_only=True):
    """What is said about a mount was changed; what stands here is all of it."""

    TOPIC: ClassVar[str] = "mount.tuned"
    description: str
    options: dict[str, str]
    default_ttl_seconds: int
    max_ttl_seconds: int

    def apply(self, aggregate: MountTable) -> None:
        """As it is now."""
        aggregate.mounts[self.path] = msgspec.structs.replace(
            aggregate.mounts[self.path],
            description=self.description,
            options=self.options,
            default_ttl=self.default_ttl_seconds,
            max_ttl=self.max_ttl_seconds,
        )


class MountClosed(MountEvent, frozen=True, kw_only=True):
    """Nothing answers there any more, and what lies there is being destroyed."""

    TOPIC: ClassVar[str] = "mount.closed"

    def apply(self, aggregate: MountTable) -> None:
        """The path is taken until it is disabled."""
        aggregate.mounts[self.path] = msgspec.structs.replace(aggregate.mounts[self.path], closed=True)


class MountDisabled(MountEvent, frozen=True, kw_only=True):
    """All that lay there is gone, and the path is free."""

    TOPIC: ClassVar[str] = "mount.disabled"

    def apply(self, aggregate: MountTable) -> None:
        """It is not there."""
        aggregate.mounts.pop(self.path)


class MountTable(Aggregate):
    """Of one tenant. Built-in mounts are in it like others."""

    TOPIC = "mount_table"

    def __init__(self) -> None:
        self.mounts: dict[str, MountEntry] = dict(_GIVEN)

    @classmethod
    def begin(cls, tenant: str, at: datetime) -> Self:
        """The built-in mounts."""
        return cls._create(MountTableCreated, id=table_stream(tenant), timestamp=at)

    def enable(self, entry: MountEntry, at: datetime) -> None:
        """Have an engine answer; raises `Invalid`, `Conflict` if the path is taken, lies in another or holds one.

        A built-in mount may be enabled once, as what it is.
        """
        checked_mount_path(entry.path)
        _check_length(entry)
        if entry.kind == "database" and "--" in entry.path:
            raise Invalid("the path of a database mount holds no two hyphens after one another")
        there = self.mounts.get(entry.path)
        if there and not (there.built_in and there.engine == entry.engine and entry.kind != "system"):
            raise Conflict(f"path is already in use at {entry.path}")
        for path in self.mounts:
            if path != entry.path and (path.startswith(entry.path) or entry.path.startswith(path)):
                raise Conflict(f"path is already in use at {path}")
        if len(self.mounts) >= MAX_MOUNTS:
            raise Conflict(f"a tenant has at most {MAX_MOUNTS} mounts; disable one first")
        self.trigger_event(
            MountEnabled,
            path=entry.path,
            kind=entry.kind,
            accessor=there.accessor if there else entry.accessor,
            description=entry.description or (there.description if there else ""),
            options=dict(entry.options),
            default_ttl_seconds=entry.default_ttl,
            max_ttl_seconds=entry.max_ttl,
            timestamp=at,
        )

    def tune(self, entry: MountEntry, at: datetime) -> None:
        """Change what is said about it; raises `NotFound`, `Invalid`."""
        there = self.open(entry.path)
        _check_length(entry)
        if entry.engine != there.engine:
            raise Invalid("a key-value mount keeps its version; copy what lies there to a mount of the other one")
        self.trigger_event(
            MountTuned,
            path=entry.path,
            description=entry.description,
            options=dict(entry.options),
            default_ttl_seconds=entry.default_ttl,
            max_ttl_seconds=entry.max_ttl,
            timestamp=at,
        )

    def close(self, path: str, at: datetime) -> bool:
        """Have nothing answer there any more; False if it was so. Raises `NotFound`, `Invalid` for a built-in one."""
        entry = self.mounts.get(path)
        if entry is None:
            raise NotFound(f"there is no mount {path}")
        if path in _GIVEN:
            raise Invalid(f"{path} is the store itself, and there for every tenant: it cannot be disabled")
        if entry.closed:
            return False
        self.trigger_event(MountClosed, path=path, timestamp=at)
        return True

    def disable(self, path: str, at: datetime) -> None:
        """Free the path, once all that lay there is gone; raises `Conflict` if somebody was faster."""
        entry = self.mounts.get(path)
        if entry is None or not entry.closed:
            raise Conflict(f"{path} was disabled meanwhile")
        self.trigger_event(MountDisabled, path=path, timestamp=at)

    def open(self, path: str) -> MountEntry:
        """The mount that answers at exactly this path; raises `NotFound`."""
        entry = self.mounts.get(path)
        if entry is None or entry.closed:
            raise NotFound(f"there is no mount {path}")
        return entry


def table_stream(tenant: str) -> UUID:
    """The stream of a tenant's mounts."""
    return stream_of("mount_table", tenant, "")


def _check_length(entry: MountEntry) -> None:
    pairs = entry.options.items()
    if len(entry.description) + sum(len(name) + len(value) for name, value in pairs) > MAX_SETTINGS:
        raise Invalid(f"description and options have at most {MAX_SETTINGS} characters")
