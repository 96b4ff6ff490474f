"""/api/v1/access: API tokens, and who one is."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Response, delete, get, post

from api.bodies import RevokeBody, TokenBody
from api.decoding import body_of, no_query, one_line, query_of
from api.queries import TokensQuery
from api.replies import answer
from api.requests import AnyRequest, call, rest, services
from domain.commands.tokens import TokenMeta

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
    expires_at: datetime | None


@post(TOKENS, operation_id="issueToken", tags=["access"])
async def issue(request: AnyRequest) -> Response[TokenMeta]:
    """A new token; `token` is in this answer and never again."""
    no_query(request)
    body = body_of(request, TokenBody)
    done = await services(request).tokens.issue(call(request, 201), body.subject, body.scopes, body.ttl_seconds)
    return answer(*done, status=201)


@get(TOKENS, operation_id="listTokens", tags=["access"])
async def page(request: AnyRequest) -> Response[TokenPage]:
    """The tenant's tokens, without the tokens themselves."""
    query = query_of(request, TokensQuery)
    items = await services(request).tokens.page(
        call(request), query.subject, query.cursor, query.limit, include_revoked=query.include_revoked
    )
    return answer(TokenPage(items, items[-1].id if len(items) == query.limit else None), 0)


@delete(f"{TOKENS}/{{token_id:str}}", operation_id="revokeToken", tags=["access"], status_code=204)
async def revoke(request: AnyRequest) -> Response[None]:
    """Refuse the token from now on, on every node."""
    no_query(request)
    body = body_of(request, RevokeBody)
    token_id = rest(request, f"{TOKENS}/")
    done = await services(request).token_ends.revoke(call(request, 204), token_id, one_line(body.reason, "reason"))
    return Response(None, status_code=204, headers={"x-trstctl-position": str(done.position)})


@get("/api/v1/access/whoami", operation_id="whoAmI", tags=["access"])
async def whoami(request: AnyRequest) -> Response[WhoAmI]:
    """Tenant, subject and scopes of the token that asks."""
    no_query(request)
    caller = call(request).principal
    return answer(
        WhoAmI(
            tenant=caller.tenant,
            tenant_name=await services(request).tenant_name(caller.tenant),
            subject=caller.subject,
            scopes=list(caller.scopes),
            token_id=caller.token_id,
            expires_at=caller.expires_at,
        ),
        0,
    )


ROUTES = [issue, page, revoke, whoami]
