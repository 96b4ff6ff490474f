"""The OpenAPI 3.1 description: served at /api/v1/openapi.json, with the errors that any route may answer with."""

from __future__ import annotations

from typing import Any

from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import OpenAPIRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme, Server, Tag

from api.requests import AnyRequest

VERSION = "0.1.0"


class _NoPages(OpenAPIRenderPlugin):
    """Litestar's own pages load scripts from elsewhere; ours is `api.routes.docs`."""

    def __init__(self) -> None:
        super().__init__(path="/none")

    def render(self, request: AnyRequest, openapi_schema: dict[str, Any]) -> bytes:  # noqa: ARG002 - inherited
        return b""


def openapi_config() -> OpenAPIConfig:
    """What Litestar is told about the description."""
    return OpenAPIConfig(
        title="trstctl",
        version=VERSION,
        description="An application-secrets manager whose every fact is an event in one provable log.",
        servers=[Server(url="/")],
        tags=[Tag(name=name) for name in ("store", "versions", "trees", "access", "audit", "operations")],
        components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
        security=[{"token": []}],
        path="/api/v1",
        render_plugins=[_NoPages()],
    )
