"""Leases of databases by the names that Vault's clients have for them, and back.

Both faces show the same providers, roles and leases: `domain.database_names` says which mount a provider belongs to.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from api.vault.failures import VaultError
from domain.database_names import BETWEEN, provider_name
from domain.database_names import mount_of as mount_of  # noqa: PLC0414 - the half that needs no more

_NATIVE = re.compile(r"lse_[0-9a-f]{24}\Z")


class LeaseName(NamedTuple):
    """What the id of a lease says."""

    mount: str
    """Path of the mount, with the slash at its end."""
    role: str
    native: str
    """What the native face calls the lease."""


def provider_of(mount: str, name: str) -> str:
    """The provider that is the config `name` of the mount at path `mount`; raises `VaultError` 400."""
    if BETWEEN in name:
        raise VaultError(400, f"{name!r}: a name may not hold two hyphens after one another")
    return provider_name(mount, name)


def config_of(mount: str, provider: str) -> str | None:
    """The name that a provider has under the mount at path `mount`; None if it belongs to another mount."""
    return provider.rpartition(BETWEEN)[2] if mount_of(provider) == mount else None


def lease_id_of(provider: str, role: str, native: str) -> str:
    """The id by which Vault's clients know a lease: the path it was read at, and the native id."""
    return f"{mount_of(provider)}creds/{role}/{native}"


def lease_name(lease_id: str) -> LeaseName | None:
    """The inverse of `lease_id_of`, the native id alone being taken too; None for what is no lease's id.

    Whether the lease was issued at that path is for the caller to see: the native id alone names it.
    """
    before, _, native = lease_id.strip("/").rpartition("/")
    if not _NATIVE.match(native):
        return None
    mount, _, role = before.rpartition("/creds/")
    return LeaseName(f"{mount}/" if mount else "", role, native)
