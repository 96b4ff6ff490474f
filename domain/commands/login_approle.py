"""The login of programs by role id and secret id."""

from __future__ import annotations

from hashlib import sha256
from uuid import UUID

import msgspec

from domain.commands.login_entering import Attempt, Entering, Identity
from domain.commands.login_secret_ids import digest_of
from domain.commands.token_minting import Minted
from domain.errors import Invalid
from domain.event import Event
from domain.logins.approle import MAX_SECRET_ID, WRONG, AppRole, check_login
from domain.logins.outcome import LoggedIn, NotLoggedIn
from domain.logins.place import MAX_NAME, Place
from domain.logins.rows import LoginsView, RoleRow, SecretIdRow
from domain.logins.secret_id import SecretIdUsed
from domain.logins.userpass import SlowHash
from domain.ports import Clock

_WHY = "wrong role id or secret id"
# One reason for both: a reason of its own would be told apart by how long the answer takes.


class AppRoleLogin:
    """A use that is counted is in the same append as the token: there is never one without the other."""

    def __init__(self, entering: Entering, view: LoginsView, hashing: SlowHash, clock: Clock) -> None:
        self._entering = entering
        self._view = view
        self._hashing = hashing
        self._clock = clock

    async def enter(self, attempt: Attempt, role_id: str, secret_id: str) -> Minted:
        """A token; raises `NotLoggedIn`, alike whatever of the two is wrong, and `Invalid` for what is missing."""
        if not role_id:
            raise Invalid("missing role_id")
        if len(role_id) > MAX_NAME or len(secret_id) > MAX_SECRET_ID:
            raise Invalid("role_id or secret_id is longer than any")
        key = sha256(f"{attempt.place.accessor}\n{role_id}\n{secret_id}".encode(errors="surrogatepass")).digest()
        return await self._entering.enter(attempt, lambda: self._checked(attempt, role_id, secret_id), key)

    async def _checked(self, attempt: Attempt, role_id: str, secret_id: str) -> LoggedIn:
        place = attempt.place
        row = await self._view.role_by_id(place, role_id)
        settings = msgspec.json.decode(row.settings, type=AppRole) if row else None
        if row and settings and not settings.bind_secret_id:
            return self._entered(attempt, row, settings, None)
        if not secret_id:
            raise Invalid("missing secret_id")
        digest = await digest_of(self._hashing, place, row.name if row else "", secret_id)
        found = await self._view.secret_id(place, row.name if row else "", digest)
        if row is None or settings is None or found is None or found.has_expired(self._clock()):
            raise NotLoggedIn(WRONG, _WHY, role=row.name if row else "")
        return self._entered(attempt, row, settings, found)

    def _entered(self, attempt: Attempt, row: RoleRow, settings: AppRole, found: SecretIdRow | None) -> LoggedIn:
        check_login(row, settings, found, attempt.address)
        place = attempt.place
        basis = {place.role_stream(row.name): row.version}
        events: list[Event] = []
        if found and found.max_uses:
            events.append(self._used(place, found))
        elif found:
            basis[place.secret_id_stream(found.handle)] = found.version
        metadata = {**(found.metadata if found else {}), "role_name": row.name}
        identity = Identity(row.name, "", row.name, metadata)
        return self._entering.logged_in(
            attempt, settings, identity, basis, events, cidrs=found.token_cidrs if found else ()
        )

    def _used(self, place: Place, found: SecretIdRow) -> SecretIdUsed:
        stream: UUID = place.secret_id_stream(found.handle)
        return SecretIdUsed(
            originator_id=stream,
            originator_version=found.version + 1,
            timestamp=self._clock(),
            mount=place.path,
            accessor=place.accessor,
            role=found.role,
            handle=found.handle,
            remaining=found.uses_left - 1,
        )
