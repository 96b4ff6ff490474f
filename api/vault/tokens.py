"""`auth/token/`: a token of ours is a token of Vault's, and its id is the accessor."""

from __future__ import annotations

from typing import Final

from api.vault import token_creation, token_roles
from api.vault.failures import VaultError
from api.vault.reply import Reply, listed
from api.vault.request import LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route
from api.vault.token_shapes import auth_of, lookup_of, lookup_of_wrapping
from api.vault.wrapped import asking
from domain.errors import Conflict, NotFound
from domain.token_text import digest_of
from domain.views import TokenRow
from domain.wrapping_view import WrappingRow

_MOST_LISTED: Final = 100_000
_PAGE: Final = 1000


async def lookup_self(request: VaultRequest) -> Reply:
    """The caller's own token."""
    row = await _own(request)
    return Reply(data=lookup_of(row, request.token, request.services.clock()))


async def lookup(request: VaultRequest) -> Reply:
    """A token by its text; by nobody's, one's own."""
    text = request.fields.text("token") or request.token
    row = await _by_text(request, text)
    if row is None:
        raise VaultError(403, "bad token")
    if row.token_id != request.call.principal.token_id:
        request.call.require("access:read")
    return Reply(data=lookup_of(row, text, request.services.clock()))


async def lookup_accessor(request: VaultRequest) -> Reply:
    """A token by its accessor; the text is not told, nor known."""
    request.call.require("access:read")
    wrapping = await _wrapping(request)
    if wrapping:
        return Reply(data=lookup_of_wrapping(wrapping, request.services.clock()))
    return Reply(data=lookup_of(await _by_accessor(request), "", request.services.clock()))


async def renew_self(request: VaultRequest) -> Reply:
    """Let the caller's token live on."""
    return await _renewed(request, await _own(request), request.token)


async def renew(request: VaultRequest) -> Reply:
    """Let a token live on, by its text."""
    text = request.fields.text("token") or request.token
    row = await _by_text(request, text)
    if row is None:
        raise VaultError(400, "token not found")
    if row.token_id != request.call.principal.token_id:
        request.call.require("access:write")
    return await _renewed(request, row, text)


async def renew_accessor(request: VaultRequest) -> Reply:
    """Let a token live on, by its accessor."""
    request.call.require("access:write")
    return await _renewed(request, await _by_accessor(request), "")


async def renewed_again(request: VaultRequest) -> Reply:
    """The token as it is now, for who repeats its renewal."""
    text = (request.fields.text("token") if request.rest == "renew" else "") or request.token
    row = await token_creation.kept_token(request)
    return Reply(auth=auth_of(row, "" if request.rest == "renew-accessor" else text, request.services.clock()))


async def revoke_self(request: VaultRequest) -> None:
    """End the caller's token, and all that it minted."""
    await request.services.native.token_ends.revoke_own(request.call)


async def revoke(request: VaultRequest) -> None:
    """End a token by its text, and all that it minted. One that is not there has ended."""
    row = await _by_text(request, request.fields.required("token"))
    if row is not None:
        await _revoked(request, row)


async def revoke_accessor(request: VaultRequest) -> None:
    """End a token by its accessor, and all that it minted; or a wrapping, and what is in it."""
    wrapping = await _wrapping(request)
    if wrapping:
        request.call.require("access:write")
        await request.services.wrapping.revoke(asking(request), wrapping.wrapping_id)
        return
    await _revoked(request, await _by_accessor(request))


async def revoke_orphan(request: VaultRequest) -> None:
    """End a token by its text; those that it minted live on."""
    row = await _by_text(request, request.fields.required("token"))
    if row is None:
        raise VaultError(400, "token to revoke not found")
    await request.services.native.token_ends.revoke_alone(request.call, row.token_id)


async def accessors(request: VaultRequest) -> Reply | None:
    """Accessors of all tokens that live."""
    tokens, cursor, found = request.services.native.tokens, "", list[str]()
    while len(found) < _MOST_LISTED:
        page = await tokens.page(request.call, None, cursor, _PAGE, include_revoked=False)
        found += [meta.id for meta in page]
        if len(page) < _PAGE:
            break
        cursor = page[-1].id
    return listed(found)


async def tidy(request: VaultRequest) -> Reply:
    """There is nothing to tidy: what has ended is recorded by itself."""
    request.call.require("access:write")
    return Reply(status=202, warnings=["Tidy operation successfully started. Tokens that ended need none here."])


async def _own(request: VaultRequest) -> TokenRow:
    row = await request.services.token_life.find(request.tenant, request.call.principal.token_id)
    return row or await _used_up(request)


async def _used_up(request: VaultRequest) -> TokenRow:
    """The token as it was: its last use is this request."""
    row = await request.services.token_life.last_seen(request.tenant, request.call.principal.token_id)
    if row is None:
        raise VaultError(403, "permission denied")
    return row


async def _by_text(request: VaultRequest, text: str) -> TokenRow | None:
    return await request.services.token_life.by_digest(request.tenant, digest_of(text))


async def _wrapping(request: VaultRequest) -> WrappingRow | None:
    """The wrapped answer whose token has the accessor: to Vault that token is one of its tokens."""
    return await request.services.wrapping.known_as(request.tenant, request.fields.required("accessor"))


async def _by_accessor(request: VaultRequest) -> TokenRow:
    row = await request.services.token_life.find(request.tenant, request.fields.required("accessor"))
    if row is None:
        raise VaultError(400, "invalid accessor")
    return row


async def _renewed(request: VaultRequest, row: TokenRow, text: str) -> Reply:
    increment = max(request.fields.seconds("increment"), 0)
    renewed, position = await request.services.renewal.renew(request.call, row, increment, request.mounts)
    return Reply(auth=auth_of(renewed, text, request.services.clock()), position=position)


async def _revoked(request: VaultRequest, row: TokenRow) -> None:
    try:
        await request.services.native.token_ends.revoke(request.call, row.token_id)
    except (Conflict, NotFound):
        return  # somebody else ended it in this moment, which is what was asked for


ROUTES: Final = (
    Route("lookup-self", {READ: lookup_self, UPDATE: lookup_self}),
    Route("lookup", {READ: lookup, UPDATE: lookup}),
    Route("lookup-accessor", {UPDATE: lookup_accessor}),
    Route("renew-self", {UPDATE: renew_self}, again=renewed_again),
    Route("renew", {UPDATE: renew}, again=renewed_again),
    Route("renew-accessor", {UPDATE: renew_accessor}, again=renewed_again),
    Route("revoke-self", {UPDATE: revoke_self}),
    Route("revoke", {UPDATE: revoke}),
    Route("revoke-accessor", {UPDATE: revoke_accessor}),
    Route("revoke-orphan", {UPDATE: revoke_orphan}, sudo=True),
    Route("accessors", {LIST: accessors}, sudo=True),
    Route("tidy", {UPDATE: tidy}, sudo=True),
    *token_creation.ROUTES,
    *token_roles.ROUTES,
)
