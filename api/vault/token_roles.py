"""`auth/token/roles/`: named ways of creating tokens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from api.vault.fields import Fields
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route

_MOST_LISTED: Final = 100_000


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(each for each in fields.texts(name) if each)


def _policies(fields: Fields, name: str) -> tuple[str, ...]:
    return tuple(sorted({each.strip().lower() for each in fields.texts(name)} - {""}))


_READINGS: Final[Mapping[str, Callable[[Fields, str], Any]]] = {
    "allowed_policies": _policies,
    "allowed_policies_glob": _policies,
    "disallowed_policies": _policies,
    "disallowed_policies_glob": _policies,
    "orphan": Fields.flag,
    "renewable": Fields.flag,
    "path_suffix": Fields.text,
    "token_bound_cidrs": _texts,
    "token_explicit_max_ttl": Fields.seconds,
    "token_no_default_policy": Fields.flag,
    "token_num_uses": Fields.number,
    "token_period": Fields.seconds,
    "token_type": Fields.text,
}
_OLDER: Final = {
    "bound_cidrs": "token_bound_cidrs",
    "explicit_max_ttl": "token_explicit_max_ttl",
    "period": "token_period",
}
"""Older names, as Vault still takes and tells them; where both are given the newer one counts."""


async def write(request: VaultRequest) -> None:
    """Configure a role; what is not named stays as it is."""
    older = {new: _READINGS[new](request.fields, old) for old, new in _OLDER.items() if request.fields.given(old)}
    given = {name: read(request.fields, name) for name, read in _READINGS.items() if request.fields.given(name)}
    changes = {**older, **given}
    if changes.get("token_type") == "":
        del changes["token_type"]
    await request.services.token_roles.configure(request.call, request.values["role"], changes)


async def read(request: VaultRequest) -> Reply:
    """One role."""
    settings = await request.services.token_roles.show(request.call, request.values["role"])
    told = msgspec.structs.asdict(settings)
    older = {old: told[new] for old, new in _OLDER.items() if old != "bound_cidrs"}
    return Reply(data={"name": request.values["role"], **told, **older, "allowed_entity_aliases": None})


async def names(request: VaultRequest) -> Reply | None:
    """Names of all roles."""
    limit = request.fields.number("limit")
    after = request.fields.text("after")
    bound = min(limit, _MOST_LISTED) if limit > 0 else _MOST_LISTED
    return listed(await request.services.token_roles.names(request.call, after, bound))


async def remove(request: VaultRequest) -> None:
    """Create no token by it any more; one that is not there is gone."""
    await request.services.token_roles.remove(request.call, request.values["role"])


async def _exists(request: VaultRequest) -> bool:
    return await request.services.token_roles.find(request.tenant, request.values["role"]) is not None


ROUTES: Final = (
    Route("roles", {LIST: names}),
    Route("roles/{role}", {READ: read, UPDATE: write, DELETE: remove}, exists=_exists),
)
