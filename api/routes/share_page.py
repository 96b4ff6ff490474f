"""/s: the page that a share's link leads to."""

from __future__ import annotations

from litestar import Response, get

from api.requests import AnyRequest
from api.share_page import HEADERS, PAGE


@get("/s", operation_id="sharePage", tags=["shares"])
async def page(request: AnyRequest) -> Response[bytes]:  # noqa: ARG001 - as every handler
    """The page that the link of a share leads to, the same for all: the token is in the link's fragment.

    It asks nothing of the server before its button is pressed.
    """
    return Response(PAGE, headers=HEADERS, media_type="text/html; charset=utf-8")


ROUTES = [page]
