"""Many secrets at once: import, all or nothing, and export, each read audited."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Final

import msgspec

from domain.call import Call
from domain.commands.expansion import Expander, Graph, Node
from domain.commands.reading import SecretReads
from domain.commands.secrets import SecretCommands
from domain.errors import AlreadyExists, Forbidden, Invalid, TooLarge
from domain.event import Event
from domain.names import checked_path, checked_prefix, joined, stream_of
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Replies, Repository, Statement
from domain.results import Done, NewValue, SecretMeta
from domain.secret import Secret
from domain.views import SecretsView

MAX_IMPORT: Final = 10_000
"""How many values one import may bring."""
MAX_EXPORT: Final = 10_000
"""How many values one export may take."""


class Imported(msgspec.Struct, frozen=True):
    """What was stored, without values."""

    items: list[SecretMeta]


class SecretTransfer:
    """Import and export of a tree of secrets."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        commands: SecretCommands,
        reads: SecretReads,
        expander: Expander,
        view: SecretsView,
        replies: Replies,
        clock: Clock,
    ) -> None:
        self._log = log
        self._repository = repository
        self._commands = commands
        self._reads = reads
        self._expander = expander
        self._view = view
        self._replies = replies
        self._clock = clock

    async def take_in(self, call: Call, prefix: str, values: Mapping[str, Plaintext]) -> Done[Imported]:
        """Store every value under a free name, or none; raises `AlreadyExists` naming every path that lives."""
        wanted = self._checked(call, prefix, values)
        existing = sorted(await self._view.living(call.tenant, list(wanted)))
        if existing:
            raise AlreadyExists(f"nothing was imported: {len(existing)} of these names exist", existing)
        events: list[Event] = []
        statements: list[Statement] = []
        items: list[SecretMeta] = []
        at = self._clock()
        async with AsyncExitStack() as held:
            for path, value in wanted.items():
                secret = await self._free(call, held, path, at)
                meta, sealed = await self._commands.seal_next(call, secret, NewValue(value), "import", at)
                events += secret.collect_events()  # type: ignore[arg-type]  # the library types them as its own base
                statements += sealed
                items.append(meta)
            return await self._append(call, events, statements, Imported(items))

    def _checked(self, call: Call, prefix: str, values: Mapping[str, Plaintext]) -> dict[str, Plaintext]:
        if not 1 <= len(values) <= MAX_IMPORT:
            raise Invalid(f"an import brings 1 to {MAX_IMPORT} values; this one {len(values)}")
        wanted = {checked_path(joined(checked_prefix(prefix), path)): value for path, value in values.items()}
        for path in wanted:
            call.require("secrets:write", path)
        return wanted

    async def _free(self, call: Call, held: AsyncExitStack, path: str, at: datetime) -> Secret:
        stream = stream_of("secret", call.tenant, path)
        if await self._view.current(call.tenant, path) is None:
            return Secret.begin(call.tenant, path, at)
        secret = await held.enter_async_context(self._repository.hold(Secret, stream))
        if secret is None:
            return Secret.begin(call.tenant, path, at)
        secret.must_be_free()
        return secret

    async def _append(
        self, call: Call, events: list[Event], statements: list[Statement], result: Imported
    ) -> Done[Imported]:
        kept = await self._replies.keep(call, result)
        position = await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=events,
                statements=[*statements, *kept.statements],
                reply=kept.reply,
            )
        )
        return Done(result, position)

    async def give_out(self, call: Call, prefix: str, *, resolve: bool) -> Done[dict[str, Plaintext]]:
        """Every value under `prefix`, by path; the caller wipes them.

        Raises `Forbidden` if one of them may not be exported.
        """
        found = await self._view.page(call.tenant, checked_prefix(prefix), "", MAX_EXPORT + 1, live=True)
        if len(found) > MAX_EXPORT:
            raise TooLarge(f"there are more than {MAX_EXPORT} secrets under {prefix!r}; export one folder at a time")
        refused = [version.path for version in found if not call.allows("secrets:export", version.path)]
        if refused or (not found and not call.allows("secrets:export", prefix)):
            raise Forbidden(f"this needs the scope secrets:export for everything under {prefix!r}")
        if not found:
            return Done({}, 0)
        roots = [Node(version.path, None) for version in found]
        with await self._expander.gather(call, roots, resolve=resolve) as graph:
            position = await self._reads.record(call, list(graph.versions.values()), "export")
            return Done(self._copied(graph, roots, resolve=resolve), position)

    def _copied(self, graph: Graph, roots: list[Node], *, resolve: bool) -> dict[str, Plaintext]:
        if resolve:
            return {root.path: self._expander.expanded(graph, root) for root in roots}
        return {root.path: Plaintext.copy_of(graph.values[root].buffer) for root in roots}
