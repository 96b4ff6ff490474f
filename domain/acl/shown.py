"""From scopes to the capabilities that they amount to on a path of the Vault surface."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from domain import scopes
from domain.acl.rules import UPDATE
from domain.acl.table import NATIVE, ROWS, Row
from domain.errors import BadName
from domain.mounts import Mounts
from domain.transit.names import key_name
from domain.vault_names import native_path, native_prefix


def shown(held: Sequence[str], path: str, mounts: Mounts) -> set[str]:
    """The capabilities that scopes amount to on a path of the Vault surface."""
    if path.startswith(NATIVE):
        resource, _, rest = path.removeprefix(NATIVE).partition("/")
        verb, _, bound = rest.partition("/")
        return {UPDATE} if scopes.allows(held, f"{resource}:{verb}", bound or None) else set()
    found = mounts.find(path)
    if found is None:
        return set()
    login = found.mount.is_auth and found.mount.kind != "token"
    mount, rest = ("auth/", path.removeprefix("auth/")) if login else (found.mount.path, found.rest)
    engine = "auth" if login else found.mount.engine
    return {
        each
        for row in ROWS
        if row.engine == engine and (match := _expression(row.pattern).fullmatch(rest))
        and _holds(held, row, mount, match.groupdict())
        for each in (*row.capabilities.split(), *(["sudo"] if row.sudo else []))
    }  # fmt: skip


def _holds(held: Sequence[str], row: Row, mount: str, taken: dict[str, str]) -> bool:
    if row.verb not in scopes.BOUNDABLE:
        return scopes.allows(held, row.verb)
    if "folder" in taken:
        return bool(scopes.starts(held, row.verb, _bound_prefix(row, mount, taken["folder"] or "")))
    if not row.verb.startswith("secrets:"):
        bound = taken.get("name")
        if bound is not None and row.engine == "transit":
            bound = key_name(mount, bound)
        direct = bound is not None and row.engine != "database" and scopes.allows(held, row.verb, bound)
        return direct or (row.engine in {"database", "system"} and scopes.allows_somewhere(held, row.verb))
    try:
        return scopes.allows(held, row.verb, native_path(mount, taken["name"]))
    except BadName:
        return False


def _bound_prefix(row: Row, mount: str, folder: str) -> str:
    folder = f"{folder.rstrip('/')}/" if folder else ""
    if row.engine == "transit":
        return key_name(mount, folder)
    return native_prefix(mount, folder) if row.verb.startswith("secrets:") else folder


@lru_cache(maxsize=256)
def _expression(pattern: str) -> re.Pattern[str]:
    text = re.escape(pattern.removesuffix("/")).replace(r"\{folder\}", "(?P<folder>.*)")
    text = text.replace(r"\{name\}", "(?P<name>.+)").replace(r"\{lease\}", "(?P<lease>.*)")
    return re.compile(text + ("/?" if pattern.endswith("/") else ""), re.DOTALL)
