"""Answers that are wrapped because the request asks for it (`X-Vault-Wrap-TTL`): a token for the answer goes out."""

from __future__ import annotations

from typing import Final

from api.vault.reply import Reply, WrapInfo
from api.vault.request import VaultRequest
from api.vault.token_shapes import instant
from domain.commands.wrapping import Asking, Contents, Wrapped
from domain.plaintext import Plaintext

_ANYBODY: Final = "anybody"
"""How the log names who has no token of the tenant's."""
_REFUSED: Final = 400
"""From this status on an answer says what went wrong, and goes out as it is."""


async def wrapped(request: VaultRequest, reply: Reply) -> Reply:
    """A token for `reply`, if the request asks for one and there is something to wrap; else `reply`."""
    whole = reply.bare or reply.body is not None or reply.wrap_info is not None
    if request.wrap_seconds is None or whole or reply.status >= _REFUSED:
        return reply
    with Plaintext(bytearray(b"" if _is_empty(reply) else reply.encoded(request.id))) as body:
        contents = Contents(body=body, creation_path=request.path, holds=_accessor(reply))
        made, position = await request.services.wrapping.wrap(asking(request), contents, request.wrap_seconds)
    return told(made, position)


def told(made: Wrapped, position: int) -> Reply:
    """The answer that holds a wrapping token."""
    info = WrapInfo(
        token=made.token,
        accessor=made.wrapping_id,
        ttl=made.ttl_seconds,
        creation_time=instant(made.created_at) or "",
        creation_path=made.creation_path,
        wrapped_accessor=made.holds,
    )
    return Reply(wrap_info=info, position=position)


def asking(request: VaultRequest) -> Asking:
    """Who wraps or unwraps."""
    actor = request.caller.principal.actor if request.caller else _ANYBODY
    return Asking(tenant=request.tenant, actor=actor, request_id=_request_id(request), address=request.address)


def _request_id(request: VaultRequest) -> str:
    """As the log knows it: without the zeros that make a UUID of it."""
    return request.caller.request_id if request.caller else request.id.replace("-", "")[16:]


def _is_empty(reply: Reply) -> bool:
    return not (reply.data or reply.auth or reply.lease_id or reply.warnings)


def _accessor(reply: Reply) -> str:
    if reply.auth:
        return reply.auth.accessor
    return str((reply.data or {}).get("secret_id_accessor", ""))
