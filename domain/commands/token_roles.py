"""Commands on the roles by which tokens are created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from domain.call import Call
from domain.errors import NotFound
from domain.ports import Append, Clock, EventLog, Replies, Repository
from domain.token_role import TokenRole, TokenRoleSettings, role_stream
from domain.token_role_view import TokenRoleRow, TokenRolesView


class TokenRoleCommands:
    """Whoever configures a role decides which policies its callers give: that takes what configuring logins takes."""

    def __init__(
        self, log: EventLog, repository: Repository, view: TokenRolesView, replies: Replies, clock: Clock
    ) -> None:
        self._log = log
        self._repository = repository
        self._view = view
        self._replies = replies
        self._clock = clock

    async def find(self, tenant: str, role: str) -> TokenRoleRow | None:
        """The role, to create a token by it."""
        return await self._view.find(tenant, role)

    async def show(self, call: Call, role: str) -> TokenRoleSettings:
        """One role; raises `NotFound`."""
        call.require("auth:read")
        row = await self._view.find(call.tenant, role)
        if row is None:
            raise NotFound(f"there is no token role {role!r}")
        return row.settings

    async def names(self, call: Call, after: str, limit: int) -> list[str]:
        """Names of roles after `after`, in order."""
        call.require("auth:read")
        return await self._view.names(call.tenant, after, limit)

    async def configure(self, call: Call, role: str, changes: Mapping[str, Any]) -> int:
        """Set what is given of the settings, the rest as it was; the position. Raises `Invalid`."""
        call.require("auth:write")
        async with self._repository.hold(TokenRole, role_stream(call.tenant, role)) as held:
            kept = held or TokenRole.begin(call.tenant, role, self._clock())
            old = msgspec.json.decode(kept.settings, type=TokenRoleSettings) if kept.settings else TokenRoleSettings()
            kept.configure(msgspec.structs.replace(old, **changes), self._clock())
            return await self._append(call, kept)

    async def remove(self, call: Call, role: str) -> int:
        """Create no token by it any more; the position, or 0 if it is not there."""
        call.require("auth:write")
        async with self._repository.hold(TokenRole, role_stream(call.tenant, role)) as kept:
            if kept is None or not kept.settings:
                return 0
            kept.remove(self._clock())
            return await self._append(call, kept)

    async def _append(self, call: Call, role: TokenRole) -> int:
        kept = await self._replies.keep(msgspec.structs.replace(call, success=204), None)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=role.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=kept.statements,
                reply=kept.reply,
            )
        )
