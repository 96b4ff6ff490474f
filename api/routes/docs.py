"""The OpenAPI description as a page to read that loads nothing from elsewhere."""

from __future__ import annotations

from litestar import Response, get

from api.pages import openapi_page
from api.requests import AnyRequest


@get("/api/v1/docs", include_in_schema=False)
async def page(request: AnyRequest) -> Response[str]:
    """The description as a page."""
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(openapi_page(request.app.openapi_schema.to_schema()), headers=headers, media_type="text/html")


ROUTES = [page]
