"""Names of keys by mount of the Vault surface.

Keys of `transit/` have their own name alone. Those of further mounts have the mount's path before it, with `~` for each
slash, which is in no other part of a name: `orders` in `team/eu/` is `team~eu~orders`.
"""

from __future__ import annotations

from typing import Final

OWN: Final = "transit/"
"""The mount whose keys have no mount in their names."""
_SLASH: Final = "~"


def key_name(mount: str, name: str) -> str:
    """The name of the key that is `name` in `mount`, which ends in a slash; with an empty `name`, how all begin."""
    return name if mount == OWN else mount.replace("/", _SLASH) + name


def mount_and_name(key: str) -> tuple[str, str]:
    """The inverse of `key_name`."""
    mount, slash, name = key.rpartition(_SLASH)
    return (f"{mount.replace(_SLASH, '/')}/", name) if slash else (OWN, name)
