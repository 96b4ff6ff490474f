"""`sys/mounts` and `sys/auth`: which engines and login methods answer, under which paths."""

from __future__ import annotations

from typing import Any, Final

from api.vault.failures import VaultError, unsupported
from api.vault.fields import Fields
from api.vault.mount_shapes import told, tuning
from api.vault.reply import Reply
from api.vault.request import DELETE, READ, UPDATE, VaultRequest
from api.vault.table import Route
from domain.commands.mounts import Tuning
from domain.errors import NotFound
from domain.mounts import MountEntry

_AUTH: Final = "auth/"


async def page(request: VaultRequest) -> Reply:
    """Every engine."""
    request.call.require("mounts:read")
    data = {entry.path: told(entry) for entry in request.mounts if not entry.is_auth}
    return Reply(data=data, hoisted=True)


async def auth_page(request: VaultRequest) -> Reply:
    """Every login method."""
    request.call.require("auth:read")
    data = {entry.path.removeprefix(_AUTH): told(entry) for entry in request.mounts if entry.is_auth}
    return Reply(data=data, hoisted=True)


async def show(request: VaultRequest) -> Reply:
    """One mount."""
    return Reply(data=told(_entry(request)), hoisted=True)


async def show_tuning(request: VaultRequest) -> Reply:
    """What may be tuned of one mount."""
    return Reply(data=tuning(_entry(request)), hoisted=True)


async def enable(request: VaultRequest) -> Reply | None:
    """Have an engine or a login method answer."""
    fields = request.fields
    kind = fields.text("type", most=60) or fields.text("plugin_name", most=60)
    if not kind:
        raise VaultError(400, "backend type must be specified as a string")
    said = _tuning(Fields({**fields.object("config"), **fields}), fields)
    done = await request.services.mount_commands.enable(request.call, _path(request), kind, said)
    return _done(done.position)


async def tune(request: VaultRequest) -> Reply | None:
    """Change what is said about a mount."""
    path = _path(request)
    try:
        done = await request.services.mount_commands.tune(request.call, path, _tuning(request.fields, request.fields))
    except NotFound:
        raise VaultError(400, f"no mount at {path!r}") from None
    return _done(done.position)


async def disable(request: VaultRequest) -> Reply | None:
    """End a mount with all that lies there; one that is not there has ended."""
    done = await request.services.mount_ends.disable(request.call, _path(request))
    return _done(done.position)


async def remount(_request: VaultRequest) -> Reply:
    """A mount's name is part of the names of its secrets: it stays where it is."""
    raise unsupported()


def _done(position: int) -> Reply | None:
    return Reply(status=204, position=position) if position else None


def _path(request: VaultRequest) -> str:
    prefix = _AUTH if request.rest.startswith(_AUTH) else ""
    return f"{prefix}{request.values['path'].strip('/')}/"


def _entry(request: VaultRequest) -> MountEntry:
    path = _path(request)
    request.call.require("auth:read" if path.startswith(_AUTH) else "mounts:read")
    entry = request.mounts.get(path)
    if entry is None:
        what = "auth" if path.startswith(_AUTH) else "secret"
        raise VaultError(400, f"No {what} engine mount at {path.removeprefix(_AUTH)}")
    return entry


def _tuning(config: Fields, fields: Fields) -> Tuning:
    def seconds(name: str) -> int | None:
        value = config.get(name)
        return None if value is None else 0 if value in ("", "system") else config.seconds(name)

    given: dict[str, Any] = {"default_ttl": seconds("default_lease_ttl"), "max_ttl": seconds("max_lease_ttl")}
    if fields.given("description"):
        given["description"] = fields.text("description")
    if fields.given("options"):
        given["options"] = fields.mapping("options")
    return Tuning(**given)


ROUTES: Final = (
    Route("mounts", {READ: page}),
    Route("mounts/{path...}/tune", {READ: show_tuning, UPDATE: tune}),
    Route("mounts/{path...}", {READ: show, UPDATE: enable, DELETE: disable}),
    Route("auth", {READ: auth_page}),
    Route("auth/{path...}/tune", {READ: show_tuning, UPDATE: tune}, sudo=True),
    Route("auth/{path...}", {READ: show, UPDATE: enable, DELETE: disable}, sudo=True),
    Route("remount", {UPDATE: remount}, sudo=True),
)
