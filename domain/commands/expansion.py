"""Expanding `${secret.path}`: only when asked, every path checked against the caller's scopes and audited."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from domain.call import Call
from domain.commands.reach import Graph, Node, refuse_too_much
from domain.errors import Invalid, NotFound, ReferenceTooLarge, TooLarge
from domain.names import checked_path
from domain.plaintext import Plaintext
from domain.ports import SealContext, Sealer
from domain.references import MAX_DEPTH, MAX_EXPANDED, MAX_REFERENCES, MAX_TOGETHER, Reference
from domain.secret_view import SecretsView, SecretVersion

_CHUNK = 64
"""How many values are opened before their size is looked at: each has at most a mebibyte."""


class Expander:
    """Follows references level by level, so that each level is a few reads of the store."""

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
                refuse_too_much(graph, roots)
                return
            _bound(graph, level, depth, roots)

    async def _open(self, call: Call, graph: Graph, level: Sequence[Node], verb: str) -> None:
        for node in level:
            call.require(verb, checked_path(node.path))
        newest = await self._view.living(call.tenant, sorted({node.path for node in level}))
        for some in _chunks(level):
            versions = [await self._version(call, node, newest) for node in some]
            wanted = [(SealContext(call.tenant, "secret", each.path, each.number), each.seal_id) for each in versions]
            for node, version, value in zip(some, versions, await self._sealer.open_many(wanted), strict=True):
                graph.add(node, version, value)
            if graph.size > MAX_TOGETHER:
                raise TooLarge(f"these values have more than {MAX_TOGETHER} bytes together; ask for fewer at once")

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


class Expanded:
    """Values with every reference replaced, or as they are stored."""

    def __init__(self, graph: Graph, *, resolve: bool) -> None:
        self._graph = graph
        self._resolve = resolve
        self._size = 0

    def values(self, nodes: Sequence[Node]) -> list[Plaintext]:
        """One value a node, which the caller wipes; raises `ReferenceTooLarge`, `TooLarge`, then they are wiped."""
        made: list[Plaintext] = []
        try:
            for node in nodes:
                made.append(Plaintext(bytearray()))
                self._make(node, made[-1].buffer)
        except BaseException:
            for value in made:
                value.wipe()
            raise
        return made

    def _make(self, node: Node, out: bytearray) -> None:
        if self._resolve:
            _expand_into(self._graph, node, out)
        else:
            out += self._graph.values[node].buffer
        self._size += len(out)
        if self._size > MAX_TOGETHER:
            raise TooLarge(f"these values have more than {MAX_TOGETHER} bytes together; ask for fewer at once")


def expanded(graph: Graph, node: Node) -> Plaintext:
    """The value at `node` with every reference replaced; the caller wipes it."""
    (value,) = Expanded(graph, resolve=True).values([node])
    return value


def _chunks(level: Sequence[Node]) -> Iterator[Sequence[Node]]:
    return (level[start : start + _CHUNK] for start in range(0, len(level), _CHUNK))


def _unopened(graph: Graph, level: Sequence[Node]) -> list[Node]:
    reached = (used for node in level for used in graph.uses(node))
    return [node for node in dict.fromkeys(reached) if node not in graph.values]


def _bound(graph: Graph, level: Sequence[Node], depth: int, roots: Sequence[Node]) -> None:
    if len(graph.values) - len(set(roots)) + len(level) > MAX_REFERENCES:
        raise ReferenceTooLarge(f"{roots[0].path!r} leads to more than {MAX_REFERENCES} other secrets")
    if depth == MAX_DEPTH:
        raise ReferenceTooLarge(f"references from {roots[0].path!r} lead deeper than {MAX_DEPTH}")


def _expand_into(graph: Graph, node: Node, out: bytearray) -> None:
    value = graph.values[node].buffer
    at = 0
    for mark in graph.marks(node):
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
