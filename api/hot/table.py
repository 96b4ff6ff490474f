"""Which requests go by the short way, and to which handler.

It is the framework's own handler that answers: the table only finds it more quickly. What is not here, and whatever
looks unusual, goes through the router.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NamedTuple, cast

from litestar.handlers import HTTPRouteHandler

from api.replies import Answer
from api.requests import AnyRequest
from api.routes import store, transit
from domain.names import RESERVED

Handler = Callable[[AnyRequest], Awaitable[Answer[Any]]]


class Hot(NamedTuple):
    """A handler, and the template of its path, by which metrics and the log name the route."""

    handler: Handler
    template: str


_UNDER_STORE: Final = f"{store.STORE}/"


def _hot(route: HTTPRouteHandler) -> Hot:
    template = next(iter(route.paths))
    return Hot(cast("Handler", route.fn), template.replace("{path:path}", "{path}"))


_OF_SECRETS: Final = {"GET": _hot(store.read), "PUT": _hot(store.rotate), "POST": _hot(store.create)}
_EXACT: Final = {
    ("POST", f"{transit.TRANSIT}/encrypt"): _hot(transit.encrypt),
    ("POST", f"{transit.TRANSIT}/decrypt"): _hot(transit.decrypt),
}


def find(method: str, path: str) -> Hot | None:
    """What answers, or None if the router is to be asked."""
    if not path.startswith(_UNDER_STORE):
        return _EXACT.get((method, path))
    if path[len(_UNDER_STORE) :].partition("/")[0] in RESERVED or path == _UNDER_STORE:
        return None
    return _OF_SECRETS.get(method)
