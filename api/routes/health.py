"""Liveness, readiness and metrics, for whoever operates the server. No token, no tenant."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from api.requests import AnyRequest, services


@get("/healthz", operation_id="health", tags=["operations"])
async def healthz() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/readyz", operation_id="readiness", tags=["operations"])
async def readyz(request: AnyRequest) -> Response[Any]:
    """The store can be written, the chain's head is consistent, the KEK opens a tenant's key: 200.

    Or 503, saying which is not so.
    """
    checks = dict(await services(request).ready())
    ready = all(state == "ok" for state in checks.values())
    body = {"status": "ready" if ready else "not ready", "checks": checks}
    return Response(body, status_code=200 if ready else 503, media_type="application/json")


@get("/metrics", operation_id="metrics", tags=["operations"], media_type="text/plain")
async def metrics(request: AnyRequest) -> Response[bytes]:
    """Prometheus text format."""
    body, media_type = services(request).metrics.rendered()
    return Response(body, headers={"content-type": media_type})


ROUTES = [healthz, readyz, metrics]
