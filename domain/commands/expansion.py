"""Expanding `${secret.path}`, only when asked: every referenced path is checked and audited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Self

from domain import references
from domain.call import Call
from domain.errors import Invalid, NotFound, ReferenceCycle, ReferenceTooLarge
from domain.names import checked_path
from domain.plaintext import Plaintext
from domain.ports import SealContext, Sealer
from domain.references import MAX_DEPTH, MAX_EXPANDED, MAX_REFERENCES, Reference
from domain.views import SecretsView, SecretVersion


class Node(NamedTuple):
    """A secret at a version; version None is the newest."""

    path: str
    version: int | None


class Graph:
    """The values that a set of roots leads to, opened once each. A context manager: leaving wipes them."""

    def __init__(self) -> None:
        self.values: dict[Node, Plaintext] = {}
        self.versions: dict[Node, SecretVersion] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for value in self.values.values():
            value.wipe()

    def uses(self, node: Node) -> list[Node]:
        """What the value at `node` refers to."""
        marks = references.found(self.values[node].buffer)
        return [Node(mark.path, mark.version) for mark in marks if isinstance(mark, Reference)]


class Expander:
    """Follows references level by level, so that each level is one read of the store."""

    def __init__(self, sealer: Sealer, view: SecretsView) -> None:
        self._sealer = sealer
        self._view = view

    async def gather(self, call: Call, roots: Sequence[Node], *, resolve: bool, verb: str = "secrets:read") -> Graph:
        """Open the roots and, with `resolve`, all they lead to, if the caller has `verb` on each.

        Leaving the graph wipes it.
        """
        graph = Graph()
        try:
            await self._follow(call, graph, roots, verb, resolve=resolve)
        except BaseException:
            graph.__exit__()
            raise
        return graph

    async def _follow(self, call: Call, graph: Graph, roots: Sequence[Node], verb: str, *, resolve: bool) -> None:
        level = list(dict.fromkeys(roots))
        for depth in range(MAX_DEPTH + 1):
            await self._open(call, graph, level, verb)
            if not resolve:
                return
            level = _unopened(graph, level)
            if not level:
                _refuse_cycles(graph, roots)
                return
            _bound(graph, level, depth, roots)
        raise ReferenceTooLarge(f"references lead deeper than {MAX_DEPTH}; shorten the chain from {roots[0].path!r}")

    async def _open(self, call: Call, graph: Graph, level: Sequence[Node], verb: str) -> None:
        for node in level:
            call.require(verb, checked_path(node.path))
        newest = await self._view.living(call.tenant, sorted({node.path for node in level}))
        versions = [await self._version(call, node, newest) for node in level]
        wanted = [(SealContext(call.tenant, "secret", each.path, each.number), each.seal_id) for each in versions]
        for node, version, value in zip(level, versions, await self._sealer.open_many(wanted), strict=True):
            graph.versions[node] = version
            graph.values[node] = value

    async def _version(self, call: Call, node: Node, newest: dict[str, SecretVersion]) -> SecretVersion:
        version = newest.get(node.path)
        if version is not None and node.version is not None:
            version = await self._view.version(call.tenant, node.path, node.version)
        if version is None:
            pin = f" with a version {node.version}" if node.version else ""
            raise NotFound(f"there is no secret {node.path!r}{pin}", extensions={"missing": node.path})
        if version.destroyed_at:
            raise NotFound(
                f"version {version.number} of {node.path!r} was destroyed", extensions={"missing": node.path}
            )
        return version

    @staticmethod
    def expanded(graph: Graph, node: Node) -> Plaintext:
        """The value at `node` with every reference replaced; the caller wipes it."""
        result = Plaintext(bytearray())
        try:
            _expand_into(graph, node, result.buffer)
        except BaseException:
            result.wipe()
            raise
        return result


def _unopened(graph: Graph, level: Sequence[Node]) -> list[Node]:
    reached = (used for node in level for used in graph.uses(node))
    return [node for node in dict.fromkeys(reached) if node not in graph.values]


def _bound(graph: Graph, level: Sequence[Node], depth: int, roots: Sequence[Node]) -> None:
    if len(graph.values) - len(set(roots)) + len(level) > MAX_REFERENCES:
        raise ReferenceTooLarge(f"{roots[0].path!r} leads to more than {MAX_REFERENCES} other secrets")
    if depth == MAX_DEPTH:
        raise ReferenceTooLarge(f"references from {roots[0].path!r} lead deeper than {MAX_DEPTH}")


def _refuse_cycles(graph: Graph, roots: Sequence[Node]) -> None:
    done: set[Node] = set()
    for root in roots:
        _walk(graph, root, [], done)


def _walk(graph: Graph, node: Node, trail: list[Node], done: set[Node]) -> None:
    if node in trail:
        cycle = [each.path for each in (*trail[trail.index(node) :], node)]
        raise ReferenceCycle(f"references lead in a circle: {' -> '.join(cycle)}", cycle)
    if node in done:
        return
    for used in graph.uses(node):
        _walk(graph, used, [*trail, node], done)
    done.add(node)


def _expand_into(graph: Graph, node: Node, out: bytearray) -> None:
    value = graph.values[node].buffer
    at = 0
    for mark in references.found(value):
        start = mark.start if isinstance(mark, Reference) else mark
        out += memoryview(value)[at:start]
        if isinstance(mark, Reference):
            _expand_into(graph, Node(mark.path, mark.version), out)
            at = mark.end
        else:
            out += b"${"
            at = mark + 3
        _check_size(out, node)
    out += memoryview(value)[at:]
    _check_size(out, node)


def _check_size(out: bytearray, node: Node) -> None:
    if len(out) > MAX_EXPANDED:
        raise ReferenceTooLarge(f"the expanded value of {node.path!r} is longer than {MAX_EXPANDED} bytes")


def checked_nodes(paths: Sequence[str], most: int) -> list[Node]:
    """Paths as roots; raises `Invalid` if there are none or too many."""
    if not 1 <= len(paths) <= most:
        raise Invalid(f"name 1 to {most} secrets")
    return [Node(checked_path(path), None) for path in paths]
