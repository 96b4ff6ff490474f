"""Leases of databases by the names that Vault's clients have for them, and back.

A provider of a tenant is a `config` of the mount `database/`. What further mounts configure has the mount's path before
its name: `db` under `team/pg/` is the provider `team--pg--db`. So both faces show the same providers, roles and leases.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from api.vault.failures import VaultError

_FIRST: Final = "database"
"""The mount whose configs are providers by their bare names."""
_BETWEEN: Final = "--"
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
    if _BETWEEN in name:
        raise VaultError(400, f"{name!r}: a name may not hold two hyphens after one another")
    path = mount.strip("/")
    return name if path == _FIRST else f"{path.replace('/', _BETWEEN)}{_BETWEEN}{name}"


def config_of(mount: str, provider: str) -> str | None:
    """The name that a provider has under the mount at path `mount`; None if it belongs to another mount."""
    return provider.rpartition(_BETWEEN)[2] if mount_of(provider) == mount else None


def mount_of(provider: str) -> str:
    """The path of the mount that a provider belongs to, with the slash at its end."""
    path = provider.rpartition(_BETWEEN)[0]
    return f"{path.replace(_BETWEEN, '/') or _FIRST}/"


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
