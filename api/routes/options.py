"""OPTIONS: which methods a path has. Litestar's own answer knows only the first handler of a path."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from litestar import Response, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler


def options_of(handlers: Iterable[HTTPRouteHandler]) -> list[HTTPRouteHandler]:
    """A handler of OPTIONS for each path."""
    methods: dict[str, set[str]] = defaultdict(set)
    for handler in handlers:
        for path in handler.paths:
            methods[path] |= {str(method) for method in handler.http_methods}
    return [_telling(path, ", ".join(sorted({*allowed, "OPTIONS"}))) for path, allowed in methods.items()]


def _telling(path: str, allowed: str) -> HTTPRouteHandler:
    @route(path, http_method=[HttpMethod.OPTIONS], status_code=204)
    async def told() -> Response[None]:
        return Response(None, status_code=204, headers={"allow": allowed})

    return told
