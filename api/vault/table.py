"""Routes of an engine: patterns of paths, and what answers each operation."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple

from api.vault.failures import no_handler, unsupported
from api.vault.reply import Reply
from api.vault.request import VaultRequest

Handler = Callable[[VaultRequest], Awaitable[Reply | None]]
Exists = Callable[[VaultRequest], Awaitable[bool]]


class Route(NamedTuple):
    """`pattern` is a path within the mount: `{name}` is one segment, `{name...}` one or more, `{name...?}` any number.

    `handlers` are by operation (`api.vault.request`). With `exists`, an update of what is not there needs the
    capability `create` and of what is there `update`; without it every update needs `update`.
    """

    pattern: str
    handlers: Mapping[str, Handler]
    exists: Exists | None = None
    open: bool = False
    """Whether it answers without a token."""
    sudo: bool = False
    """Whether policies must give `sudo` on it besides."""
    exact: bool = False
    """Whether it keeps what it is given, so that numbers stay as they are written."""
    again: Handler | None = None
    """What answers a write that is repeated with its idempotency key, where the reply that is kept is not Vault's."""


class Match(NamedTuple):
    """The route that answers a path, and what its pattern took from it."""

    route: Route
    values: dict[str, str]

    def handler(self, operation: str) -> Handler:
        """What answers `operation`; raises `VaultError` 405."""
        handler = self.route.handlers.get(operation)
        if handler is None:
            raise unsupported()
        return handler


class Engine:
    """What answers under the mounts of one kind. Of the routes that fit, the first counts."""

    def __init__(self, kind: str, routes: Sequence[Route]) -> None:
        self.kind = kind
        self.routes = routes
        self._compiled = [(_compiled(route.pattern), route) for route in routes]

    def match(self, rest: str, path: str) -> Match:
        """The route of a path within the mount; raises `VaultError` 404. `path` is the whole, for the message."""
        for pattern, route in self._compiled:
            found = pattern.fullmatch(rest)
            if found:
                return Match(route, {name: value or "" for name, value in found.groupdict().items()})
        raise no_handler(path)


async def nothing(_request: VaultRequest) -> None:
    """Says again that it was done, which is all that was said."""


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_piece(part) for part in re.split(r"(\{[^}]+\})", pattern)), re.DOTALL)


def _piece(part: str) -> str:
    if not part.startswith("{"):
        return re.escape(part)
    name = part[1:-1]
    if name.endswith("...?"):
        return f"(?P<{name[:-4]}>.*)"
    return f"(?P<{name[:-3]}>.+)" if name.endswith("...") else f"(?P<{name}>[^/]+)"
