"""`database/roles/`: what credentials may do, and for how long. Each is a role of the provider that it names."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from api.vault.database_configs import entries
from api.vault.database_statements import NAMES, Texts, settings_of, statements, texts_of
from api.vault.failures import VaultError
from api.vault.fields import Fields
from api.vault.lease_ids import config_of, provider_of
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route, nothing
from domain.catalog import ProviderEntry, Role
from domain.errors import NotFound
from domain.mounts import DEFAULT_TTL


class RoleNote(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A role as a client of Vault gave it. Times in seconds; 0 is the mount's."""

    creation_statements: list[str] = []
    revocation_statements: list[str] = []
    rollback_statements: list[str] = []
    renew_statements: list[str] = []
    default_ttl: int = 0
    max_ttl: int = 0


async def write(request: VaultRequest) -> None:
    """Configure a role; of one that is there what is not named stays as it is."""
    request.call.require("providers:write")
    was = await held(request)
    entry = await _database(request, was[0] if was else None)
    note = _note(request.fields, note_of(was[0], was[1]) if was else RoleNote())
    texts = Texts(note.creation_statements, note.revocation_statements, note.renew_statements)
    settings = settings_of(entry.kind, texts, msgspec.json.decode(entry.connection))
    name, providers = request.values["role"], request.services.native.providers
    text = msgspec.json.encode(note).decode()
    await providers.configure_role(request.call, entry.name, name, _ttls(request, note), settings, note=text)
    if was and was[0].name != entry.name:
        await providers.remove_role(request.call, was[0].name, name)


async def read(request: VaultRequest) -> Reply:
    """One role."""
    was = await held(request)
    request.call.require("providers:read")
    if was is None:
        return Reply(status=404)
    entry, role = was
    told: dict[str, Any] = msgspec.structs.asdict(note_of(entry, role))
    name = config_of(request.mount.path, entry.name)
    return Reply(data={"db_name": name, **told, "credential_type": "password", "credential_config": {}})


async def names(request: VaultRequest) -> Reply | None:
    """Names of the roles of every database of this mount."""
    request.call.require("providers:read")
    return listed(sorted({name for entry in await entries(request) for name in entry.roles}))


async def remove(request: VaultRequest) -> None:
    """Make no credential of it any more; those that live end as they would."""
    request.call.require("providers:write")
    was = await held(request)
    if was:
        try:
            await request.services.native.providers.remove_role(request.call, was[0].name, was[1].name)
        except NotFound:
            return


async def held(request: VaultRequest) -> tuple[ProviderEntry, Role] | None:
    """The role that the path names, and whose it is; raises `VaultError` 400 if several databases have such a one."""
    name = request.values["role"]
    found = [(entry, entry.roles[name]) for entry in await entries(request) if name in entry.roles]
    if len(found) > 1:
        which = ", ".join(entry.name for entry, _ in found)
        raise VaultError(400, f"several databases have a role {name!r}: {which}; rename all but one of them")
    return found[0] if found else None


async def _exists(request: VaultRequest) -> bool:
    return await held(request) is not None


def note_of(entry: ProviderEntry, role: Role) -> RoleNote:
    """What a client of Vault said, or would have said, of a role."""
    if role.note:
        return msgspec.json.decode(role.note, type=RoleNote)
    texts = texts_of(entry.kind, msgspec.json.decode(role.settings))
    return RoleNote(
        creation_statements=texts.creation,
        revocation_statements=texts.revocation,
        renew_statements=texts.renew,
        default_ttl=role.default_ttl_seconds,
        max_ttl=role.max_ttl_seconds,
    )


async def _database(request: VaultRequest, old: ProviderEntry | None) -> ProviderEntry:
    """The database that the fields name, or that the role has."""
    name = request.fields.text("db_name")
    if not name and old is None:
        raise VaultError(400, "database name is required, please use db_name parameter")
    wanted = provider_of(request.mount.path, name) if name else ""
    for entry in await entries(request):
        if entry.name == (wanted or (old.name if old else "")):
            return entry
    raise VaultError(400, f"there is no config {name!r}: write it first")


def _note(fields: Fields, old: RoleNote) -> RoleNote:
    if fields.text("credential_type") not in {"", "password"}:
        raise VaultError(400, "credential_type is password: other types are not served")
    if fields.object("credential_config"):
        raise VaultError(400, "credential_config is not served: passwords have one form, of 256 random bits")
    changes: dict[str, Any] = {name: statements(fields, name) for name in NAMES if fields.given(name)}
    changes |= {name: fields.seconds(name) for name in ("default_ttl", "max_ttl") if fields.given(name)}
    note = msgspec.structs.replace(old, **changes)
    if note.default_ttl < 0 or note.max_ttl < 0:
        raise VaultError(400, "default_ttl and max_ttl must not be negative")
    if note.max_ttl and note.default_ttl > note.max_ttl:
        raise VaultError(400, "default_ttl must not be greater than max_ttl")
    return note


def _ttls(request: VaultRequest, note: RoleNote) -> tuple[int, int]:
    longest = note.max_ttl or request.mount.max_ttl or max(DEFAULT_TTL, note.default_ttl)
    usual = note.default_ttl or request.mount.default_ttl or DEFAULT_TTL
    return min(usual, longest), longest


ROUTES: Final = (
    Route("roles", {LIST: names}),
    Route("roles/{role}", {READ: read, UPDATE: write, DELETE: remove}, exists=_exists, again=nothing),
)
