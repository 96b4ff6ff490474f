"""/api/v1/secrets/shares: values that somebody else may see so many times, and then never again."""

from __future__ import annotations

import re
from contextlib import ExitStack
from typing import Final

import msgspec
from litestar import Response, delete, get, post

from api.bodies import RevokeBody
from api.decoding import body_of, no_query, one_line, query_of
from api.replies import answer, text_of
from api.requests import AnyRequest, call, call_if_any, client_address, request_id, rest, services, user_agent
from api.share_bodies import RedeemBody, ShareBody, SharesQuery
from domain.commands.redeeming import Redemption
from domain.commands.sharing import NewShare, Redeemed, ShareMeta, ShareReceipt
from domain.errors import Gone
from domain.passphrase import passphrase_of
from domain.share import MAX_AGENT, Visitor

SHARES: Final = "/api/v1/secrets/shares"
REDEEM: Final = f"{SHARES}/redeem"
_ONE: Final = f"{SHARES}/{{share_id:str}}"
_CONTROL = re.compile(r"[^\x20-\x7e]")


class SharePage(msgspec.Struct, frozen=True):
    """Shares in order of time; `next_cursor` is where to go on, None at the end."""

    items: list[ShareMeta]
    next_cursor: str | None


class SharedValue(msgspec.Struct, frozen=True, kw_only=True):
    """What was shared: `value` if it is UTF-8, else `value_b64`."""

    value: str | msgspec.UnsetType = msgspec.UNSET
    value_b64: bytes | msgspec.UnsetType = msgspec.UNSET
    views_left: int


@post(SHARES, operation_id="createShare", tags=["shares"])
async def create(request: AnyRequest) -> Response[ShareMeta]:
    """A link by which whoever has it sees the value; `token` and `url` are in this answer and never again."""
    no_query(request)
    body = body_of(request, ShareBody)
    with ExitStack() as buffers:
        wanted = NewShare(
            value=buffers.enter_context(body.plaintext()),
            passphrase=None if body.passphrase is None else buffers.enter_context(passphrase_of(body.passphrase)),
            ttl_seconds=body.ttl_seconds,
            max_views=body.max_views,
            note=one_line(body.note, "note"),
        )
        return answer(*await services(request).shares.create(call(request, 201), wanted), status=201)


@get(SHARES, operation_id="listShares", tags=["shares"])
async def page(request: AnyRequest) -> Response[SharePage]:
    """The caller's own shares; with `shares:manage` everybody's. Never a token, never a value."""
    query = query_of(request, SharesQuery)
    items = await services(request).shares.page(call(request), query.subject, query.state, query.cursor, query.limit)
    return answer(SharePage(items, items[-1].id if len(items) == query.limit else None), 0)


@get(_ONE, operation_id="showShare", tags=["shares"])
async def receipt(request: AnyRequest) -> Response[ShareReceipt]:
    """What became of a share: when it was seen and from where, and the position of each view in the log."""
    no_query(request)
    return answer(await services(request).shares.receipt(call(request), rest(request, f"{SHARES}/")), 0)


@delete(_ONE, operation_id="revokeShare", tags=["shares"], status_code=204)
async def revoke(request: AnyRequest) -> Response[None]:
    """Withdraw a share that has not ended: its value is destroyed."""
    no_query(request)
    body = body_of(request, RevokeBody)
    share_id = rest(request, f"{SHARES}/")
    done = await services(request).shares.revoke(call(request, 204), share_id, one_line(body.reason, "reason"))
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


@post(REDEEM, operation_id="redeemShare", tags=["shares"], status_code=200)
async def redeem(request: AnyRequest) -> Response[SharedValue]:
    """See a shared value, which uses up one of its views; with the last one it is destroyed.

    No API token is needed; one that is sent has to be good. Who repeats the request with its Idempotency-Key is
    answered 410, for the value is kept nowhere.
    """
    no_query(request)
    body = body_of(request, RedeemBody)
    with ExitStack() as buffers:
        asked = Redemption(
            token=_checked(body.token),
            passphrase=None if body.passphrase is None else buffers.enter_context(passphrase_of(body.passphrase)),
            visitor=Visitor(client_address(request), _CONTROL.sub("?", user_agent(request))[:MAX_AGENT]),
            request_id=request_id(request),
            call=call_if_any(request),
        )
        redeemed, position = await services(request).redeeming.redeem(asked)
    return answer(_shown(redeemed), position)


def _checked(token: str) -> str:
    """What cannot be UTF-8 is no token."""
    if not token.isascii():
        raise Gone
    return token


def _shown(redeemed: Redeemed) -> SharedValue:
    with redeemed.value as value:
        text = text_of(value)
        return SharedValue(
            value=text if text is not None else msgspec.UNSET,
            value_b64=bytes(value.buffer) if text is None else msgspec.UNSET,
            views_left=redeemed.views_left,
        )


ROUTES = [create, page, receipt, revoke, redeem]
