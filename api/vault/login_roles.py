"""What the roles of all auth methods have in common on the Vault surface: reads, lists, and their `token_*` fields."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeVar

import msgspec

from api.vault.failures import VaultError
from api.vault.fields import Fields
from api.vault.reply import Reply, listed
from api.vault.request import VaultRequest
from api.vault.token_shapes import auth_of
from domain.commands.login_entering import Attempt
from domain.commands.token_minting import Minted
from domain.errors import NotFound
from domain.logins.outcome import NotLoggedIn
from domain.logins.place import Place
from domain.logins.token_settings import TokenSettings

S = TypeVar("S", bound=TokenSettings)

Reading = Callable[[Fields, str], Any]

SECONDS: Final[Reading] = Fields.seconds
NUMBER: Final[Reading] = Fields.number
FLAG: Final[Reading] = Fields.flag
TEXT: Final[Reading] = Fields.text
OBJECT: Final[Reading] = Fields.object
MAPPING: Final[Reading] = Fields.mapping


def texts(fields: Fields, name: str) -> tuple[str, ...]:
    """A list of texts that are not empty."""
    return tuple(each for each in fields.texts(name) if each)


TOKEN_FIELDS: Final[Mapping[str, Reading]] = {
    "token_bound_cidrs": texts,
    "token_explicit_max_ttl": SECONDS,
    "token_max_ttl": SECONDS,
    "token_no_default_policy": FLAG,
    "token_num_uses": NUMBER,
    "token_period": SECONDS,
    "token_policies": texts,
    "token_strictly_bind_ip": FLAG,
    "token_ttl": SECONDS,
    "token_type": TEXT,
}
LEGACY: Final[Mapping[str, str]] = {
    "policies": "token_policies",
    "ttl": "token_ttl",
    "max_ttl": "token_max_ttl",
    "period": "token_period",
    "num_uses": "token_num_uses",
    "bound_cidrs": "token_bound_cidrs",
}
"""Older names, as Vault still takes them; where both are given the newer one counts."""
_PAGE: Final = 100_000


def place_of(request: VaultRequest) -> Place:
    """The mount that is asked."""
    return Place.at(request.tenant, request.mount)


def attempt_of(request: VaultRequest) -> Attempt:
    """The login that is tried."""
    return Attempt(place_of(request), request.address, request.id.replace("-", ""))


def given(fields: Fields, own: Mapping[str, Reading], old: S | None, legacy: tuple[str, ...]) -> dict[str, Any]:
    """What of the settings the request names, by the readings of `own` and those of tokens."""
    readings = {**TOKEN_FIELDS, **own}
    found = {name: reading(fields, name) for name, reading in readings.items() if fields.given(name)}
    used = set(old.legacy if old else ())
    for name in legacy:
        newer = LEGACY[name]
        if newer in found:
            used = used | {name} if fields.given(name) else used - {name}
        elif fields.given(name):
            found[newer] = readings[newer](fields, name)
            used.add(name)
    if found.get("token_type") == "":
        del found["token_type"]
    return {**found, "legacy": tuple(sorted(used))}


def token_data(settings: TokenSettings) -> dict[str, Any]:
    """The `token_*` fields of a role as they are read, and the older names that it was made with."""
    told = {name: plain(getattr(settings, name)) for name in TOKEN_FIELDS}
    return {**told, **{name: told[LEGACY[name]] for name in settings.legacy}}


async def page(request: VaultRequest) -> Reply | None:
    """Names of roles, or users."""
    limit = request.fields.number("limit")
    names = await request.services.logins.admin.names(
        request.call, place_of(request), request.fields.text("after"), limit if limit > 0 else _PAGE
    )
    return listed(names)


async def remove(request: VaultRequest) -> None:
    """Remove a role, or user; one that is not there is gone."""
    await request.services.logins.admin.remove_role(request.call, place_of(request), request.values["name"])


async def exists(request: VaultRequest) -> bool:
    """Whether there is a role, or user, of the name in the path."""
    return await request.services.logins.admin.exists(place_of(request), request.values["name"])


async def settings_of(request: VaultRequest, kind: type[S]) -> S:
    """The role, or user, that the path names; raises `NotFound`."""
    row = await request.services.logins.admin.role(request.call, place_of(request), request.values["name"])
    if row is None:
        raise NotFound("there is no such role")
    return msgspec.json.decode(row.settings, type=kind)


async def logged_in(request: VaultRequest, login: Awaitable[Minted]) -> Reply:
    """The answer to a login."""
    try:
        minted = await login
    except NotLoggedIn as refusal:
        raise VaultError(403 if refusal.denied else 400, refusal.message) from None
    return Reply(auth=auth_of(minted.row, minted.text, request.services.clock()), position=minted.position)


def plain(value: object) -> object:
    """A setting as JSON has it."""
    return list(value) if isinstance(value, tuple) else value
