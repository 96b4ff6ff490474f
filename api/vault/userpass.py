"""`auth/userpass/`: users with passwords."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from api.vault.failures import VaultError
from api.vault.login_roles import (
    attempt_of,
    exists,
    given,
    logged_in,
    page,
    place_of,
    remove,
    settings_of,
    texts,
    token_data,
)
from api.vault.reply import Reply
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route
from domain.errors import NotFound
from domain.logins.userpass import User
from domain.passphrase import MAX_PASSPHRASE

_LEGACY: Final = ("policies", "ttl", "max_ttl", "bound_cidrs")


async def read(request: VaultRequest) -> Reply:
    """A user, without the password."""
    return Reply(data=token_data(await settings_of(request, User)))


async def write(request: VaultRequest) -> None:
    """Make a user, who needs a password, or change one."""
    password = _password(request)
    if password is None and not await exists(request):
        raise VaultError(400, "missing password")
    await request.services.logins.admin.put_role(
        request.call, place_of(request), request.values["name"], lambda old: _changed(request, old), password
    )


async def write_password(request: VaultRequest) -> None:
    """Give a user another password."""
    password = _password(request)
    if password is None:
        raise VaultError(400, "missing password")
    try:
        await request.services.logins.admin.set_password(
            request.call, place_of(request), request.values["name"], password
        )
    except NotFound:
        raise VaultError(400, "username does not exist") from None


async def write_policies(request: VaultRequest) -> None:
    """Give a user's later tokens other policies."""
    if not await exists(request):
        raise VaultError(400, "username does not exist")
    await request.services.logins.admin.put_role(
        request.call, place_of(request), request.values["name"], lambda old: _with_policies(request, old)
    )


async def login(request: VaultRequest) -> Reply:
    """A token for name and password."""
    password = request.fields.text("password", most=MAX_PASSPHRASE)
    entering = request.services.logins.userpass.enter(attempt_of(request), request.values["name"], password)
    return await logged_in(request, entering)


def _password(request: VaultRequest) -> str | None:
    if request.fields.text("password_hash"):
        raise VaultError(400, "password_hash is not taken: give password, of which a slow hash is kept here")
    return request.fields.text("password", most=MAX_PASSPHRASE) or None


def _changed(request: VaultRequest, old: str | None) -> User:
    before = msgspec.json.decode(old, type=User) if old else None
    return _replaced(before, given(request.fields, {}, before, _LEGACY))


def _with_policies(request: VaultRequest, old: str | None) -> User:
    before = msgspec.json.decode(old, type=User) if old else User()
    name = "token_policies" if request.fields.given("token_policies") else "policies"
    legacy = set(before.legacy) - {"policies"} | ({"policies"} if request.fields.given("policies") else set())
    return _replaced(before, {"token_policies": texts(request.fields, name), "legacy": tuple(sorted(legacy))})


def _replaced(before: User | None, changes: dict[str, Any]) -> User:
    return msgspec.structs.replace(before or User(), **changes)


ROUTES: Final = (
    Route("login/{name}", {UPDATE: login}, open=True),
    Route("users", {LIST: page}),
    Route("users/{name}", {READ: read, UPDATE: write, DELETE: remove}, exists=exists),
    Route("users/{name}/password", {UPDATE: write_password}),
    Route("users/{name}/policies", {UPDATE: write_policies}),
)
