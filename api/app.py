"""The application: every route, joined, behind the edge."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import cast

from litestar import Litestar
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from api import problems
from api.asgi import ASGIApp
from api.description import Description
from api.edge import Edge
from api.hot.door import HotDoor
from api.routes import (
    access,
    approvals,
    attention,
    audit,
    docs,
    ephemeral,
    health,
    leases,
    providers,
    rotation_schedules,
    rotations,
    share_page,
    shares,
    store,
    transit,
    transit_keys,
    trees,
    versions,
)
from api.routes.options import options_of
from api.services import Services
from api.vault.services import VaultServices
from domain.errors import TrstctlError

ROUTES = [
    *store.ROUTES,
    *versions.ROUTES,
    *trees.ROUTES,
    *access.ROUTES,
    *approvals.ROUTES,
    *attention.ROUTES,
    *audit.ROUTES,
    *ephemeral.ROUTES,
    *leases.ROUTES,
    *providers.ROUTES,
    *rotations.ROUTES,
    *rotation_schedules.ROUTES,
    *shares.ROUTES,
    *share_page.ROUTES,
    *transit.ROUTES,
    *transit_keys.ROUTES,
    *health.ROUTES,
    *docs.ROUTES,
]

Lifespan = Sequence[Callable[[Litestar], AbstractAsyncContextManager[None]]]


def create_litestar(services: Services | None, lifespan: Lifespan = ()) -> Litestar:
    """The routes alone; without services it can be described but not asked."""
    return Litestar(
        route_handlers=[*options_of(ROUTES), *ROUTES],
        lifespan=list(lifespan),
        state=State({"services": services, "description": Description(ROUTES)}),
        openapi_config=None,
        logging_config=None,
        debug=False,
        request_max_body_size=None,  # the edge has bounded it
        exception_handlers={
            TrstctlError: problems.domain_error,
            HTTPException: problems.http_error,
            Exception: problems.unexpected,
        },
    )


def create_app(services: Services, vault: VaultServices, lifespan: Lifespan = ()) -> ASGIApp:
    """The whole API as an ASGI application."""
    return Edge(cast("ASGIApp", create_litestar(services, lifespan)), services, vault, HotDoor(services))
