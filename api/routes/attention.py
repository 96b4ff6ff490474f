"""/api/v1/operations/attention: work that failed so often that a person is needed."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import Response, get, post

from api.bodies import ResolveBody
from api.decoding import body_of, no_query, one_line, query_of
from api.queries import AttentionQuery
from api.replies import answer
from api.requests import AnyRequest, call, rest, services
from domain.commands.attention import AttentionItem

ATTENTION: Final = "/api/v1/operations/attention"


class AttentionPage(msgspec.Struct, frozen=True):
    """Work that needs a person, in order of id; `next_cursor` is where to go on, None at the end."""

    items: list[AttentionItem]
    next_cursor: str | None


@get(ATTENTION, operation_id="listAttention", tags=["operations"])
async def page(request: AnyRequest) -> Response[AttentionPage]:
    """What failed so often that a person is needed. Empty is as it should be."""
    query = query_of(request, AttentionQuery)
    items = await services(request).attention.page(call(request), query.cursor, query.limit)
    return answer(AttentionPage(items, items[-1].id if len(items) == query.limit else None), 0)


@post(f"{ATTENTION}/{{work_id:str}}/retry", operation_id="retryAttention", tags=["operations"], status_code=200)
async def retry(request: AnyRequest) -> Response[AttentionItem]:
    """Have it tried at once, and as often as at first."""
    no_query(request)
    work_id = rest(request, f"{ATTENTION}/").removesuffix("/retry")
    return answer(*await services(request).attention.retry(call(request), work_id))


@post(f"{ATTENTION}/{{work_id:str}}/resolve", operation_id="resolveAttention", tags=["operations"], status_code=200)
async def resolve(request: AnyRequest) -> Response[AttentionItem]:
    """Close it on your word: nothing more is tried. Nothing is done at the backend by it."""
    no_query(request)
    reason = one_line(body_of(request, ResolveBody).reason, "reason")
    work_id = rest(request, f"{ATTENTION}/").removesuffix("/resolve")
    return answer(*await services(request).attention.resolve(call(request), work_id, reason))


ROUTES = [page, retry, resolve]
