"""`database/static-roles/` and `static-creds/`: standing accounts whose passwords the server sets and tells."""

from __future__ import annotations

import re
from math import ceil
from typing import Any, Final

import msgspec

from api.vault.database_configs import entries, must_allow
from api.vault.database_statements import statements
from api.vault.failures import VaultError, denied
from api.vault.lease_ids import config_of, provider_of
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.token_shapes import instant
from domain.commands.static_roles import StaticPlan
from domain.errors import BackendError, NotFound
from domain.static_role_view import StaticRoleRow
from domain.timetable import Timetable

_SETS_A_PASSWORD = re.compile(r"\s*(ALTER|SET)\s.*\{\{\s*password\s*\}\}", re.IGNORECASE | re.DOTALL)
_REFUSED: Final = ("rotation_window", "self_managed_password", "password", "skip_import_rotation")


class StaticNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a client says of a role besides; the statements are told again, and the server uses its own."""

    rotation_statements: list[str] = []


async def write(request: VaultRequest) -> None:
    """Take a standing account over: its password is set now, and then by the timetable."""
    request.call.require("providers:write")
    old = await request.services.native.static_roles.find(request.call, _ref(request))
    plan = _plan(request, old)
    entry = next((each for each in await entries(request) if each.name == plan.provider), None)
    if entry is None:
        raise VaultError(400, "there is no such config: write it first")
    must_allow(entry, request.values["role"])
    try:
        await request.services.native.static_roles.configure(request.call, _ref(request), plan)
    except BackendError as error:
        raise VaultError(400, f"the password could not be set: {error.message}") from error


async def read(request: VaultRequest) -> Reply:
    """One role, without its password."""
    row = await request.services.native.static_roles.find(request.call, _ref(request))
    if row is None:
        return Reply(status=404)
    told = {
        "db_name": config_of(request.mount.path, row.provider),
        "username": row.account,
        "credential_type": "password",
        "rotation_statements": msgspec.json.decode(row.note, type=StaticNote).rotation_statements,
        "last_vault_rotation": instant(row.rotated_at),
        **_times(row),
    }
    return Reply(data=told)


async def names(request: VaultRequest) -> Reply | None:
    """Names of the roles of this mount."""
    path = request.mount.path
    return listed(
        [row.role.removeprefix(path) for row in await request.services.native.static_roles.under(request.call, path)]
    )


async def remove(request: VaultRequest) -> None:
    """Know the password no more; the account keeps the one it has."""
    try:
        await request.services.native.static_roles.remove(request.call, _ref(request))
    except NotFound:
        return


async def rotate(request: VaultRequest) -> None:
    """Set a new password now."""
    try:
        await request.services.native.static_roles.rotate(request.call, _ref(request))
    except NotFound:
        raise _unknown(request) from None
    except BackendError as error:
        raise VaultError(400, f"the password could not be set: {error.message}") from error


async def done_again(request: VaultRequest) -> None:
    """That it was done, for who repeats the request: the password that was begun with is set, if it is not yet."""
    try:
        await request.services.native.static_roles.finish(request.call, _ref(request))
    except BackendError as error:
        raise VaultError(400, f"the password could not be set: {error.message}") from error


async def creds(request: VaultRequest) -> Reply:
    """The password, and how long it is good."""
    if not request.call.allows_somewhere("leases:issue"):
        raise denied()
    provider = await request.services.native.static_roles.provider_of(request.tenant, _ref(request))
    for entry in await entries(request):
        if entry.name == provider:
            must_allow(entry, request.values["role"])
    try:
        row, password, position = await request.services.native.static_roles.credential(request.call, _ref(request))
    except NotFound:
        raise _unknown(request) from None
    with password:
        data = {
            "username": row.account,
            "password": password.buffer.decode(),
            "last_vault_rotation": instant(row.rotated_at),
            "ttl": max(0, ceil((row.next_run_at - request.services.clock()).total_seconds())),
            **_times(row),
        }
    return Reply(data=data, position=position)


def _plan(request: VaultRequest, old: StaticRoleRow | None) -> StaticPlan:
    fields = request.fields
    for name in _REFUSED:
        if fields.text(name) not in {"", "false", "0"}:
            raise VaultError(400, f"{name} is not served here; leave it out")
    database, username = fields.text("db_name"), fields.text("username")
    if old is None and not (database and username):
        raise VaultError(400, "db_name and username are required")
    if fields.text("credential_type") not in {"", "password"}:
        raise VaultError(400, "credential_type is password: other types are not served")
    note = msgspec.json.decode(old.note, type=StaticNote) if old else StaticNote()
    if fields.given("rotation_statements"):
        note = StaticNote(rotation_statements=_checked(statements(fields, "rotation_statements")))
    return StaticPlan(
        provider=provider_of(request.mount.path, database) if database else (old.provider if old else ""),
        account=username or (old.account if old else ""),
        timetable=_timetable(request, old),
        note=msgspec.json.encode(note).decode(),
    )


def _checked(texts: list[str]) -> list[str]:
    if any(not _SETS_A_PASSWORD.match(text) for text in texts):
        raise VaultError(400, "rotation_statements may only set the password: the server does that by itself")
    return texts


def _timetable(request: VaultRequest, old: StaticRoleRow | None) -> Timetable:
    period, line = request.fields.seconds("rotation_period"), request.fields.text("rotation_schedule")
    if period and line:
        raise VaultError(400, "mutually exclusive fields rotation_period and rotation_schedule were both specified")
    if period or line:
        return Timetable(interval_seconds=period, cron=line)
    if old is None:
        raise VaultError(400, "one of rotation_schedule or rotation_period must be provided to create a static account")
    return msgspec.json.decode(old.timetable, type=Timetable)


def _times(row: StaticRoleRow) -> dict[str, Any]:
    table = msgspec.json.decode(row.timetable, type=Timetable)
    return {"rotation_schedule": table.cron} if table.cron else {"rotation_period": table.interval_seconds}


def _ref(request: VaultRequest) -> str:
    return f"{request.mount.path}{request.values['role']}"


async def _exists(request: VaultRequest) -> bool:
    return await request.services.native.static_roles.provider_of(request.tenant, _ref(request)) is not None


def _unknown(request: VaultRequest) -> VaultError:
    return VaultError(400, f"unknown role: {request.values['role']}")


ROUTES: Final = (
    Route("static-roles", {LIST: names}),
    Route("static-roles/{role}", {READ: read, UPDATE: write, DELETE: remove}, exists=_exists, again=done_again),
    Route("static-creds/{role}", {READ: creds}),
    Route("rotate-role/{role}", {UPDATE: rotate}, again=done_again),
)
