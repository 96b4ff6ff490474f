"""Commands on mounts: enable, tune. How they end is in `domain.commands.mount_ends`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec

from domain.call import Call
from domain.errors import Invalid
from domain.mount import MountTable, table_stream
from domain.mounts import MountEntry, kind_of
from domain.ports import Append, Clock, EventLog, Replies, Repository
from domain.results import Done


class Tuning(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be changed about a mount; None leaves it. Seconds; 0 is the system's."""

    description: str | None = None
    options: dict[str, str] | None = None
    default_ttl: int | None = None
    max_ttl: int | None = None

    def applied(self, entry: MountEntry) -> MountEntry:
        """The mount as it is then; options that are not named stay. Raises `Invalid` for times that contradict."""
        given = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}
        if self.options is not None:
            given["options"] = {**entry.options, **self.options}
        return checked_ttls(msgspec.structs.replace(entry, **given))


def checked_ttls(entry: MountEntry) -> MountEntry:
    """Itself, unless its times to live contradict each other; raises `Invalid`."""
    if entry.default_ttl < 0 or entry.max_ttl < 0:
        raise Invalid("default_lease_ttl and max_lease_ttl are not negative")
    if entry.max_ttl and entry.default_ttl > entry.max_ttl:
        raise Invalid("backend max lease TTL of less than its default lease TTL")
    return entry


class MountCommands:
    """`entropy` gives random bytes, of which accessors are made."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        replies: Replies,
        clock: Clock,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._log = log
        self._repository = repository
        self._replies = replies
        self._clock = clock
        self._entropy = entropy

    async def enable(self, call: Call, path: str, kind: str, said: Tuning) -> Done[None]:
        """Have an engine of this kind, by any of its names, answer under `path`; raises `Invalid`, `Conflict`."""
        require_write(call, path, exists=False)
        kind, options = kind_of(kind, said.options or {}, is_auth=path.startswith("auth/"))
        prefix = "auth_" if path.startswith("auth/") else ""
        accessor = f"{prefix}{kind}_{self._entropy(4).hex()}"
        entry = MountEntry(path=path, kind=kind, accessor=accessor)
        entry = msgspec.structs.replace(said, options=options).applied(entry)
        async with self.table(call) as table:
            table.enable(entry, self._clock())
            return Done(None, await self.append(call, table))

    async def tune(self, call: Call, path: str, said: Tuning) -> Done[None]:
        """Change what is said about a mount; raises `NotFound`, `Invalid`."""
        require_write(call, path, exists=True)
        async with self.table(call) as table:
            table.tune(said.applied(table.open(path)), self._clock())
            return Done(None, await self.append(call, table))

    @asynccontextmanager
    async def table(self, call: Call) -> AsyncIterator[MountTable]:
        """The tenant's mounts, alone in this process."""
        async with self._repository.hold(MountTable, table_stream(call.tenant)) as held:
            yield held or MountTable.begin(call.tenant, self._clock())

    async def append(self, call: Call, table: MountTable, *, keep: bool = True) -> int:
        """Append what happened to the mounts; with `keep` as what the call was about."""
        kept = await self._replies.keep(call, None) if keep else None
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=table.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=kept.statements if kept else (),
                reply=kept.reply if kept else None,
            )
        )


def require_write(call: Call, path: str, *, exists: bool) -> None:
    """Raises `Forbidden` unless the caller may change the mount."""
    bare = path.rstrip("/")
    if bare.startswith("auth/"):
        call.require("auth:write", bare.removeprefix("auth/"), exists=exists)
    else:
        call.require("mounts:write", bare, exists=exists)
