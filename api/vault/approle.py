"""`auth/approle/`: roles of programs, and their logins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final
from uuid import uuid4

import msgspec

from api.vault import approle_secret_ids
from api.vault.failures import VaultError
from api.vault.login_roles import (
    FLAG,
    NUMBER,
    SECONDS,
    TEXT,
    TOKEN_FIELDS,
    Reading,
    attempt_of,
    exists,
    given,
    logged_in,
    page,
    place_of,
    plain,
    remove,
    settings_of,
    texts,
    token_data,
)
from api.vault.reply import Reply
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Handler, Route
from domain.logins.approle import AppRole

_OWN: Final[dict[str, Reading]] = {
    "role_id": TEXT,
    "bind_secret_id": FLAG,
    "secret_id_bound_cidrs": texts,
    "secret_id_num_uses": NUMBER,
    "secret_id_ttl": SECONDS,
    "local_secret_ids": FLAG,
}
_LEGACY: Final = ("policies", "period")
_KINDS: Final = {"default-service": "service", "default-batch": "batch"}
_FIELDS: Final[dict[str, str]] = {
    "policies": "token_policies",
    "period": "token_period",
    "bound-cidr-list": "secret_id_bound_cidrs",
    "secret-id-bound-cidrs": "secret_id_bound_cidrs",
    "token-bound-cidrs": "token_bound_cidrs",
    "bind-secret-id": "bind_secret_id",
    "secret-id-num-uses": "secret_id_num_uses",
    "secret-id-ttl": "secret_id_ttl",
    "token-num-uses": "token_num_uses",
    "token-ttl": "token_ttl",
    "token-max-ttl": "token_max_ttl",
}
"""Settings that have a path of their own, by its last segment."""
_ALIASES: Final = {"policies": "policies", "period": "period", "bound-cidr-list": "bound_cidr_list"}
"""What such a path calls its field, if not by the name of the setting."""


async def read(request: VaultRequest) -> Reply:
    """A role."""
    role = await settings_of(request, AppRole)
    own = {name: plain(getattr(role, name)) for name in _OWN if name != "role_id"}
    return Reply(data={**token_data(role), **own})


async def write(request: VaultRequest) -> Reply | None:
    """Make a role, or change what the request names of one."""
    await _put(request, lambda old: _changed(request, old))
    kind = request.fields.text("token_type")
    if kind in _KINDS:
        return Reply(warnings=[f"{kind} has no useful meaning; adjusting to {_KINDS[kind]}"])
    return None


async def read_role_id(request: VaultRequest) -> Reply:
    """What a login names the role by."""
    return Reply(data={"role_id": (await settings_of(request, AppRole)).role_id})


async def write_role_id(request: VaultRequest) -> None:
    """Have the role named otherwise."""
    role_id = request.fields.text("role_id")
    if not role_id:
        raise VaultError(400, "missing role_id")
    await _put_living(request, {"role_id": role_id})


async def login(request: VaultRequest) -> Reply:
    """A token for role id and secret id."""
    role_id, secret_id = request.fields.text("role_id").strip(), request.fields.text("secret_id").strip()
    return await logged_in(request, request.services.logins.approle.enter(attempt_of(request), role_id, secret_id))


def _field_routes() -> list[Route]:
    return [_field_route(segment, setting) for segment, setting in _FIELDS.items()]


def _field_route(segment: str, setting: str) -> Route:
    field = _ALIASES.get(segment, setting)
    reading: Reading = _OWN.get(setting) or TOKEN_FIELDS[setting]

    async def read_field(request: VaultRequest) -> Reply:
        value = plain(getattr(await settings_of(request, AppRole), setting))
        return Reply(data={field: value, setting: value})

    async def write_field(request: VaultRequest) -> None:
        name = field if request.fields.given(field) else setting
        if not request.fields.given(name):
            raise VaultError(400, f"missing {field}")
        await _put_living(request, {setting: reading(request.fields, name)})

    async def delete_field(request: VaultRequest) -> None:
        if await exists(request):
            await _put_living(request, {setting: getattr(AppRole(role_id="x"), setting)})

    handlers: dict[str, Handler] = {READ: read_field, UPDATE: write_field, DELETE: delete_field}
    return Route(f"role/{{name}}/{segment}", handlers)


async def read_local(request: VaultRequest) -> Reply:
    """Whether secret ids stay on one cluster; here there is but one."""
    return Reply(data={"local_secret_ids": (await settings_of(request, AppRole)).local_secret_ids})


async def _put_living(request: VaultRequest, changes: dict[str, Any]) -> None:
    if not await exists(request):
        raise VaultError(404)
    await _put(request, lambda old: msgspec.structs.replace(_decoded(old), **changes))


async def _put(request: VaultRequest, change: Callable[[str | None], AppRole]) -> None:
    await request.services.logins.admin.put_role(request.call, place_of(request), request.values["name"], change)


def _changed(request: VaultRequest, old: str | None) -> AppRole:
    before = _decoded(old) if old else None
    changes = given(request.fields, _OWN, before, _LEGACY)
    if request.fields.given("bound_cidr_list") and "secret_id_bound_cidrs" not in changes:
        changes["secret_id_bound_cidrs"] = texts(request.fields, "bound_cidr_list")
    if before and "local_secret_ids" in changes and changes["local_secret_ids"] != before.local_secret_ids:
        raise VaultError(400, "local_secret_ids can only be modified during role creation")
    if "token_type" in changes:
        changes["token_type"] = _KINDS.get(changes["token_type"], changes["token_type"])
    return msgspec.structs.replace(before or AppRole(role_id=str(uuid4())), **changes)


def _decoded(settings: str | None) -> AppRole:
    return msgspec.json.decode(settings or "{}", type=AppRole)


ROUTES: Final = (
    Route("login", {UPDATE: login}, open=True),
    Route("role", {LIST: page}),
    Route("role/{name}", {READ: read, UPDATE: write, DELETE: remove}, exists=exists),
    Route("role/{name}/role-id", {READ: read_role_id, UPDATE: write_role_id}),
    Route("role/{name}/local-secret-ids", {READ: read_local}),
    *_field_routes(),
    *approle_secret_ids.ROUTES,
)
