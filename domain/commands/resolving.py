"""Commands that hand out expanded values: one secret resolved, or many for a process's environment."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from domain.access import SecretsInjected
from domain.call import Call
from domain.commands.expansion import Expanded, Expander, checked_nodes, expanded
from domain.commands.reach import Graph, Node
from domain.commands.reading import NOWHERE, SecretReads
from domain.errors import Conflict, Invalid
from domain.names import checked_path, checked_prefix
from domain.plaintext import Plaintext
from domain.ports import Clock
from domain.results import Done, Revealed
from domain.secret_view import SecretsView
from domain.views import ReferencesView, Use

MAX_INJECTED: Final = 1000
"""How many variables one process may be given at once."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}\Z")


class Uses(NamedTuple):
    """What a secret refers to, and who refers to it."""

    uses: list[Use]
    used_by: list[str]


class SecretResolution:
    """Values with their references expanded, for this caller."""

    def __init__(
        self,
        reads: SecretReads,
        expander: Expander,
        view: SecretsView,
        uses: ReferencesView,
        clock: Clock,
    ) -> None:
        self._reads = reads
        self._expander = expander
        self._view = view
        self._uses = uses
        self._clock = clock

    async def resolve(self, call: Call, path: str, number: int | None = None) -> Done[Revealed]:
        """The value with every reference expanded; each secret it leads to is checked and audited."""
        root = Node(checked_path(path), number)
        with await self._expander.gather(call, [root], resolve=True) as graph:
            value = expanded(graph, root)
            try:
                position = await self._reads.record(call, list(graph.versions.values()), "resolve")
            except BaseException:
                value.wipe()
                raise
            return Done(Revealed(graph.versions[root], value), position)

    async def inject(
        self, call: Call, variables: Mapping[str, str], *, prefix: str | None, upper: bool, resolve: bool
    ) -> Done[dict[str, Plaintext]]:
        """Values for these variables, and for everything under `prefix`; the log holds names and paths."""
        wanted = await self._wanted(call, variables, prefix, upper=upper)
        roots = checked_nodes(list(wanted.values()), MAX_INJECTED)
        with await self._expander.gather(call, roots, resolve=resolve) as graph:
            values = Expanded(graph, resolve=resolve).values(roots)
            try:
                position = await self._record(call, wanted, graph, roots)
            except BaseException:
                for value in values:
                    value.wipe()
                raise
            return Done(dict(zip(wanted, values, strict=True)), position)

    async def _wanted(
        self, call: Call, variables: Mapping[str, str], prefix: str | None, *, upper: bool
    ) -> dict[str, str]:
        wanted: dict[str, str] = {}
        if prefix is not None:
            found = await self._view.page(call.tenant, checked_prefix(prefix), "", MAX_INJECTED + 1, live=True)
            call.require_all("secrets:read", [version.path for version in found], prefix)
            for version in found:
                name = _variable_of(version.path[len(prefix) :], upper=upper)
                if name in wanted:
                    raise Conflict(f"{wanted[name]!r} and {version.path!r} would both become {name}; name one of them")
                wanted[name] = version.path
        for name in variables:
            if not _VARIABLE.match(name):
                raise Invalid(f"{name!r} is not a variable's name: letters, digits and _, not starting with a digit")
        return {**wanted, **variables}

    async def _record(self, call: Call, wanted: dict[str, str], graph: Graph, roots: Sequence[Node]) -> int:
        event = SecretsInjected(originator_id=NOWHERE, originator_version=0, timestamp=self._clock(), variables=wanted)
        behind = [version for node, version in graph.versions.items() if node not in roots]
        events = [*self._reads.events(behind, "run"), event]
        return await self._reads.append(call, list(graph.versions.values()), events)

    async def references(self, call: Call, path: str, limit: int) -> Uses:
        """What the newest version of `path` refers to, and which living secrets refer to it.

        Both as far as the caller may list.
        """
        call.require("secrets:list", checked_path(path))
        uses = await self._uses.uses(call.tenant, path)
        used_by = await self._uses.used_by(call.tenant, path, "", limit)
        uses = [use for use in uses if call.allows("secrets:list", use.path)]
        return Uses(uses, [source for source in used_by if call.allows("secrets:list", source)])


def _variable_of(name: str, *, upper: bool) -> str:
    variable = re.sub(r"[^A-Za-z0-9_]", "_", name)
    variable = variable.upper() if upper else variable
    return variable if _VARIABLE.match(variable) else f"_{variable}"
