"""The login of people by name and password."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import Final

import msgspec

from domain.commands.login_admin import password_context
from domain.commands.login_entering import Attempt, Entering, Identity
from domain.commands.token_minting import Minted
from domain.errors import Invalid, LogBroken, NotFound
from domain.logins.outcome import LoggedIn, NotLoggedIn
from domain.logins.place import MAX_NAME
from domain.logins.rows import LoginsView, RoleRow
from domain.logins.userpass import SALT_BYTES, WRONG, SlowHash, User, check_address
from domain.passphrase import passphrase_of
from domain.plaintext import Plaintext
from domain.ports import Sealer

_NONE: Final = "0" * 32
"""Id of no seal."""
_WHY: Final = "unknown user or wrong password"


class UserLogin:
    """It takes the same steps for users that are not there: a look for the hash, and a slow hash of what was shown."""

    def __init__(self, entering: Entering, view: LoginsView, sealer: Sealer, hashing: SlowHash) -> None:
        self._entering = entering
        self._view = view
        self._sealer = sealer
        self._hashing = hashing

    async def enter(self, attempt: Attempt, name: str, password: str) -> Minted:
        """A token; raises `NotLoggedIn`, alike whatever is wrong, and `Invalid` for what is missing."""
        if not password:
            raise Invalid("missing password")
        return await self._entering.enter(attempt, lambda: self._checked(attempt, name[:MAX_NAME].lower(), password))

    async def _checked(self, attempt: Attempt, name: str, password: str) -> LoggedIn:
        place = attempt.place
        row = await self._view.role(place, name)
        good = await self._is_right(await self._stored(attempt, row), password)
        if row is None or not good:
            raise NotLoggedIn(WRONG, _WHY, role=row.name if row else "")
        settings = msgspec.json.decode(row.settings, type=User)
        check_address(settings, attempt.address, row.name)
        identity = Identity(row.name, row.name, row.name, {"username": row.name})
        return self._entering.logged_in(attempt, settings, identity, {place.role_stream(row.name): row.version})

    async def _stored(self, attempt: Attempt, row: RoleRow | None) -> Plaintext:
        """Salt and hash of the user's password; for nobody's the same look, and a salt with which nothing is right."""
        if row is not None:
            return await self._sealer.open(password_context(attempt.place, row.name, row.number), row.seal_id)
        with suppress(NotFound, LogBroken):
            await self._sealer.open(password_context(attempt.place, "", 0), _NONE)
        return Plaintext(bytearray(SALT_BYTES))

    async def _is_right(self, stored: Plaintext, password: str) -> bool:
        with stored, passphrase_of(password) as text:
            digest = await self._hashing.digest(text, bytes(stored.buffer[:SALT_BYTES]))
            with Plaintext(digest):
                return hmac.compare_digest(digest, stored.buffer[SALT_BYTES:])
