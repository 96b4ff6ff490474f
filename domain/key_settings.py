"""What is set for a secret beside its value, or for a whole mount: how many versions stay, and how long."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from domain.errors import Invalid

MAX_VERSIONS: Final = 1_000_000
"""Most versions that a secret can be told to keep."""
MAX_DELETE_AFTER: Final = 100 * 366 * 24 * 3600
"""Longest life that a version can be given, in seconds: a hundred years."""
_MAX_ENTRIES: Final = 64
_MAX_KEY: Final = 128
_MAX_VALUE: Final = 512


class MountRules(msgspec.Struct, frozen=True, kw_only=True):
    """What a mount says for all secrets in it; whoever writes there hands it in. The default says nothing."""

    max_versions: int = 0
    cas_required: bool = False
    delete_after_seconds: int = 0
    """Negative: versions live on, whatever the secret itself says."""
    otherwise_versions: int = 0
    """How many versions stay where neither the mount nor the secret says a number; 0: all of them."""


NATIVE: Final = MountRules()
"""Of the store itself: histories are kept whole, unless the secret says otherwise."""


class KeySettings(msgspec.Struct, frozen=True, kw_only=True):
    """What one secret says of itself. What is 0, False or empty is not set."""

    max_versions: int = 0
    cas_required: bool = False
    delete_after_seconds: int = 0
    custom_metadata: dict[str, str] = {}

    def kept(self, mount: MountRules) -> int:
        """How many versions stay; 0: all."""
        return max(self.max_versions, mount.max_versions) or mount.otherwise_versions

    def life(self, mount: MountRules) -> timedelta | None:
        """How long a version lives from its writing; None: until somebody deletes it."""
        said = [each for each in (self.delete_after_seconds, mount.delete_after_seconds) if each]
        return timedelta(seconds=min(said)) if said and min(said) > 0 else None

    def demands_cas(self, mount: MountRules) -> bool:
        """Whether a write has to say which version it follows."""
        return self.cas_required or mount.cas_required


class SettingsChange(msgspec.Struct, frozen=True, kw_only=True):
    """New settings; None leaves one as it is, and 0, False or empty unsets it."""

    max_versions: int | None = None
    cas_required: bool | None = None
    delete_after_seconds: int | None = None
    custom_metadata: dict[str, str] | None = None

    def checked(self) -> SettingsChange:
        """Itself, if all is within its bounds; raises `Invalid`."""
        if self.max_versions is not None and not 0 <= self.max_versions <= MAX_VERSIONS:
            raise Invalid(f"max_versions is 0 to {MAX_VERSIONS}; 0 leaves it to the mount")
        if self.delete_after_seconds is not None and not 0 <= self.delete_after_seconds <= MAX_DELETE_AFTER:
            raise Invalid(f"delete_version_after is 0 to {MAX_DELETE_AFTER} seconds; 0 leaves it to the mount")
        _check_entries(self.custom_metadata or {})
        return self


def _check_entries(entries: dict[str, str]) -> None:
    failed = "custom_metadata validation failed: "
    if len(entries) > _MAX_ENTRIES:
        raise Invalid(f"{failed}payload must contain at most {_MAX_ENTRIES} keys, provided {len(entries)}")
    for key, value in entries.items():
        if not 1 <= len(key.encode()) <= _MAX_KEY or not key.isprintable():
            raise Invalid(f"{failed}a key has 1 to {_MAX_KEY} bytes, all printable")
        if not 1 <= len(value.encode()) <= _MAX_VALUE or not value.isprintable():
            raise Invalid(f"{failed}the value of {key!r} has 1 to {_MAX_VALUE} bytes, all printable")
