"""/api/v1/ephemeral: credentials of ours that end by themselves."""

from __future__ import annotations

from litestar import Response, post

from api.bodies import EphemeralKeyBody
from api.decoding import body_of, no_query
from api.replies import answer
from api.requests import AnyRequest, call, services
from domain.commands.tokens import TokenMeta


@post("/api/v1/ephemeral/api-keys", operation_id="issueEphemeralKey", tags=["access"])
async def issue(request: AnyRequest) -> Response[TokenMeta]:
    """A new API key that ends by itself; `token` is in this answer and never again."""
    no_query(request)
    body = body_of(request, EphemeralKeyBody)
    tokens = services(request).tokens
    done = await tokens.issue_ephemeral(call(request, 201), body.subject, body.scopes, body.ttl_seconds)
    return answer(*done, status=201)


ROUTES = [issue]
