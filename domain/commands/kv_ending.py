"""Key-value commands that end versions and bring them back, and what ends by the clock.

What is not there, or is so already, is passed over: then nothing is appended, and the position is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from domain.approval_change import Change
from domain.call import Call
from domain.commands.secrets import SecretCommands, on_top_of
from domain.errors import Conflict
from domain.key_settings import NATIVE, MountRules
from domain.kv_view import KvView
from domain.names import checked_path, stream_of
from domain.ports import Append, Clock, EventLog, Repository
from domain.results import Done
from domain.secret import Secret
from domain.views import Work

_ITSELF: Final = "trstctl"
NOTHING: Final = Done(None, 0)
"""There was nothing to do."""


class KvEnding:
    """Deletion of versions, which can be undone, and destruction, which cannot."""

    def __init__(self, commands: SecretCommands, view: KvView, clock: Clock) -> None:
        self._commands = commands
        self._view = view
        self._clock = clock

    async def delete_latest(self, call: Call, path: str) -> Done[None]:
        """Delete the newest version, and the name with it."""
        return await self._ended(
            call,
            path,
            "secrets:delete",
            "delete",
            lambda secret: secret.delete_versions([secret.current], self._clock()),
        )

    async def delete_versions(self, call: Call, path: str, numbers: Sequence[int]) -> Done[None]:
        """Delete these; the name too if the newest is among them."""
        return await self._ended(
            call, path, "secrets:delete", "delete",
            lambda secret: secret.delete_versions(_native(secret, numbers), self._clock()),
        )  # fmt: skip

    async def undelete_versions(
        self, call: Call, path: str, numbers: Sequence[int], mount: MountRules = NATIVE
    ) -> Done[None]:
        """Show these again, for as long as a version lives that is written now."""
        return await self._ended(
            call, path, "secrets:write", "recover",
            lambda secret: secret.undelete_versions(_native(secret, numbers), self._clock(), mount),
        )  # fmt: skip

    async def destroy_versions(self, call: Call, path: str, numbers: Sequence[int]) -> Done[None]:
        """Destroy the data keys of these, so that nobody can open them again."""
        return await self._ended(
            call, path, "secrets:destroy", "destroy",
            lambda secret: secret.destroy_versions(_native(secret, numbers), self._clock()),
        )  # fmt: skip

    async def _ended(
        self, call: Call, path: str, scope: str, action: str, end: Callable[[Secret], list[int]]
    ) -> Done[None]:
        call.require(scope, checked_path(path))
        if await self._view.key(call.tenant, path) is None:
            return NOTHING

        async def change(secret: Secret) -> Done[None]:
            before = on_top_of(secret, action)
            touched = end(secret)
            if not touched:
                return NOTHING
            covered = msgspec.structs.replace(before, numbers=tuple(touched))
            statements = await self._commands.destruction(call, path, touched) if action == "destroy" else ()
            async with self._commands.gate.passing(call, [Change(covered)]) as cleared:
                return Done(None, await self._commands.append(call, secret, None, cleared, statements))

        return await self._commands.changed(call, path, change)


class VersionEnds:
    """Versions whose time is over, as the process manager wants it recorded."""

    def __init__(self, log: EventLog, repository: Repository, clock: Clock, entropy: Callable[[int], bytes]) -> None:
        self._log = log
        self._repository = repository
        self._clock = clock
        self._entropy = entropy

    async def delete(self, work: Work) -> None:
        """Record the deletion of every version of the secret that is due; raises `Conflict` if none is."""
        path = work.ref.rpartition("@")[0]
        async with self._repository.hold(Secret, stream_of("secret", work.tenant, path)) as secret:
            if secret is None or not secret.settle(self._clock()):
                raise Conflict(f"no version of {path!r} is to be deleted now")
            await self._log.append(
                Append(
                    tenant=work.tenant,
                    actor=_ITSELF,
                    request_id=self._entropy(8).hex(),
                    events=secret.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                )
            )


def _native(secret: Secret, numbers: Iterable[int]) -> list[int]:
    """The store's numbers of versions that clients know by these."""
    return [number + secret.forgotten for number in numbers if number > 0]
