"""`cubbyhole/`: what a token keeps for itself. Not even an operator reads another's, and it ends with the token."""

from __future__ import annotations

from typing import Final

from api.vault.failures import VaultError, denied
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.sys_wrapping import unwrap
from api.vault.table import Route
from domain.errors import NotFound
from domain.kv_values import members, sealed_form


async def read(request: VaultRequest) -> Reply:
    """What is kept under the path."""
    try:
        value, position = await request.services.cubbyholes.read(request.call, request.rest)
    except NotFound:
        return Reply(status=404)
    with value:
        return Reply(data=members(value), position=position)


async def write(request: VaultRequest) -> None:
    """Keep the whole body under the path, in place of what was there."""
    if not request.rest:
        raise VaultError(400, "missing path")
    if not request.fields:
        raise VaultError(400, "missing data fields")
    with sealed_form(dict(request.fields)) as value:
        await request.services.cubbyholes.write(request.call, request.rest, value)


async def delete(request: VaultRequest) -> None:
    """Keep it no longer."""
    await request.services.cubbyholes.delete(request.call, request.rest)


async def names(request: VaultRequest) -> Reply | None:
    """What lies in a folder: folders below it end in a slash."""
    prefix = f"{request.rest.rstrip('/')}/" if request.rest else ""
    found = await request.services.cubbyholes.paths(request.call, prefix)
    return listed(list(dict.fromkeys(_step(path[len(prefix) :]) for path in found)))


async def response(request: VaultRequest) -> Reply | None:
    """For old clients: what a wrapping token wraps, as the text it would have been. For others a path as any."""
    if request.caller is not None:
        _must_be_permitted(request)
        return await read(request)
    opened = await unwrap(request)
    return Reply(data={"response": (opened.body or b"").decode()}) if opened else None


async def keep_response(request: VaultRequest) -> None:
    """A path as any."""
    _must_be_permitted(request)
    await write(request)


async def drop_response(request: VaultRequest) -> None:
    """A path as any."""
    _must_be_permitted(request)
    await delete(request)


def _step(rest: str) -> str:
    first, slash, _ = rest.partition("/")
    return f"{first}{slash}"


def _must_be_permitted(request: VaultRequest) -> None:
    """The door asks this of every other path: this one is open for wrapping tokens."""
    policies = request.call.principal.policies
    if policies and not policies.permits(request.path, request.operation, request.fields):
        raise denied()


ROUTES: Final = (
    Route("response", {READ: response, UPDATE: keep_response, DELETE: drop_response}, open=True, exact=True),
    Route("{path...?}", {READ: read, UPDATE: write, DELETE: delete, LIST: names}, exact=True),
)
