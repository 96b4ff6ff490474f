"""Which mount of the Vault surface a provider belongs to: its name says so.

A provider of a tenant is a `config` of the mount `database/`. What further mounts configure has the mount's path before
its name: `db` under `team/pg/` is the provider `team--pg--db`.
"""

from __future__ import annotations

from typing import Final

FIRST: Final = "database"
"""The mount whose configs are providers by their bare names."""
BETWEEN: Final = "--"


def provider_name(mount: str, name: str) -> str:
    """The provider that is the config `name`, which has no two hyphens together, of the mount at path `mount`."""
    path = mount.strip("/")
    return name if path == FIRST else f"{path.replace('/', BETWEEN)}{BETWEEN}{name}"


def mount_of(provider: str) -> str:
    """The path of the mount that a provider belongs to, with the slash at its end."""
    path = provider.rpartition(BETWEEN)[0]
    return f"{path.replace(BETWEEN, '/') or FIRST}/"
