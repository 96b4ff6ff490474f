"""What handlers take from a request besides its body."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request

from api.services import Services
from domain.call import Call
from domain.errors import Invalid

AnyRequest = Request[Any, Any, Any]


def services(request: AnyRequest) -> Services:
    """What the composition root handed in."""
    found: Services = request.app.state.services
    return found


def call(request: AnyRequest, success: int = 200) -> Call:
    """Who calls; `success` is the status to keep with a stored reply."""
    made: Call = request.scope["state"]["call"]
    return made if success == 200 else msgspec.structs.replace(made, success=success)


def rest(request: AnyRequest, before: str) -> str:
    """What follows `before` in the path, percent-decoded once by the server and not touched since."""
    path: str = request.scope["path"]
    return path[len(before) :]


def integer(request: AnyRequest, name: str, *, default: int | None, low: int, high: int) -> int | None:
    """A query parameter as a number in bounds; raises `Invalid`."""
    text = request.query_params.get(name)
    if text is None or text == "":
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and low <= int(text) <= high):
        raise Invalid(f"{name} is a number from {low} to {high}")
    return int(text)


def flag(request: AnyRequest, name: str) -> bool:
    """A query parameter that is true or false; raises `Invalid`."""
    text = request.query_params.get(name, "false").lower()
    if text not in {"true", "false", "1", "0"}:
        raise Invalid(f"{name} is true or false")
    return text in {"true", "1"}
