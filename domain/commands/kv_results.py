"""What key-value commands answer with. Field names and numbers are those that their clients know.

Versions are counted from 1 again after a secret was forgotten; the store's own numbers go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, NamedTuple

import msgspec

from domain.key_settings import KeySettings
from domain.kv_view import KvEntry, KvKey, KvVersion
from domain.plaintext import Plaintext
from domain.secret import Secret

Moment = datetime | Literal[""]
"""A point in time, or an empty text if there is none."""


class VersionMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A version without its value."""

    version: int
    created_time: datetime
    deletion_time: Moment = ""
    """When it was, or will be, deleted."""
    destroyed: bool = False
    custom_metadata: dict[str, str] | None = None


class KvRead(NamedTuple):
    """A version; without its value if that is deleted or destroyed. The receiver wipes the value."""

    meta: VersionMeta
    value: Plaintext | None


class KeyMeta(NamedTuple):
    """A secret with all of its versions, newest first."""

    settings: KeySettings
    versions: Sequence[VersionMeta]
    current_version: int
    oldest_version: int
    """0 until something was pruned."""
    created_time: datetime
    updated_time: datetime


def meta_of(found: KvVersion) -> VersionMeta:
    """What a read tells of a version."""
    version = found.version
    return VersionMeta(
        version=version.number - found.forgotten,
        created_time=version.created_at,
        deletion_time=version.ends_at or "",
        destroyed=version.destroyed_at is not None,
        custom_metadata=found.custom_metadata or None,
    )


def written_meta(secret: Secret, at: datetime) -> VersionMeta:
    """What a write tells of the version it made."""
    return VersionMeta(
        version=secret.current - secret.forgotten,
        created_time=at,
        deletion_time=secret.expiring.get(secret.current, ""),
        custom_metadata=secret.settings.custom_metadata or None,
    )


def key_meta(key: KvKey, entries: Sequence[KvEntry]) -> KeyMeta:
    """What is told of a secret."""
    oldest = entries[-1].number - key.forgotten if entries else 0
    return KeyMeta(
        settings=key.settings,
        versions=[_listed(entry, key.forgotten) for entry in entries],
        current_version=key.newest,
        oldest_version=oldest if oldest > 1 else 0,
        created_time=key.born_at,
        updated_time=max(key.changed_at, *(_touched(entry) for entry in entries)) if entries else key.changed_at,
    )


def _listed(entry: KvEntry, forgotten: int) -> VersionMeta:
    return VersionMeta(
        version=entry.number - forgotten,
        created_time=entry.created_at,
        deletion_time=entry.ends_at or "",
        destroyed=entry.destroyed_at is not None,
    )


def _touched(entry: KvEntry) -> datetime:
    return max(at for at in (entry.created_at, entry.destroyed_at, entry.changed_at) if at)
