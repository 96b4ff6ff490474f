"""`transit/keys`: make, show, list, configure, rotate, trim and delete keys."""

from __future__ import annotations

from typing import Final

from api.vault.failures import VaultError
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.transit_names import exists, key_of, transit
from api.vault.transit_plans import changes_of, must_be_trimmable, plan_of
from api.vault.transit_shapes import key_data
from domain.errors import AlreadyExists, Conflict, NotFound
from domain.transit.names import key_name, mount_and_name
from domain.transit.results import TransitKeyMeta

_PAGE: Final = 1000
_FROM_ONE: Final = "transit key numbering starts at 1; forcing minimum to 1"


async def create(request: VaultRequest) -> Reply:
    """A new key; one that is there stays as it is."""
    name, warnings, position = key_of(request), None, 0
    try:
        position = (await transit(request).keys.create(request.call, name, plan_of(request.fields))).position
    except AlreadyExists:
        warnings = [f"key {request.values['name']} already existed"]
    return await _shown(request, name, position, warnings)


async def read(request: VaultRequest) -> Reply:
    """All about a key but its material."""
    return Reply(data=key_data(await transit(request).keys.show(request.call, key_of(request))))


async def keys(request: VaultRequest) -> Reply | None:
    """The names of the keys of this mount; `after` and `limit` choose a page."""
    after, limit = request.fields.text("after"), request.fields.number("limit")
    prefix = key_name(request.mount.path, "")
    cursor = prefix + after if after else ""
    names: list[str] = []
    while not 0 < limit <= len(names):
        page = await transit(request).keys.page(request.call, prefix, cursor, _PAGE)
        names += [own for mount, own in (mount_and_name(each.name) for each in page) if mount == request.mount.path]
        if len(page) < _PAGE:
            break
        cursor = page[-1].name
    return listed(names[:limit] if limit > 0 else names)


async def delete(request: VaultRequest) -> None:
    """Destroy a key, if that is allowed."""
    name, own = key_of(request), request.values["name"]
    try:
        await transit(request).keys.delete(request.call, name)
    except NotFound:
        raise VaultError(400, f"error deleting policy {own}: could not delete key; not found") from None
    except Conflict:
        raise VaultError(400, f"error deleting policy {own}: deletion is not allowed for this key") from None


async def configure(request: VaultRequest) -> Reply:
    """Set anew which versions may be used, and what may be done with the key."""
    name, own = key_of(request), request.values["name"]
    request.call.require("keys:manage", name)
    meta = await _known(request, name, f"no existing key named {own} could be found")
    changes = changes_of(request.fields, meta)
    zero = request.fields.given("min_decryption_version") and not request.fields.number("min_decryption_version")
    done = await transit(request).keys.configure(request.call, name, changes)
    return await _shown(request, name, done.position, [_FROM_ONE] if zero else None)


async def rotate(request: VaultRequest) -> Reply:
    """A further version."""
    name = key_of(request)
    try:
        done = await transit(request).keys.rotate(request.call, name)
    except NotFound:
        raise VaultError(400, "key not found") from None
    return await _shown(request, name, done.position)


async def trim(request: VaultRequest) -> Reply:
    """Destroy the versions below a number, for good."""
    name = key_of(request)
    if not request.fields.given("min_available_version"):
        raise VaultError(400, "missing min_available_version")
    request.call.require("keys:manage", name)
    number = request.fields.number("min_available_version")
    must_be_trimmable(number, await _known(request, name, "invalid key name"))
    done = await transit(request).keys.trim(request.call, name, max(number, 1))
    return await _shown(request, name, done.position)


async def shown_again(request: VaultRequest) -> Reply:
    """The key as it is now, for who repeats a request that has changed it."""
    name = key_of(request)
    request.call.require("keys:manage", name)
    return await _shown(request, name, 0)


async def _known(request: VaultRequest, name: str, otherwise: str) -> TransitKeyMeta:
    try:
        return await transit(request).keys.told(request.tenant, name)
    except NotFound:
        raise VaultError(400, otherwise) from None


async def _shown(request: VaultRequest, name: str, position: int, warnings: list[str] | None = None) -> Reply:
    meta = await transit(request).keys.told(request.tenant, name)
    return Reply(data=key_data(meta), position=position, warnings=warnings)


ROUTES: Final = (
    Route("keys", {LIST: keys}),
    Route("keys/{name}", {READ: read, UPDATE: create, DELETE: delete}, exists=exists, again=shown_again),
    Route("keys/{name}/config", {UPDATE: configure}, again=shown_again),
    Route("keys/{name}/rotate", {UPDATE: rotate}, again=shown_again),
    Route("keys/{name}/trim", {UPDATE: trim}, again=shown_again),
)
