"""The values that secrets lead to by their references, and how far that may go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from domain import references
from domain.errors import ReferenceCycle, ReferenceTooLarge
from domain.plaintext import Plaintext
from domain.references import MAX_DEPTH, MAX_FOLLOWED, Reference
from domain.secret_view import SecretVersion


class Node(NamedTuple):
    """A secret at a version; version None is the newest."""

    path: str
    version: int | None


class Graph:
    """The values that a set of roots leads to, opened once each. A context manager: leaving wipes them."""

    def __init__(self) -> None:
        self.values: dict[Node, Plaintext] = {}
        self.versions: dict[Node, SecretVersion] = {}
        self.size = 0
        """Of all values, in bytes."""
        self._marks: dict[Node, list[Reference | int]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for value in self.values.values():
            value.wipe()

    def add(self, node: Node, version: SecretVersion, value: Plaintext) -> None:
        """Take in an opened value, which from now on is wiped with the others."""
        self.values[node] = value
        self.versions[node] = version
        self.size += len(value)

    def marks(self, node: Node) -> list[Reference | int]:
        """The references and, as offsets, the escapes in the value at `node`."""
        marks = self._marks.get(node)
        if marks is None:
            marks = self._marks[node] = references.found(self.values[node].buffer)
        return marks

    def uses(self, node: Node) -> list[Node]:
        """What the value at `node` refers to, as often as it does."""
        return [Node(mark.path, mark.version) for mark in self.marks(node) if isinstance(mark, Reference)]


class _Reach(NamedTuple):
    """What is ahead of a node: the longest chain of references, and how many are followed to expand it."""

    depth: int
    followed: int


def refuse_too_much(graph: Graph, roots: Sequence[Node]) -> None:
    """Raises `ReferenceCycle` for a circle, `ReferenceTooLarge` for a chain too long or too many references to follow.

    A secret counts as often as it is referred to: a few that each name the next one twice would take for ever.
    """
    known: dict[Node, _Reach] = {}
    for root in roots:
        _reach(graph, root, [], known)


def _reach(graph: Graph, node: Node, trail: list[Node], known: dict[Node, _Reach]) -> _Reach:
    if node in trail:
        cycle = [each.path for each in (*trail[trail.index(node) :], node)]
        raise ReferenceCycle(f"references lead in a circle: {' -> '.join(cycle)}", cycle)
    reach = known.get(node) or _Reach(0, 0)
    if len(trail) + reach.depth > MAX_DEPTH:
        raise ReferenceTooLarge(f"references from {trail[0].path!r} lead deeper than {MAX_DEPTH}")
    if node not in known:
        ahead = [_reach(graph, used, [*trail, node], known) for used in graph.uses(node)]
        depth = max((each.depth + 1 for each in ahead), default=0)
        reach = known[node] = _Reach(depth, sum(each.followed + 1 for each in ahead))
    if reach.followed > MAX_FOLLOWED:
        raise ReferenceTooLarge(f"to expand {node.path!r}, more than {MAX_FOLLOWED} references would be followed")
    return reach
