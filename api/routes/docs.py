"""The OpenAPI description as JSON, and as a page to read that loads nothing from elsewhere."""

from __future__ import annotations

from litestar import Response, get

from api.pages import openapi_page
from api.requests import AnyRequest


@get("/api/v1/openapi.json", include_in_schema=False)
async def description(request: AnyRequest) -> Response[object]:
    """OpenAPI 3.1."""
    return Response(request.app.openapi_schema.to_schema(), media_type="application/json")


@get("/api/v1/docs", include_in_schema=False)
async def page(request: AnyRequest) -> Response[str]:
    """The description as a page."""
    headers = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'"}
    return Response(openapi_page(request.app.openapi_schema.to_schema()), headers=headers, media_type="text/html")


ROUTES = [description, page]
