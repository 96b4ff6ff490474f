"""From scopes of the native face to what policies have to give on the Vault surface."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from domain import scopes
from domain.acl.rules import CREATE, UPDATE
from domain.acl.table import NATIVE, ROWS, Row
from domain.mounts import Mounts
from domain.transit.names import mount_and_name
from domain.vault_names import FOLDER, vault_path

_NAME: Final = "{name}"
_FOLDER: Final = "{folder}"


class Need(NamedTuple):
    """A capability on a path; with `sudo` that one too."""

    path: str
    capability: str
    sudo: bool = False


class _Place(NamedTuple):
    engine: str
    mount: str
    name: str


def needs(verb: str, bound: str, mounts: Mounts, *, exists: bool | None) -> Iterator[Need]:
    """What gives the scope `verb` on `bound`, each of these by itself. `exists`: whether it is there; None: unknown."""
    rows = _giving(verb)
    if not rows:
        yield Need(f"{_native_of(verb)}/{bound}", UPDATE)
        return
    if not any("{" in row.pattern for row in rows):
        yield from needs_of_all(verb, mounts)[0]
        return
    place = _place(verb, bound, mounts)
    for row in rows:
        if place and row.engine == place.engine and "{" in row.pattern:
            path = place.mount + _filled(row.pattern, place.name, bound)
            yield from (Need(path, each, row.sudo) for each in _fitting(row, exists))


def needs_of_all(verb: str, mounts: Mounts) -> tuple[list[Need], list[list[Need]]]:
    """What gives `verb` without a bound: each of the first by itself; or, for whole folders, one of each list."""
    rows = _giving(verb)
    if not rows:
        bounded = verb in scopes.BOUNDABLE
        own = Need(_native_of(verb), UPDATE)
        return ([], [[Need(f"{own.path}/", UPDATE)]]) if bounded else ([own], [])
    direct = [
        Need(mount + row.pattern, each, row.sudo)
        for row in rows if "{" not in row.pattern
        for mount in _mounts_of(row.engine, mounts)
        for each in row.capabilities.split()
    ]  # fmt: skip
    return direct, [folders for folders in _folders(rows, mounts) if folders]


def folders_of(verb: str, mounts: Mounts) -> Iterator[Need]:
    """The folders below which `verb` may be given on something."""
    rows = _giving(verb)
    if not rows:
        yield Need(f"{_native_of(verb)}/", UPDATE)
    for folders in _folders(rows, mounts):
        yield from folders
    direct, _ = needs_of_all(verb, mounts)
    yield from direct


@lru_cache(maxsize=256)
def _giving(verb: str) -> tuple[Row, ...]:
    return tuple(row for row in ROWS if row.verb == verb and row.gives)


def _native_of(verb: str) -> str:
    return NATIVE + verb.replace(":", "/", 1)


def _fitting(row: Row, exists: bool | None) -> Iterable[str]:  # noqa: FBT001 - as `needs` has it
    for each in row.capabilities.split():
        if row.verb.endswith(":write") and ((each == CREATE and exists) or (each == UPDATE and exists is False)):
            continue
        yield each


def _filled(pattern: str, name: str, bound: str) -> str:
    folder = name[: name.rfind("/") + 1]
    return pattern.replace(_NAME, name).replace(_FOLDER, folder).replace("{lease}", _lease_prefix(bound))


def _place(verb: str, bound: str, mounts: Mounts) -> _Place | None:
    resource = verb.partition(":")[0]
    if resource == "keys":
        mount, name = mount_and_name(bound)
        return _Place("transit", mount, name)
    if resource == "secrets" or bound.startswith(FOLDER):
        mount, path = vault_path(bound)
        found = mounts.find(f"{mount}{path}")
        return _Place(found.mount.engine, found.mount.path, found.rest) if found else None
    if resource == "leases":
        return _leases_place(verb, bound)
    return _Place("auth", "auth/", bound) if resource == "auth" else _Place("system", "sys/", bound)


def _leases_place(verb: str, bound: str) -> _Place:
    provider, _, role = bound.partition("/")
    if verb != "leases:issue":
        return _Place("system", "sys/", role)
    return _Place("database", _mount_of(provider), role)


def _lease_prefix(bound: str) -> str:
    """Where leases of `provider/role` lie: the path that they were read at."""
    provider, _, role = bound.partition("/")
    return f"{_mount_of(provider)}creds/{role}/"


def _mount_of(provider: str) -> str:
    """A provider's mount is in its name, hyphens for slashes: `team--pg--db` is `db` under `team/pg/`."""
    return f"{provider.rpartition('--')[0].replace('--', '/') or 'database'}/"


def _mounts_of(engine: str, mounts: Mounts) -> list[str]:
    if engine == "auth":
        return ["auth/"]
    return [mount.path for mount in mounts if mount.engine == engine]


def _folders(rows: Sequence[Row], mounts: Mounts) -> Iterator[list[Need]]:
    """Of each mount that is concerned, the folders that the patterns begin with."""
    for engine in dict.fromkeys(row.engine for row in rows):
        bounded = [row for row in rows if row.engine == engine and "{" in row.pattern]
        for mount in _mounts_of(engine, mounts):
            yield [
                Need(mount + row.pattern.partition("{")[0], each, row.sudo)
                for row in bounded
                for each in row.capabilities.split()
            ]
