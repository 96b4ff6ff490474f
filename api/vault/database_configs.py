"""`database/config/`: servers that credentials are made at. Each is a provider of the native face, and the reverse."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from api.vault.database_connections import PLUGINS, server_of, template_of
from api.vault.failures import VaultError
from api.vault.fields import Fields
from api.vault.lease_ids import config_of, provider_of
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route, nothing
from domain.catalog import ProviderEntry
from domain.errors import BackendError, NotFound
from domain.logins.globs import matches_any

_REFUSED: Final = (
    "username_template", "password_policy", "tls_ca", "tls_certificate", "tls_certificate_key", "tls_skip_verify",
    "private_key", "ca_cert", "insecure_tls", "disable_escaping", "write_concern", "self_managed", "auth_type",
    "rotation_period", "rotation_schedule",
)  # fmt: skip
"""Settings that would change what is done, and are not served: whoever sends one is told so."""
_KEPT: Final = ("max_open_connections", "max_idle_connections", "max_connection_lifetime", "password_authentication")
"""Settings that are told again, and change nothing: the server bounds its connections itself, and gives PostgreSQL the
verifier of a password rather than the password in any case."""
_WAYS: Final = ("password", "scram-sha-256")
_NUMBERS: Final = ("max_open_connections", "max_idle_connections")


class ConfigNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a config says besides what a provider is."""

    plugin_name: str
    connection_url: str = ""
    allowed_roles: list[str] = []
    root_rotation_statements: list[str] = []
    verify_connection: bool = True
    kept: dict[str, str] = {}


async def write(request: VaultRequest) -> None:
    """Configure a server; of one that is there what is not named stays as it is, the password too."""
    name = provider_of(request.mount.path, request.values["name"])
    old = await found(request)
    note = _note(request.fields, note_of(old) if old else None)
    for field in _REFUSED:
        if request.fields.text(field) not in {"", "false"}:
            raise VaultError(400, f"{field} is not served here; leave it out")
    server = server_of(PLUGINS[note.plugin_name], _merged(request.fields, old), note.connection_url)
    note = msgspec.structs.replace(note, connection_url=server.template)
    secrets = None if server.password is None and old else {"password": server.password or ""}
    try:
        await request.services.native.providers.configure(
            request.call, name, PLUGINS[note.plugin_name], server.connection, secrets,
            note=msgspec.json.encode(note).decode(), verify=note.verify_connection,
        )  # fmt: skip
    except BackendError as error:
        raise VaultError(400, f"error creating database object: error verifying connection: {error.message}") from error


async def read(request: VaultRequest) -> Reply:
    """A server, without its password."""
    entry = await must_be_found(request)
    request.call.require("providers:read")
    note, connection = note_of(entry), msgspec.json.decode(entry.connection)
    kept = {name: int(text) if name in _NUMBERS and text.isdecimal() else text for name, text in note.kept.items()}
    details: dict[str, Any] = {"username": connection.get("username", ""), **kept}
    if entry.kind == "redis":
        details |= {name: connection[name] for name in ("host", "port", "tls") if name in connection}
    else:
        details["connection_url"] = note.connection_url
    data = {
        "allowed_roles": note.allowed_roles,
        "connection_details": details,
        "password_policy": "",
        "plugin_name": note.plugin_name,
        "plugin_version": "",
        "root_credentials_rotate_statements": note.root_rotation_statements,
        "verify_connection": note.verify_connection,
    }
    return Reply(data=data)


async def names(request: VaultRequest) -> Reply | None:
    """Names of the servers of this mount."""
    request.call.require("providers:read")
    return listed([config_of(request.mount.path, entry.name) or "" for entry in await entries(request)])


async def remove(request: VaultRequest) -> None:
    """Use the server no longer; one that is not there is gone. Refused while accounts of ours are there."""
    name = provider_of(request.mount.path, request.values["name"])
    static = await request.services.native.static_roles.under(request.call, request.mount.path)
    if any(row.provider == name for row in static):
        raise VaultError(400, f"config {request.values['name']!r} has static roles; remove them first")
    try:
        await request.services.native.providers.remove(request.call, name)
    except NotFound:
        return


async def reset(request: VaultRequest) -> None:
    """Connect anew, with the credentials there are, on every node."""
    entry = await must_be_found(request)
    await request.services.native.providers.configure(
        request.call, entry.name, entry.kind, msgspec.json.decode(entry.connection), None, note=entry.note, verify=True
    )


async def rotate(request: VaultRequest) -> None:
    """Give our own account there a password that nobody knows but the server."""
    entry = await must_be_found(request)
    try:
        await request.services.native.provider_rotation.rotate(request.call, entry.name)
    except BackendError as error:
        raise VaultError(400, f"the password could not be changed: {error.message}") from error


async def rotated_again(request: VaultRequest) -> None:
    """That it was done, for who repeats the request: what was begun is finished, if it is not yet."""
    entry = await must_be_found(request)
    try:
        await request.services.native.provider_rotation.finish(request.call, entry.name)
    except BackendError as error:
        raise VaultError(400, f"the password could not be changed: {error.message}") from error


async def entries(request: VaultRequest) -> list[ProviderEntry]:
    """The databases of this mount."""
    kinds, path = set(PLUGINS.values()), request.mount.path
    found = await request.services.native.providers.entries(request.call)
    return [entry for entry in found if entry.kind in kinds and config_of(path, entry.name) is not None]


async def found(request: VaultRequest) -> ProviderEntry | None:
    """The server that the path names."""
    name = provider_of(request.mount.path, request.values["name"])
    return next((entry for entry in await entries(request) if entry.name == name), None)


async def must_be_found(request: VaultRequest) -> ProviderEntry:
    """The server that the path names; raises `NotFound`."""
    entry = await found(request)
    if entry is None:
        raise NotFound(f"there is no config {request.values['name']!r}")
    return entry


def note_of(entry: ProviderEntry) -> ConfigNote:
    """What a client of Vault said, or would have said, of a provider."""
    if entry.note:
        return msgspec.json.decode(entry.note, type=ConfigNote)
    plugin = next(plugin for plugin, kind in PLUGINS.items() if kind == entry.kind)
    url = "" if entry.kind == "redis" else template_of(entry.kind, msgspec.json.decode(entry.connection))
    return ConfigNote(plugin_name=plugin, connection_url=url, allowed_roles=["*"])


def must_allow(entry: ProviderEntry, role: str) -> None:
    """Raises `VaultError` 400 unless credentials of `role` may be made at this server."""
    if not matches_any(note_of(entry).allowed_roles, role):
        raise VaultError(400, f'"{role}" is not an allowed role')


async def exists(request: VaultRequest) -> bool:
    """Whether there is a server of the name in the path."""
    return await found(request) is not None


def _note(fields: Fields, old: ConfigNote | None) -> ConfigNote:
    plugin = fields.text("plugin_name") or (old.plugin_name if old else "")
    if not plugin:
        raise VaultError(400, "must supply plugin_name")
    if plugin not in PLUGINS:
        raise VaultError(400, f"the plugin {plugin[:80]!r} is not served; there are {', '.join(PLUGINS)}")
    if fields.text("password_authentication") not in {"", *_WAYS}:
        raise VaultError(400, f"password_authentication is {' or '.join(_WAYS)}")
    was = old or ConfigNote(plugin_name=plugin)
    rotation = next((name for name in ("root_rotation_statements",) if fields.given(name)), None)
    return ConfigNote(
        plugin_name=plugin,
        connection_url=was.connection_url,
        allowed_roles=fields.texts("allowed_roles") if fields.given("allowed_roles") else was.allowed_roles,
        root_rotation_statements=fields.texts(rotation) if rotation else was.root_rotation_statements,
        verify_connection=fields.flag("verify_connection", default=True),
        kept={**was.kept, **{name: fields.text(name) for name in _KEPT if fields.given(name)}},
    )


def _merged(fields: Fields, old: ProviderEntry | None) -> Fields:
    """What is given, over what the address itself does not tell of an old one."""
    if old is None:
        return fields
    connection = msgspec.json.decode(old.connection)
    names = ("username", "host", "port", "tls") if old.kind == "redis" else ("username",)
    return Fields({**{name: connection[name] for name in names if name in connection}, **fields})


ROUTES: Final = (
    Route("config", {LIST: names}),
    Route("config/{name}", {READ: read, UPDATE: write, DELETE: remove}, exists=exists, again=nothing),
    Route("reset/{name}", {UPDATE: reset}, again=nothing),
    Route("rotate-root/{name}", {UPDATE: rotate}, again=rotated_again),
)
