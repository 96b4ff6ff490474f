"""Commands that configure login methods, their roles and users.

Whoever may do so gives everybody who can then log in any policy of the tenant but `root`: as with Vault, `auth:write`
is a right for those who administer access.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Final, Protocol

import msgspec

from domain.call import Call
from domain.errors import Invalid, NotFound, VersionConflict
from domain.event import Aggregate, Event
from domain.logins.approle import AppRole
from domain.logins.method import LoginMethod
from domain.logins.place import Place, checked_name
from domain.logins.role import LoginRole, removal
from domain.logins.rows import LoginsView, MethodRow, RoleRow
from domain.logins.token_settings import TokenSettings
from domain.logins.userpass import SALT_BYTES, SlowHash
from domain.passphrase import passphrase_of
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Replies, Repository, SealContext, Sealed, Sealer, Statement

MOST_LISTED: Final = 100_000
_AT_ONCE: Final = 200
"""How many users one append removes."""
_ROLE_FOLDERS: Final = {"userpass": "users"}


class Checked(Protocol):
    """Settings that know whether they are good."""

    def check(self) -> None:
        """Raises `Invalid`."""
        ...


def method_context(place: Place, number: int) -> SealContext:
    """What the secret part of a mount's settings is bound to."""
    return SealContext(place.tenant, "login-method", place.accessor, number)


def password_context(place: Place, name: str, number: int) -> SealContext:
    """What the hash of a user's password is bound to."""
    return SealContext(place.tenant, "login-password", f"{place.accessor}/{name}", number)


def path_of(place: Place, *parts: str) -> str:
    """What a scope on something of the mount is bounded by: `approle/role/deployer`."""
    return place.path + "/".join(parts)


class LoginAdmin:
    """`entropy` gives random bytes, of which salts are made."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        view: LoginsView,
        sealer: Sealer,
        replies: Replies,
        hashing: SlowHash,
        clock: Clock,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._log = log
        self._repository = repository
        self._view = view
        self._sealer = sealer
        self._replies = replies
        self._hashing = hashing
        self._clock = clock
        self._entropy = entropy

    async def method(self, call: Call, place: Place) -> MethodRow | None:
        """The settings of the mount, if it has any."""
        call.require("auth:read", path_of(place, "config"))
        return await self._view.method(place)

    async def role(self, call: Call, place: Place, name: str) -> RoleRow | None:
        """The role, or user, of this name, if there is one."""
        call.require("auth:read", _role_path(place, name))
        return await self._view.role(place, name.lower())

    async def names(self, call: Call, place: Place, after: str, limit: int) -> list[str]:
        """Names of roles, or users, in order, after `after`."""
        call.require("auth:read", _role_path(place, ""))
        return await self._view.role_names(place, after, min(limit, MOST_LISTED))

    async def configure(self, call: Call, place: Place, settings: Checked, secret: Plaintext | None) -> int:
        """Take settings in place of those before; what is secret of them is sealed. Raises `Invalid`."""
        call.require("auth:write", path_of(place, "config"))
        settings.check()
        at = self._clock()
        async with self._repository.hold(LoginMethod, place.stream) as held:
            method = held or LoginMethod.begin(place, at)
            sealed = await self._sealed(method_context(place, method.number + 1), secret) if secret else None
            text = msgspec.json.encode(settings).decode()
            old = method.configure(text, sealed.seal_id if sealed else "", sealed.digest if sealed else "", at)
            return await self._append(call, method, self._statements(place, sealed, old))

    async def put_role(
        self,
        call: Call,
        place: Place,
        name: str,
        change: Callable[[str | None], TokenSettings],
        password: str | None = None,
    ) -> int:
        """Make the role, or user, what `change` makes of its settings, None if there is none. Raises `Invalid`."""
        call.require("auth:write", _role_path(place, name))
        name, at = checked_name(name, "a role's name"), self._clock()
        hashed = None if password is None else await self._hashed(password)
        async with self._repository.hold(LoginRole, place.role_stream(name)) as held:
            settings = change(held.settings if held and held.live else None)
            await self._check(place, name, settings)
            role = held or LoginRole.begin(place, name, at)
            sealed = await self._sealed(password_context(place, name, role.number + 1), hashed) if hashed else None
            text = msgspec.json.encode(settings).decode()
            old = role.configure(text, (sealed.seal_id, sealed.digest) if sealed else None, at)
            return await self._append(call, role, self._statements(place, sealed, old))

    async def set_password(self, call: Call, place: Place, name: str, password: str) -> int:
        """Give a user another password; raises `Invalid`, `NotFound`."""
        call.require("auth:write", path_of(place, "users", name, "password"))
        at, hashed = self._clock(), await self._hashed(password)
        async with self._living(place, name) as role:
            sealed = await self._sealed(password_context(place, name.lower(), role.number + 1), hashed)
            old = role.configure(role.settings, (sealed.seal_id, sealed.digest), at)
            return await self._append(call, role, self._statements(place, sealed, old))

    async def remove_role(self, call: Call, place: Place, name: str) -> int:
        """Nobody logs in as it any more; 0 if there is no such role, which is what was asked for."""
        call.require("auth:write", _role_path(place, name))
        try:
            async with self._living(place, name) as role:
                return await self._append(call, role, self._statements(place, None, role.remove(self._clock())))
        except NotFound:
            return 0

    async def forget(self, call: Call, place: Place) -> int:
        """Everything under the mount, and what is sealed for it: before the mount itself goes."""
        call.require("auth:write", path_of(place))
        at = self._clock()
        while users := await self._view.sealed_roles(place, _AT_ONCE):
            gone = self._sealer.destroy(place.tenant, [row.seal_id for row in users])
            with suppress(VersionConflict):  # somebody changed one of them: they are looked at anew
                await self._append(call, [removal(place, row, at) for row in users], gone)
        async with self._repository.hold(LoginMethod, place.stream) as held:
            method = held or LoginMethod.begin(place, at)
            return await self._append(call, method, self._statements(place, None, method.remove(at)))

    async def exists(self, place: Place, name: str) -> bool:
        """Whether there is a role, or user, of this name: for who decides what a caller needs."""
        return await self._view.role(place, name.lower()) is not None

    async def _check(self, place: Place, name: str, settings: TokenSettings) -> None:
        settings.check()
        if isinstance(settings, AppRole):
            row = await self._view.role_by_id(place, settings.role_id)
            if row and row.name != name:
                raise Invalid("role_id already in use")

    @asynccontextmanager
    async def _living(self, place: Place, name: str) -> AsyncIterator[LoginRole]:
        async with self._repository.hold(LoginRole, place.role_stream(name.lower())) as role:
            if role is None or not role.live:
                raise NotFound(f"there is no {name[:60]!r} at {place.path}")
            yield role

    async def _hashed(self, password: str) -> Plaintext:
        """Salt and slow hash of a password, in a buffer for the caller to wipe."""
        if not password:
            raise Invalid("missing password")
        salt = self._entropy(SALT_BYTES)
        with passphrase_of(password) as text:
            return Plaintext(bytearray(salt) + await self._hashing.digest(text, salt))

    async def _sealed(self, context: SealContext, secret: Plaintext) -> Sealed:
        with secret:
            return await self._sealer.seal(context, secret)

    def _statements(self, place: Place, sealed: Sealed | None, old: str) -> list[Statement]:
        gone = self._sealer.destroy(place.tenant, [old]) if old else ()
        return [*(sealed.statements if sealed else ()), *gone]

    async def _append(self, call: Call, what: Aggregate | Sequence[Event], statements: Sequence[Statement]) -> int:
        kept = await self._replies.keep(call, None)
        events = what.collect_events() if isinstance(what, Aggregate) else what
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=events,  # type: ignore[arg-type]  # the library types them as its own base
                statements=[*statements, *kept.statements],
                reply=kept.reply,
            )
        )


def _role_path(place: Place, name: str) -> str:
    return path_of(place, _ROLE_FOLDERS.get(place.method, "role"), name)
