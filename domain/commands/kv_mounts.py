"""Key-value commands on a mount as a whole."""

from __future__ import annotations

import msgspec

from domain.call import Call
from domain.key_settings import MountRules, SettingsChange
from domain.kv_config import KvConfigView, KvMount, MountConfig, mount_stream
from domain.ports import Append, Clock, EventLog, Replies, Repository
from domain.results import Done


class KvMountCommands:
    """A mount is known by its accessor, so that one enabled anew at the same path begins with nothing said."""

    def __init__(
        self, log: EventLog, repository: Repository, view: KvConfigView, replies: Replies, clock: Clock
    ) -> None:
        self._log = log
        self._repository = repository
        self._view = view
        self._replies = replies
        self._clock = clock

    async def rules(self, tenant: str, accessor: str, otherwise_versions: int) -> MountRules:
        """What binds a write in the mount; so many versions stay if neither it nor the secret says a number."""
        config = await self._view.config(tenant, accessor)
        return MountRules(otherwise_versions=otherwise_versions, **msgspec.structs.asdict(config))

    async def read(self, call: Call, accessor: str) -> MountConfig:
        """What the mount says."""
        call.require("mounts:read")
        return await self._view.config(call.tenant, accessor)

    async def configure(self, call: Call, accessor: str, change: SettingsChange) -> Done[None]:
        """Say what is given, and the rest as before; raises `Invalid`."""
        call.require("mounts:write")
        stream = mount_stream(call.tenant, accessor)
        async with self._repository.hold(KvMount, stream) as held:
            mount = held or KvMount.begin(call.tenant, accessor, self._clock())
            given = msgspec.structs.asdict(change)
            del given["custom_metadata"]
            said = {name: value for name, value in given.items() if value is not None}
            mount.configure(msgspec.structs.replace(mount.config, **said), self._clock())
            kept = await self._replies.keep(call, None)
            position = await self._log.append(
                Append(
                    tenant=call.tenant,
                    actor=call.principal.actor,
                    request_id=call.request_id,
                    events=mount.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                    statements=kept.statements,
                    reply=kept.reply,
                )
            )
        return Done(None, position)
