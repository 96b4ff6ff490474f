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


def description(request: AnyRequest) -> Described:
    """The API's description."""
    found: Described = request.app.state.description
    return found


def rest(request: AnyRequest, before: str) -> str:
    """What follows `before` in the path, percent-decoded once by the server and not touched since."""
    path: str = request.scope["path"]
    return path[len(before) :]
