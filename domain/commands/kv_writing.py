"""Key-value commands that write versions. Each write is a version, be it equal to the last."""

from __future__ import annotations

from domain.call import Call
from domain.commands.kv_results import VersionMeta, meta_of, written_meta
from domain.commands.secrets import SecretCommands, writing
from domain.errors import NotFound
from domain.key_settings import MountRules
from domain.kv_values import JSON, Object, as_object, merged, sealed_form
from domain.kv_view import KvVersion, KvView
from domain.names import checked_path
from domain.ports import Clock, SealContext, Sealer
from domain.results import Done, NewValue
from domain.secret import Secret


class KvWriting:
    """Objects in, versions out."""

    def __init__(self, commands: SecretCommands, view: KvView, sealer: Sealer, clock: Clock) -> None:
        self._commands = commands
        self._view = view
        self._sealer = sealer
        self._clock = clock

    async def write(
        self, call: Call, path: str, data: Object, mount: MountRules, cas: int | None = None
    ) -> Done[VersionMeta]:
        """Store `data` as the first or next version; `cas` is the version it must follow, 0 if none was written.

        Raises `CheckAndSetFailed`, `CheckAndSetRequired`.
        """
        call.require("secrets:write", checked_path(path))

        async def change(secret: Secret) -> Done[VersionMeta]:
            secret.must_follow(cas, mount)
            return await self._written(call, secret, data, mount)

        return await self._commands.changed(call, path, change, begin=True)

    async def patch(
        self, call: Call, path: str, patch: Object, mount: MountRules, cas: int | None = None
    ) -> Done[VersionMeta]:
        """Store the newest version's object with `patch` merged into it (RFC 7396) as the next version.

        Raises `NotFound` if there is no version. If the newest is deleted or destroyed, that one is told, at position
        0, and nothing is written.
        """
        call.require("secrets:write", checked_path(path))

        async def change(secret: Secret) -> Done[VersionMeta]:
            secret.must_follow(cas, mount)
            found = await self._view.version(call.tenant, path, 0)
            if found is None:
                raise NotFound(f"there is no secret {path!r}")
            meta = meta_of(found)
            if meta.destroyed or found.version.is_deleted(self._clock()):
                return Done(meta, 0)
            return await self._written(call, secret, merged(await self._opened(call, found), patch), mount)

        return await self._commands.changed(call, path, change)

    async def _opened(self, call: Call, found: KvVersion) -> Object:
        version = found.version
        context = SealContext(call.tenant, "secret", version.path, version.number)
        with await self._sealer.open(context, version.seal_id) as value:
            return as_object(value)

    async def _written(self, call: Call, secret: Secret, data: Object, mount: MountRules) -> Done[VersionMeta]:
        with sealed_form(data) as plaintext:
            value, cause = NewValue(plaintext, JSON), "rotate" if secret.live else "create"
            at = secret.created_on if secret.version == 1 else self._clock()
            change = writing(secret, cause, value, mount=mount)
            async with self._commands.gate.passing(call, [change]) as cleared:
                _, statements = await self._commands.seal_next(call, secret, value, cause, at, mount=mount)
                meta = written_meta(secret, at)
                return Done(meta, await self._commands.append(call, secret, meta, cleared, statements))
