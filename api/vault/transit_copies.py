"""`transit/`: export, backup and restore of keys whose owner has allowed it."""

from __future__ import annotations

from typing import Final, cast

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import READ, UPDATE, VaultRequest
from api.vault.table import Route, nothing
from api.vault.transit_names import key_of, transit
from domain.errors import AlreadyExists, NotFound
from domain.transit.cryptography import Part
from domain.transit.key_types import TYPES, KeyType
from domain.transit.limits import MAX_BACKUP
from domain.transit.names import mount_and_name
from domain.transit.view import TransitKeyRow

_PARTS: Final = ("encryption-key", "signing-key", "hmac-key", "public-key")
_DIGITS: Final = 9


async def export(request: VaultRequest) -> Reply | None:
    """A part of every version that may decrypt, or of the one that is named; `latest` is the newest."""
    name, part = key_of(request), request.values["part"]
    if part not in _PARTS:
        raise VaultError(400, f"invalid export type: {part[:40]}")
    request.call.require("keys:read" if part == "public-key" else "keys:manage", name)
    row = await transit(request).keys.find(request.tenant, name)
    if row is None:
        return Reply(status=404)
    number = _number(request.values.get("version"), row)
    _must_have(row, TYPES[row.type], part)
    try:
        done = await transit(request).copies.export(request.call, name, cast("Part", part), number)
    except NotFound:
        raise VaultError(400, "version does not exist or cannot be found") from None
    keys = {str(each): text for each, text in done.result.parts.items()}
    data = {"name": request.values["name"], "type": done.result.type, "keys": keys}
    return Reply(data=data, position=done.position)


def _number(text: str | None, row: TransitKeyRow) -> int | None:
    if text is None:
        return None
    if text == "latest":
        return row.number
    if not text.isdecimal() or len(text) > _DIGITS:
        raise VaultError(400, "invalid key version")
    if int(text) < row.min_decryption:
        raise VaultError(400, "version for export is below minimum decryption version")
    return int(text)


def _must_have(row: TransitKeyRow, kind: KeyType, part: str) -> None:
    if part != "public-key" and not row.exportable:
        raise VaultError(400, "private key material is not exportable")
    if part == "encryption-key" and not kind.encrypts:
        raise VaultError(400, "encryption not supported for the key")
    if part == "signing-key" and not kind.signs:
        raise VaultError(400, "signing not supported for the key")
    if part == "public-key" and not kind.signs:
        raise VaultError(400, f"unknown key type {kind.name} for export type public-key")


async def backup(request: VaultRequest) -> Reply:
    """The whole key, its material in the clear, in the form of OpenBao and Vault."""
    name, own = key_of(request), request.values["name"]
    request.call.require("keys:manage", name)
    row = await transit(request).keys.find(request.tenant, name)
    if row is None:
        raise VaultError(400, f'key "{own}" not found')
    if not row.exportable:
        raise VaultError(400, "exporting is disallowed on the policy")
    if not row.plaintext_backup:
        raise VaultError(400, "plaintext backup is disallowed on the policy")
    done = await transit(request).copies.backup(request.call, name)
    return Reply(data={"backup": done.result}, position=done.position)


async def restore(request: VaultRequest) -> Reply:
    """A key from a backup of ours, of OpenBao or of Vault; with `force` in the place of the one that is there."""
    text = request.fields.text("backup", most=MAX_BACKUP)
    if not text:
        raise VaultError(400, "'backup' must be supplied")
    name = key_of(request) if "name" in request.values else None
    try:
        done = await transit(request).copies.restore(
            request.call, text, name, mount=request.mount.path, force=request.fields.flag("force")
        )
    except AlreadyExists as error:
        raise VaultError(400, f'key "{_own_name(error)}" already exists') from None
    return Reply(status=204, position=done.position)


def _own_name(error: AlreadyExists) -> str:
    (key,) = cast("list[str]", error.extensions["paths"])
    return mount_and_name(key)[1]


ROUTES: Final = (
    Route("export/{part}/{name}", {READ: export}),
    Route("export/{part}/{name}/{version}", {READ: export}),
    Route("backup/{name}", {READ: backup}),
    Route("restore", {UPDATE: restore}, again=nothing),
    Route("restore/{name}", {UPDATE: restore}, again=nothing),
)
