"""Documents, as far as it takes to see who may do what: find with equality, insert, delete; and one that takes long."""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from tests.fakes.mongodb.access import Key
from tests.fakes.mongodb.failures import CommandError
from tests.fakes.mongodb.users import Demand
from tests.fakes.mongodb.wire import Document

_ACTIONS: Final = {"find": "find", "insert": "insert", "delete": "remove", "listCollections": "listCollections"}


class Documents:
    """All collections of all databases, and what runs on them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], list[Document]] = defaultdict(list)
        self._interrupts: dict[Key, set[asyncio.Event]] = defaultdict(set)

    async def run(self, name: str, command: Document, user: Key, demand: Demand) -> Document:
        """Carry it out for this user; raises `CommandError`."""
        if name not in _ACTIONS:
            raise CommandError(59, f"no such command: '{name}'")
        db, collection = command["$db"], str(command[name])
        demand(_ACTIONS[name], {"db": db, "collection": "" if name == "listCollections" else collection})
        if name == "listCollections":
            found = [{"name": name, "type": "collection"} for at, name in self._kept if at == db]
            return _cursor(db, "$cmd.listCollections", found)
        if name == "insert":
            self._kept[db, collection] += command["documents"]
            return {"n": len(command["documents"])}
        if name == "find":
            return await self._find(db, collection, command.get("filter", {}), user)
        return self._delete(self._kept[db, collection], command["deletes"])

    def interrupt(self, users: Iterable[Key]) -> None:
        """End what runs for them."""
        for user in users:
            for event in self._interrupts[user]:
                event.set()

    async def _find(self, db: str, collection: str, asked: Document, user: Key) -> Document:
        if sleep := re.fullmatch(r"sleep\((\d+)\)", asked.get("$where", "")):
            await self._sleep(int(sleep[1]) / 1000, user)
        wanted = {name: value for name, value in asked.items() if name != "$where"}
        return _cursor(db, collection, [each for each in self._kept[db, collection] if _matches(each, wanted)])

    async def _sleep(self, seconds: float, user: Key) -> None:
        event = asyncio.Event()
        self._interrupts[user].add(event)
        try:
            await asyncio.wait_for(event.wait(), seconds)
        except TimeoutError:
            return
        finally:
            self._interrupts[user].discard(event)
        raise CommandError(11601, "operation was interrupted")

    def _delete(self, kept: list[Document], deletes: list[Document]) -> Document:
        before = len(kept)
        for delete in deletes:
            kept[:] = [each for each in kept if not _matches(each, delete["q"])]
        return {"n": before - len(kept)}


def _matches(document: Document, wanted: Document) -> bool:
    return all(document.get(name) == value for name, value in wanted.items())


def _cursor(db: str, collection: str, batch: list[Document]) -> Document:
    return {"cursor": {"id": 0, "ns": f"{db}.{collection}", "firstBatch": batch}}
