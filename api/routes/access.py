"""/api/v1/access: API tokens, and who one is."""

from __future__ import annotations

import msgspec
from litestar import Response, delete, get, post

from api.bodies import RevokeBody, TokenBody
from api.replies import answer
from api.requests import AnyRequest, call, flag, integer, rest, services
from domain.commands.tokens import TokenMeta
from domain.errors import Invalid

TOKENS = "/api/v1/access/api-tokens"


class TokenPage(msgspec.Struct, frozen=True):
    """Tokens in order of id; `next_cursor` is where to go on, None at the end."""

    items: list[TokenMeta]
    next_cursor: str | None


class WhoAmI(msgspec.Struct, frozen=True, kw_only=True):
    """The caller, as its token has it."""

    tenant: str
    tenant_name: str
    subject: str
    scopes: list[str]
    token_id: str
    expires_at: str | None


@post(TOKENS, operation_id="issueToken", tags=["access"])
async def issue(request: AnyRequest, data: TokenBody) -> Response[TokenMeta]:
    """A new token; `token` is in this answer and never again."""
    done = await services(request).tokens.issue(call(request, 201), data.subject, data.scopes, data.ttl_seconds)
    return answer(*done, status=201)


@get(TOKENS, operation_id="listTokens", tags=["access"])
async def page(request: AnyRequest) -> Response[TokenPage]:
    """The tenant's tokens, without the tokens themselves."""
    limit = integer(request, "limit", default=100, low=1, high=1000) or 100
    items = await services(request).tokens.page(
        call(request),
        request.query_params.get("subject"),
        request.query_params.get("cursor", ""),
        limit,
        include_revoked=flag(request, "include_revoked"),
    )
    return answer(TokenPage(items, items[-1].id if len(items) == limit else None), 0)


@delete(f"{TOKENS}/{{token_id:str}}", operation_id="revokeToken", tags=["access"], status_code=204)
async def revoke(request: AnyRequest) -> Response[None]:
    """Refuse the token from now on, on every node."""
    body = await request.body()
    try:
        reason = msgspec.json.decode(body, type=RevokeBody).reason if body else ""
    except msgspec.MsgspecError as error:
        raise Invalid('a body, if there is one, is {"reason": "…"}') from error
    done = await services(request).tokens.revoke(call(request, 204), rest(request, f"{TOKENS}/"), reason)
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


@get("/api/v1/access/whoami", operation_id="whoAmI", tags=["access"])
async def whoami(request: AnyRequest) -> Response[WhoAmI]:
    """Tenant, subject and scopes of the token that asks."""
    caller = call(request).principal
    return answer(
        WhoAmI(
            tenant=caller.tenant,
            tenant_name=await services(request).tenant_name(caller.tenant),
            subject=caller.subject,
            scopes=list(caller.scopes),
            token_id=caller.token_id,
            expires_at=caller.expires_at.isoformat() if caller.expires_at else None,
        ),
        0,
    )


ROUTES = [issue, page, revoke, whoami]
