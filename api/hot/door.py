"""Answers a request that the table knows: the same handler, the same errors, none of the framework around them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, Final, Protocol, cast

from api.asgi import Scope
from api.hot.table import Hot, find
from api.problems import MEDIA_TYPE, fault, noted
from api.replies import Answer
from api.requests import AnyRequest
from api.services import Services
from domain.errors import TrstctlError

_FAULT: Final = 500


class Answering(Protocol):
    """What the edge gives to answer with."""

    request_id: str

    async def complete(self, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
        """A complete answer."""
        ...

    async def whole(self, status: int, media_type: str, body: bytes, headers: dict[str, str]) -> None:
        """A complete answer, if none has begun."""
        ...


class _Request:
    """As much of a request as the handlers of the table ask for."""

    __slots__ = ("app", "scope")

    def __init__(self, app: object, scope: Scope) -> None:
        self.app = app
        self.scope = scope


class HotDoor:
    """The short way. The edge has authenticated, bounded and read the request."""

    def __init__(self, services: Services) -> None:
        self._app = SimpleNamespace(state=SimpleNamespace(services=services))

    def find(self, scope: Scope) -> Hot | None:
        """What answers this request, or None if the router is to be asked."""
        return find(scope["method"], scope["path"])

    async def answer(self, hot: Hot, scope: Scope, answer: Answering) -> None:
        """Answer it; raises `TrstctlError`, which the edge tells of as it does of its own."""
        scope["path_template"] = hot.template
        try:
            response: Answer[Any] = await hot.handler(cast("AnyRequest", _Request(self._app, scope)))
            status, headers, body = response.parts()
        except TrstctlError as error:
            noted(error)
            raise
        except Exception as error:  # noqa: BLE001 - a fault of ours: logged whole, told in no detail
            body = fault(error, scope["path"], answer.request_id)
            await answer.whole(_FAULT, MEDIA_TYPE, body, {})
        else:
            await answer.complete(status, headers, body)
