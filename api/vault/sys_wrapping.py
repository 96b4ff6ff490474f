"""`sys/wrapping/`: wrap something, look a wrapping up, take what is in it, put it into a new one.

A wrapping token is all that is needed to open it, and may stand in the body or in place of a token.
"""

from __future__ import annotations

from typing import Final

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import READ, UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.token_shapes import instant
from api.vault.wrapped import asking, told
from domain.errors import Gone
from domain.kv_values import members, sealed_form

INVALID: Final = "wrapping token is not valid or does not exist"


async def wrap(request: VaultRequest) -> Reply:
    """What the request holds, as it is: the door wraps it."""
    if request.wrap_seconds is None:
        raise VaultError(400, "endpoint requires response wrapping to be used")
    with sealed_form(dict(request.fields)) as value:
        return Reply(data=members(value), hoisted=True)


async def look_up(request: VaultRequest) -> Reply:
    """When and by which path a wrapping was made, without opening it."""
    try:
        row = await request.services.wrapping.look_up(asking(request), _token(request))
    except Gone:
        raise VaultError(400, INVALID) from None
    found = {
        "creation_path": row.creation_path,
        "creation_time": instant(row.created_at),
        "creation_ttl": row.ttl_seconds,
    }
    return Reply(data=found)


async def unwrap(request: VaultRequest) -> Reply | None:
    """The answer as it would have been without wrapping, its own request id too."""
    try:
        given, position = await request.services.wrapping.unwrap(asking(request), _token(request))
    except Gone:
        raise VaultError(400, INVALID) from None
    with given as body:
        return Reply(body=bytes(body.buffer), position=position) if len(body) else None


async def rewrap(request: VaultRequest) -> Reply:
    """The same answer under a new token, for as long as the old one was given; the old one is used up."""
    try:
        made, position = await request.services.wrapping.rewrap(asking(request), _token(request))
    except Gone:
        raise VaultError(400, INVALID) from None
    return told(made, position)


def _token(request: VaultRequest) -> str:
    """The wrapping token: of the body, or what stands in place of a token."""
    text = request.fields.text("token") or request.token
    if not text:
        raise VaultError(400, 'missing "token" value in input')
    return text


ROUTES: Final = (
    Route("wrapping/wrap", {UPDATE: wrap}, exact=True),
    Route("wrapping/lookup", {READ: look_up, UPDATE: look_up}, open=True),
    Route("wrapping/unwrap", {UPDATE: unwrap}, open=True),
    Route("wrapping/rewrap", {UPDATE: rewrap}, open=True),
)
