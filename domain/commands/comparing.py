"""Comparing values without showing them: two versions of one secret, or two folders."""

from __future__ import annotations

from typing import Final

import msgspec

from domain.access import SecretsCompared
from domain.call import Call
from domain.commands.expansion import Expander
from domain.commands.reach import Graph, Node
from domain.commands.reading import NOWHERE, SecretReads
from domain.errors import TooLarge
from domain.names import checked_path, checked_prefix
from domain.plaintext import Plaintext
from domain.ports import Clock
from domain.results import Done
from domain.secret_view import SecretsView, SecretVersion

MAX_COMPARED: Final = 5000
"""How many names of a folder are compared at once."""


class Difference(msgspec.Struct, frozen=True):
    """A name that both folders have with different values; the values only if they were asked for."""

    name: str
    left_version: int
    right_version: int
    left_value: Plaintext | None = None
    right_value: Plaintext | None = None


class FolderDiff(msgspec.Struct, frozen=True):
    """Which names, told without their folder, are in one folder only, equal, or different."""

    left: str
    right: str
    only_left: list[str]
    only_right: list[str]
    equal: list[str]
    different: list[Difference]


class VersionDiff(msgspec.Struct, frozen=True):
    """Whether two versions are equal; the values only if they were asked for."""

    name: str
    from_version: int
    to_version: int
    equal: bool
    from_value: Plaintext | None = None
    to_value: Plaintext | None = None


class SecretComparison:
    """Needs `secrets:list` on what is compared, and `secrets:read` besides to have the values shown.

    Where reading needs approval, so does comparing: a value that can be guessed is found out by it.
    """

    def __init__(self, reads: SecretReads, expander: Expander, view: SecretsView, clock: Clock) -> None:
        self._reads = reads
        self._expander = expander
        self._view = view
        self._clock = clock

    async def versions(self, call: Call, path: str, old: int, new: int, *, reveal: bool) -> Done[VersionDiff]:
        """Whether version `old` and `new` of `path` hold the same value."""
        call.require("secrets:list", checked_path(path))
        nodes = [Node(path, old), Node(path, new)]
        with await self._opened(call, nodes, reveal=reveal) as graph:
            position = await self._record(call, graph, f"{path}@{old}", f"{path}@{new}", reveal=reveal)
            left, right = (graph.values[node] for node in nodes)
            shown = (Plaintext.copy_of(left.buffer), Plaintext.copy_of(right.buffer)) if reveal else (None, None)
            return Done(VersionDiff(path, old, new, left == right, *shown), position)

    async def folders(self, call: Call, left: str, right: str, *, reveal: bool) -> Done[FolderDiff]:
        """Which names of two folders (environments, say) are missing, equal or different."""
        ours, theirs = await self._names(call, left), await self._names(call, right)
        both = sorted(ours.keys() & theirs.keys())
        nodes = [Node(names[name].path, None) for name in both for names in (ours, theirs)]
        with await self._opened(call, nodes, reveal=reveal) as graph:
            position = await self._record(call, graph, left, right, reveal=reveal)
            equal, different = [], []
            for name in both:
                one, other = Node(ours[name].path, None), Node(theirs[name].path, None)
                if graph.values[one] == graph.values[other]:
                    equal.append(name)
                else:
                    different.append(_difference(graph, name, one, other, reveal=reveal))
        only_left, only_right = sorted(ours.keys() - theirs.keys()), sorted(theirs.keys() - ours.keys())
        return Done(FolderDiff(left, right, only_left, only_right, equal, different), position)

    async def _names(self, call: Call, prefix: str) -> dict[str, SecretVersion]:
        folder = f"{checked_prefix(prefix).rstrip('/')}/"
        found = await self._view.page(call.tenant, folder, "", MAX_COMPARED + 1, live=True)
        if len(found) > MAX_COMPARED:
            raise TooLarge(f"{prefix!r} has more than {MAX_COMPARED} names; compare its folders one by one")
        call.require_all("secrets:list", [version.path for version in found], folder)
        return {version.path[len(folder) :]: version for version in found}

    async def _opened(self, call: Call, nodes: list[Node], *, reveal: bool) -> Graph:
        if reveal:
            for node in nodes:
                call.require("secrets:read", node.path)
        return await self._expander.gather(call, nodes, resolve=False, verb="secrets:list") if nodes else Graph()

    async def _record(self, call: Call, graph: Graph, left: str, right: str, *, reveal: bool) -> int:
        if reveal and graph.versions:
            return await self._reads.record(call, list(graph.versions.values()), "diff")
        event = SecretsCompared(
            originator_id=NOWHERE, originator_version=0, timestamp=self._clock(), left=left, right=right
        )
        return await self._reads.append(call, list(graph.versions.values()), [event])


def _difference(graph: Graph, name: str, one: Node, other: Node, *, reveal: bool) -> Difference:
    versions = graph.versions[one].number, graph.versions[other].number
    if not reveal:
        return Difference(name, *versions)
    left, right = (Plaintext.copy_of(graph.values[node].buffer) for node in (one, other))
    return Difference(name, *versions, left, right)
