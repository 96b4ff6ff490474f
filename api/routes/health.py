"""Liveness, readiness and metrics, for whoever operates the server. No token, no tenant."""

from __future__ import annotations

import msgspec
from litestar import Response, get

from api.replies import answer
from api.requests import AnyRequest, services


class Health(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "ok"


class Readiness(msgspec.Struct, frozen=True):
    """Whether all is well, and each check."""

    status: str
    checks: dict[str, str]


@get("/healthz", operation_id="health", tags=["operations"])
async def healthz() -> Response[Health]:
    """The process answers."""
    return answer(Health(), 0)


@get("/readyz", operation_id="readiness", tags=["operations"])
async def readyz(request: AnyRequest) -> Response[Readiness]:
    """The store can be written, the chain's head is consistent, the KEK opens a tenant's key: 200.

    Or 503, saying which is not so.
    """
    checks = dict(await services(request).ready())
    ready = all(state == "ok" for state in checks.values())
    return answer(Readiness("ready" if ready else "not ready", checks), 0, status=200 if ready else 503)


@get("/metrics", operation_id="metrics", tags=["operations"], media_type="text/plain")
async def metrics(request: AnyRequest) -> Response[bytes]:
    """Prometheus text format."""
    body, media_type = services(request).metrics.rendered()
    return Response(body, headers={"content-type": media_type})


ROUTES = [healthz, readyz, metrics]
