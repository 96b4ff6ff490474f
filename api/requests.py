"""What handlers take from a request besides its query and its body, which `api.decoding` decodes."""

from __future__ import annotations

from typing import Any, Protocol, cast

import msgspec
from litestar import Request

from api.asgi import Scope, header
from api.services import Services
from domain.call import Call

AnyRequest = Request[Any, Any, Any]


class Described(Protocol):
    """What the routes that serve the description know of it."""

    @property
    def json(self) -> bytes:
        """The OpenAPI document."""
        ...

    @property
    def page(self) -> bytes:
        """The same as HTML."""
        ...


def header_of(request: AnyRequest, name: bytes) -> str | None:
    """The header of that lower-case name, None if there is none."""
    return header(cast("Scope", request.scope), name)


def services(request: AnyRequest) -> Services:
    """What the composition root handed in."""
    found: Services = request.app.state.services
    return found


def call(request: AnyRequest, success: int = 200) -> Call:
    """Who calls; `success` is the status to keep with a stored reply."""
    made: Call = request.scope["state"]["call"]
    return made if success == 200 else msgspec.structs.replace(made, success=success)


def call_if_any(request: AnyRequest) -> Call | None:
    """Who calls a route that needs no token; None if there came none."""
    made: Call | None = request.scope["state"].get("call")
    return made


def client_address(request: AnyRequest) -> str:
    """The other end of the connection: a proxy's where there is one, for what headers say of others is not believed."""
    client = request.scope["client"]
    return client[0] if client else ""


def user_agent(request: AnyRequest) -> str:
    """How the client calls itself; empty if it does not."""
    return header_of(request, b"user-agent") or ""


def request_id(request: AnyRequest) -> str:
    """The request's id."""
    return str(request.scope["state"]["request_id"])


def description(request: AnyRequest) -> Described:
    """The API's description."""
    found: Described = request.app.state.description
    return found


def rest(request: AnyRequest, before: str) -> str:
    """What follows `before` in the path, percent-decoded once by the server and not touched since."""
    path: str = request.scope["path"]
    return path[len(before) :]
