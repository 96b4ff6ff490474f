"""Many secrets at once: import, all or nothing, and export, each read audited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from datetime import datetime
from operator import itemgetter
from typing import Final

import msgspec

from domain.call import Call
from domain.commands.expansion import Expanded, Expander
from domain.commands.gate import Cleared
from domain.commands.reach import Node
from domain.commands.reading import SecretReads
from domain.commands.secrets import SecretCommands, writing
from domain.errors import AlreadyExists, Invalid, TooLarge, VersionConflict
from domain.event import Event
from domain.names import checked_path, checked_prefix, joined, stream_of
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Replies, Repository, Statement
from domain.results import Done, NewValue, SecretMeta
from domain.secret import Secret
from domain.secret_view import SecretsView

MAX_IMPORT: Final = 10_000
"""How many values one import may bring."""
MAX_EXPORT: Final = 10_000
"""How many values one export may take."""
_TRIES: Final = 4
"""How often an import is tried when somebody else takes one of its names in between."""


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
        self._gate = commands.gate
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
        for _ in range(_TRIES - 1):
            with suppress(VersionConflict):
                return await self._take_in(call, wanted)
        return await self._take_in(call, wanted)

    async def _take_in(self, call: Call, wanted: Mapping[str, Plaintext]) -> Done[Imported]:
        living = await self._view.living(call.tenant, list(wanted))
        existing = sorted(path for path, version in living.items() if version.answers(self._clock()))
        if existing:
            raise AlreadyExists(f"nothing was imported: {len(existing)} of these names exist", existing)
        at = self._clock()
        async with AsyncExitStack() as held:
            # In order of path: two imports of the same deleted names must not each wait for what the other holds.
            secrets = [
                (await self._free(call, held, path, at), NewValue(value))
                for path, value in sorted(wanted.items(), key=itemgetter(0))
            ]
            changes = [writing(secret, "import", value) for secret, value in secrets]
            async with self._gate.passing(call, changes) as cleared:
                return await self._written(call, secrets, at, cleared)

    async def _written(
        self, call: Call, secrets: Sequence[tuple[Secret, NewValue]], at: datetime, cleared: Cleared
    ) -> Done[Imported]:
        events: list[Event] = [*cleared.events]
        statements: list[Statement] = [*cleared.statements]
        items: list[SecretMeta] = []
        for secret, value in secrets:
            meta, sealed = await self._commands.seal_next(call, secret, value, "import", at)
            events += secret.collect_events()  # type: ignore[arg-type]  # the library types them as its own base
            statements += sealed
            items.append(meta)
        return await self._append(call, events, statements, Imported(items))

    def _checked(self, call: Call, prefix: str, values: Mapping[str, Plaintext]) -> dict[str, Plaintext]:
        if not 1 <= len(values) <= MAX_IMPORT:
            raise Invalid(f"an import brings 1 to {MAX_IMPORT} values; this one {len(values)}")
        wanted = {checked_path(joined(checked_prefix(prefix), path)): value for path, value in values.items()}
        for path in wanted:
            call.require("secrets:write", path, exists=False)
        return wanted

    async def _free(self, call: Call, held: AsyncExitStack, path: str, at: datetime) -> Secret:
        stream = stream_of("secret", call.tenant, path)
        secret = await held.enter_async_context(self._repository.hold(Secret, stream))
        if secret is None:
            return Secret.begin(call.tenant, path, at)
        if not secret.is_empty:
            call.require("secrets:write", path, exists=True)
        secret.settle(at)
        if secret.live:  # since we looked; the next look names every such path
            raise VersionConflict(f"{path!r} was written in between; try again")
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
        found = [version for version in found if version.answers(self._clock())]
        if len(found) > MAX_EXPORT:
            raise TooLarge(f"there are more than {MAX_EXPORT} secrets under {prefix!r}; export one folder at a time")
        for verb in ("secrets:export", "secrets:read"):
            call.require_all(verb, [version.path for version in found], prefix)
        if not found:
            return Done({}, 0)
        roots = [Node(version.path, None) for version in found]
        with await self._expander.gather(call, roots, resolve=resolve) as graph:
            values = Expanded(graph, resolve=resolve).values(roots)
            try:
                position = await self._reads.record(call, list(graph.versions.values()), "export")
            except BaseException:
                for value in values:
                    value.wipe()
                raise
            return Done(dict(zip((root.path for root in roots), values, strict=True)), position)
