"""Which engine answers under which path of the Vault surface."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

import msgspec

from domain.errors import Invalid

MAX_MOUNTS: Final = 1000
"""Most mounts of one tenant."""
_SEGMENT = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9_.+=:,-]{1,63}\Z")
_TAKEN: Final = ("auth/", "cubbyhole/", "identity/", "sys/", "trstctl/")
"""No engine is enabled there or below."""
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
    closed: bool = False
    """Nothing answers there any more, and what lay there is being destroyed."""

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


def checked_mount_path(path: str) -> str:
    """`path` unchanged if a mount may have it, with the slash at its end; raises `Invalid`."""
    bare = path.removeprefix("auth/") if path.startswith("auth/") else path
    segments = bare.removesuffix("/").split("/")
    if len(path) > 255 or not path.endswith("/") or not all(map(_SEGMENT.match, segments)):
        raise Invalid(f"{path[:255]!r}: a mount's path has segments of 1 to 63 of A-Z a-z 0-9 _ . + = : , -")
    if bare == path and path.startswith(_TAKEN) and path not in {"cubbyhole/", "sys/"}:
        raise Invalid(f"cannot mount to {path!r}: it is kept for the system")
    return path


_SECRET_KINDS: Final = {"kv": "1", "generic": "1", "kv-v1": "1", "kv-v2": "2", "database": "", "transit": ""}
"""What may be enabled for secrets, and the version that the name says."""
_AUTH_KINDS: Final = {
    "approle": "approle",
    "userpass": "userpass",
    "jwt": "jwt",
    "oidc": "jwt",
    "kubernetes": "kubernetes",
}
_NEVER: Final = frozenset({"cubbyhole", "identity", "system", "sys", "token", "ns_system", "ns_token"})


def kind_of(name: str, options: Mapping[str, str], *, is_auth: bool) -> tuple[str, dict[str, str]]:
    """The kind that is meant by one of its names, and the options of such a mount; raises `Invalid`."""
    if name in _NEVER:
        raise Invalid(f'mount type of "{name}" is not mountable')
    if is_auth:
        if name not in _AUTH_KINDS:
            raise Invalid(f"plugin not found in the catalog: {name[:60]}; there are {', '.join(_AUTH_KINDS)}")
        return _AUTH_KINDS[name], dict(options)
    if name not in _SECRET_KINDS:
        raise Invalid(f"plugin not found in the catalog: {name[:60]}; there are {', '.join(_SECRET_KINDS)}")
    said = _SECRET_KINDS[name]
    if not said:
        return name, dict(options)
    version = options.get("version") or said
    if version not in {"1", "2"} or (name.startswith("kv-") and version != said):
        raise Invalid(f"a key-value mount of type {name} has no version {version[:20]!r}")
    return "kv", {**options, "version": version}


class Found(NamedTuple):
    """A mount, and what of the path lies in it."""

    mount: MountEntry
    rest: str


class Mounts:
    """The mounts of one tenant."""

    def __init__(self, entries: Iterable[MountEntry]) -> None:
        self._by_path = {entry.path: entry for entry in entries if not entry.closed}

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
