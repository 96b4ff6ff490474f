"""Which engine answers under which path of the Vault surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import msgspec

DEFAULT_TTL: Final = 768 * 3600
"""What Vault gives where nobody says how long, in seconds: 32 days, also its most."""


class MountEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One mount. `path` ends in a slash; that of an auth method begins with `auth/`."""

    path: str
    kind: str
    """What it is: `kv`, `transit`, `database`, `cubbyhole`, `system`, `token`, `approle`, `userpass`, `jwt`, …"""
    accessor: str
    description: str = ""
    options: dict[str, str] = {}
    default_ttl: int = 0
    """Seconds; 0 is the system's."""
    max_ttl: int = 0
    """Seconds; 0 is the system's."""
    local: bool = False
    built_in: bool = False
    """There without anybody having enabled it; whoever enables the very same succeeds."""

    @property
    def is_auth(self) -> bool:
        """Whether it logs callers in."""
        return self.path.startswith("auth/")

    @property
    def engine(self) -> str:
        """The kind, for `kv` with its version: `kv1` or `kv2`."""
        return f"kv{self.options.get('version', '1')}" if self.kind == "kv" else self.kind


def _built_in(path: str, kind: str, description: str, **options: str) -> MountEntry:
    accessor = f"{'auth_' if path.startswith('auth/') else ''}{kind}_00000000"
    return MountEntry(path=path, kind=kind, accessor=accessor, description=description, options=options, built_in=True)


BUILT_IN: Final = (
    _built_in("auth/token/", "token", "token based credentials"),
    _built_in("cubbyhole/", "cubbyhole", "per-token private secret storage"),
    _built_in("database/", "database", "credentials of databases, by the providers of this tenant"),
    _built_in("secret/", "kv", "the secret store", version="2"),
    _built_in("sys/", "system", "system endpoints used for control, policy and debugging"),
    _built_in("transit/", "transit", "encryption as a service, by the transit keys of this tenant"),
)
"""What every tenant has."""


class Found(NamedTuple):
    """A mount, and what of the path lies in it."""

    mount: MountEntry
    rest: str


class Mounts:
    """The mounts of one tenant."""

    def __init__(self, entries: Iterable[MountEntry]) -> None:
        self._by_path = {entry.path: entry for entry in entries}

    def __iter__(self) -> Iterator[MountEntry]:
        return iter(sorted(self._by_path.values(), key=lambda entry: entry.path))

    def get(self, path: str) -> MountEntry | None:
        """The mount of exactly this path."""
        return self._by_path.get(path)

    def find(self, path: str) -> Found | None:
        """The mount that `path` lies in: no mount lies in another, so the first that fits is the one."""
        end = path.find("/") + 1
        while end:
            entry = self._by_path.get(path[:end])
            if entry:
                return Found(entry, path[end:])
            end = path.find("/", end) + 1
        entry = self._by_path.get(f"{path}/")
        return Found(entry, "") if entry else None
