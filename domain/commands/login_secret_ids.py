"""Commands on the secret ids of approle roles: issue, look up, destroy, list, clear away what has expired."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from domain.call import Call
from domain.commands.login_admin import MOST_LISTED, path_of
from domain.errors import Conflict, Invalid, NotFound, VersionConflict
from domain.event import Event
from domain.logins.approle import MAX_METADATA, MAX_SECRET_ID, AppRole, is_random, quick_digest, slow_salt
from domain.logins.place import Place
from domain.logins.rows import LoginsView, RoleRow, SecretIdRow
from domain.logins.secret_id import LoginSecretId, SecretIdDestroyed
from domain.logins.userpass import SlowHash
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Replies

DESTROYED: Final = "destroyed"
EXPIRED: Final = "expired"
_CLEARED: Final = 10
"""How many expired ones go with each new one of the role."""
_TIDIED: Final = 500


class AskedSecretId(msgspec.Struct, frozen=True, kw_only=True):
    """A secret id to be. `text` None is one that is drawn; `uses` and `ttl` (seconds) None are what the role says."""

    text: str | None = None
    uses: int | None = None
    ttl: int | None = None
    metadata: dict[str, str] = {}
    cidrs: tuple[str, ...] = ()
    token_cidrs: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return "AskedSecretId(<redacted>)"


class NewSecretId(NamedTuple):
    """A secret id that was just made. `text` is shown this once."""

    text: str
    handle: str
    ttl: int
    uses: int
    position: int

    def __repr__(self) -> str:
        return "NewSecretId(<redacted>)"


async def digest_of(hashing: SlowHash, place: Place, role: str, text: str) -> str:
    """What a secret id is known by: a quick hash of one that was drawn, a slow one of one that somebody chose."""
    if is_random(text):
        return quick_digest(place, role, text)
    with Plaintext(bytearray(text.encode(errors="surrogatepass"))) as buffer:
        return (await hashing.digest(buffer, slow_salt(place, role))).hex()


class SecretIds:
    """`entropy` gives random bytes, of which secret ids and their accessors are made."""

    def __init__(
        self,
        log: EventLog,
        view: LoginsView,
        replies: Replies,
        hashing: SlowHash,
        clock: Clock,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._log = log
        self._view = view
        self._replies = replies
        self._hashing = hashing
        self._clock = clock
        self._entropy = entropy

    async def issue(self, call: Call, place: Place, name: str, asked: AskedSecretId) -> NewSecretId:
        """A new one; raises `NotFound` for the role, `Invalid`, `Conflict` for one that somebody chose before."""
        call.require("auth:write", path_of(place, "role", name, "secret-id"))
        row = await self._role(place, name)
        role = msgspec.json.decode(row.settings, type=AppRole)
        uses, ttl = _checked(role, asked, place)
        text = self._uuid() if asked.text is None else asked.text
        digest = await digest_of(self._hashing, place, row.name, text)
        at = self._clock()
        if (known := await self._view.secret_id(place, row.name, digest)) and not known.has_expired(at):
            raise Conflict("failed to store secret_id: SecretID is already registered")
        secret_id = LoginSecretId.issue(
            place, row.name, handle=self._uuid(), digest=digest, max_uses=uses, ttl_seconds=ttl,
            expires_at=at + timedelta(seconds=ttl) if ttl else None, metadata=asked.metadata, cidrs=list(asked.cidrs),
            token_cidrs=list(asked.token_cidrs), at=at,
        )  # fmt: skip
        cleared = [self._end(place, old, EXPIRED) for old in await self._view.expired(place, row.name, at, _CLEARED)]
        issued: list[Event] = secret_id.collect_events()  # type: ignore[assignment]  # the library's own base
        # Of this and the end of the role at the same moment, one is refused.
        basis = {place.role_stream(row.name): row.version}
        told = {
            "secret_id": "", "secret_id_accessor": secret_id.handle, "secret_id_ttl": ttl, "secret_id_num_uses": uses
        }  # fmt: skip
        position = await self._append(call, [*cleared, *issued], basis, told)
        return NewSecretId(text, secret_id.handle, ttl, uses, position)

    async def by_text(self, call: Call, place: Place, name: str, text: str) -> SecretIdRow | None:
        """The secret id itself is shown; None if there is no such. Raises `NotFound` for the role."""
        call.require("auth:read", path_of(place, "role", name, "secret-id"))
        return await self._by_text(place, name, text)

    async def by_handle(self, call: Call, place: Place, name: str, handle: str) -> SecretIdRow | None:
        """Its accessor is shown; None if there is no such. Raises `NotFound` for the role."""
        call.require("auth:read", path_of(place, "role", name, "secret-id-accessor"))
        return await self._by_handle(place, name, handle)

    async def handles(self, call: Call, place: Place, name: str, after: str, limit: int) -> list[str]:
        """Accessors, in order, after `after`; raises `NotFound` for the role."""
        call.require("auth:read", path_of(place, "role", name, "secret-id"))
        row = await self._role(place, name)
        return await self._view.handles(place, row.name, after, min(limit, MOST_LISTED))

    async def destroy_by_text(self, call: Call, place: Place, name: str, text: str) -> bool:
        """End it; whether it was there. Raises `NotFound` for the role."""
        call.require("auth:write", path_of(place, "role", name, "secret-id"))
        return await self._destroyed(call, place, lambda: self._by_text(place, name, text))

    async def destroy_by_handle(self, call: Call, place: Place, name: str, handle: str) -> bool:
        """End it; whether it was there. Raises `NotFound` for the role."""
        call.require("auth:write", path_of(place, "role", name, "secret-id-accessor"))
        return await self._destroyed(call, place, lambda: self._by_handle(place, name, handle))

    async def tidy(self, call: Call, place: Place) -> int:
        """Clear away what has expired under the mount; how many were."""
        call.require("auth:write", path_of(place, "tidy/secret-id"))
        expired = await self._view.expired(place, None, self._clock(), _TIDIED)
        if expired:
            await self._append(call, [self._end(place, row, EXPIRED) for row in expired], {})
        return len(expired)

    async def _destroyed(self, call: Call, place: Place, find: Callable[[], object]) -> bool:
        while True:
            row = await find()  # type: ignore[misc]  # one of the two look-ups
            if row is None:
                return False
            try:
                await self._append(call, [self._end(place, row, DESTROYED)], {})
            except VersionConflict:
                continue  # it was used in this moment: it is looked up anew, and each use leaves fewer
            return True

    async def _by_text(self, place: Place, name: str, text: str) -> SecretIdRow | None:
        role = await self._role(place, name)
        found = await self._view.secret_id(place, role.name, await digest_of(self._hashing, place, role.name, text))
        return None if found is None or found.has_expired(self._clock()) else found

    async def _by_handle(self, place: Place, name: str, handle: str) -> SecretIdRow | None:
        role = await self._role(place, name)
        found = await self._view.secret_id_by_handle(place, role.name, handle)
        return None if found is None or found.has_expired(self._clock()) else found

    async def _role(self, place: Place, name: str) -> RoleRow:
        row = await self._view.role(place, name.lower())
        if row is None:
            raise NotFound(f'role "{name[:60]}" does not exist')
        return row

    def _end(self, place: Place, row: SecretIdRow, reason: str) -> SecretIdDestroyed:
        return SecretIdDestroyed(
            originator_id=place.secret_id_stream(row.handle),
            originator_version=row.version + 1,
            timestamp=self._clock(),
            mount=place.path,
            accessor=place.accessor,
            role=row.role,
            handle=row.handle,
            reason=reason,
        )

    def _uuid(self) -> str:
        return str(UUID(bytes=self._entropy(16), version=4))

    async def _append(self, call: Call, events: Sequence[Event], basis: dict[UUID, int], told: object = None) -> int:
        """Append; `told` is for who repeats the request."""
        kept = await self._replies.keep(call, told)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=events,
                statements=kept.statements,
                reply=kept.reply,
                unchanged=basis,
            )
        )


def _checked(role: AppRole, asked: AskedSecretId, place: Place) -> tuple[int, int]:
    """Uses and life of the new one, in seconds; raises `Invalid`."""
    if not role.bind_secret_id:
        raise Invalid("bind_secret_id is not set on the role")
    if asked.text is not None and not 1 <= len(asked.text) <= MAX_SECRET_ID:
        raise Invalid("missing secret_id" if not asked.text else f"secret_id has at most {MAX_SECRET_ID} characters")
    if len(asked.metadata) > MAX_METADATA or any(len(key) + len(value) > 1024 for key, value in asked.metadata.items()):
        raise Invalid(f"metadata has at most {MAX_METADATA} entries, each of at most 1024 characters")
    role.check_networks(asked.cidrs, asked.token_cidrs)
    return role.uses(asked.uses), role.life(asked.ttl, place)
