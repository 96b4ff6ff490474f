"""One level of names, as key-value clients walk through them."""

from __future__ import annotations

from typing import Final, NamedTuple

from domain.call import Call
from domain.errors import Forbidden
from domain.kv_view import KvView
from domain.names import checked_prefix

MAX_NAMES: Final = 100_000
"""How many names and folders one list holds."""
_LOOK: Final = 256
"""How many names are looked at together."""


class _Walk(NamedTuple):
    prefix: str
    start: str
    limit: int
    live: bool


class KvFolders:
    """Names, of deleted secrets too: as natively, only those that the caller may list."""

    def __init__(self, view: KvView) -> None:
        self._view = view

    async def names(
        self, call: Call, folder: str, *, after: str = "", limit: int = MAX_NAMES, live: bool = False
    ) -> list[str]:
        """What lies in `folder` (empty: at the top), in byte order, each without it; folders end in `/`.

        A name that is a secret and a folder is there twice. `after` is one of them, to go on behind it. With
        `live` only names that answer.
        """
        if not call.allows_somewhere("secrets:list"):
            raise Forbidden("this needs the scope secrets:list; ask an operator for a token that has it")
        prefix = checked_prefix(f"{folder.rstrip('/')}/" if folder else "")
        found: list[str] = []
        for start in call.starts("secrets:list", prefix):
            cursor = max(_beyond(prefix, after), _beyond(prefix, found[-1]) if found else "")
            await self._walk(call, _Walk(prefix, start, limit, live), cursor, found)
        return found[:limit]

    async def _walk(self, call: Call, walk: _Walk, cursor: str, found: list[str]) -> None:
        prefix = walk.prefix
        while len(found) < walk.limit:
            names = await self._view.names(call.tenant, walk.start, cursor, _LOOK, live=walk.live)
            for name in names:
                if name <= cursor or not call.allows("secrets:list", name):
                    continue
                entry, slash, _ = name[len(prefix) :].partition("/")
                found.append(entry + slash)
                # Of a folder one name is enough: what else lies in it is passed over, in this page or by the next.
                cursor = _beyond(prefix, entry + slash)
            if len(names) < _LOOK:
                return
            cursor = max(cursor, names[-1])


def _beyond(prefix: str, entry: str) -> str:
    """Where to go on behind an entry: a folder's names are all before this."""
    return "" if not entry else f"{prefix}{entry}\x7f" if entry.endswith("/") else f"{prefix}{entry}"
