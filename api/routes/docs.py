"""The description, for machines and as a page to read that loads nothing from elsewhere."""

from __future__ import annotations

from litestar import Response, get

from api.page_style import POLICY
from api.requests import AnyRequest, description


@get("/api/v1/openapi.json", operation_id="description", tags=["operations"])
async def document(request: AnyRequest) -> Response[bytes]:
    """This description, in OpenAPI 3.1."""
    return Response(description(request).json, media_type="application/json")


@get("/api/v1/docs", operation_id="descriptionPage", tags=["operations"])
async def page(request: AnyRequest) -> Response[bytes]:
    """This description as a page to read, without scripts."""
    headers = {"content-security-policy": POLICY}
    return Response(description(request).page, headers=headers, media_type="text/html; charset=utf-8")


ROUTES = [document, page]
