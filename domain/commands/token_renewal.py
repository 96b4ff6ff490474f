"""Renewals look again at what a token was given by: a role or user that is gone, or gives less, is heard.

As in Vault: of the role of a login its time to live, its longest and its period count as they are now, of a role of
tokens its period and its longest. Policies stay those of the token; if a user's have changed, its tokens are not
renewed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple
from uuid import UUID

import msgspec

from domain.call import Call
from domain.commands.token_life import TokenLife
from domain.errors import Invalid, Unauthenticated, VersionConflict
from domain.logins.place import Place
from domain.logins.rows import LoginsView
from domain.logins.token_settings import TokenSettings
from domain.mounts import MountEntry, Mounts
from domain.results import Done
from domain.token_role import role_stream
from domain.token_role_view import TokenRolesView
from domain.token_terms import DEFAULT, Terms
from domain.views import TokenRow

_TRIES: Final = 16
_OF_TOKENS: Final = "auth/token/"
_ROLE: Final = "role"
_WHAT: Final[Mapping[str, str]] = {"userpass": "user"}
"""What a method calls whom it logs in, where that is no role."""


class _Looked(NamedTuple):
    """The terms as they are now, as long as `basis` holds: streams, and the version that each must have still."""

    terms: Terms
    basis: Mapping[UUID, int]


class TokenRenewal:
    """Renews tokens within what their roles say now."""

    def __init__(self, life: TokenLife, logins: LoginsView, roles: TokenRolesView) -> None:
        self._life = life
        self._logins = logins
        self._roles = roles

    async def renew(self, call: Call, row: TokenRow, increment: int, mounts: Mounts) -> Done[TokenRow]:
        """Let the token live for `increment` seconds from now (0: for what its terms say).

        Raises `Invalid` for one that is not renewable, or that nothing stands behind any more.
        """
        for _ in range(_TRIES):
            looked = await self._looked(row, mounts)
            try:
                return await self._life.renew(call, row, increment, looked.terms, looked.basis)
            except VersionConflict:  # a role was changed, or the token used or renewed, in between: look anew
                found = await self._life.find(row.tenant, row.token_id)
                if found is None:
                    raise Unauthenticated("the token was revoked meanwhile") from None
                row = found
        raise VersionConflict("the token is used or renewed by many at once; try again")

    async def _looked(self, row: TokenRow, mounts: Mounts) -> _Looked:
        terms = row.terms or Terms(renewable=False)
        if not terms.renewable or not terms.role:
            return _Looked(terms, {})
        if terms.path.startswith(_OF_TOKENS):
            return await self._by_token_role(row, terms)
        return await self._by_login(row, terms, mounts.get(terms.path.removesuffix("login")))

    async def _by_token_role(self, row: TokenRow, terms: Terms) -> _Looked:
        found = await self._roles.find(row.tenant, terms.role)
        if found is None:
            raise _refused(f'original token role "{terms.role}" could not be found, not renewing')
        now = found.settings.bounded(terms, terms.role, row.created_at)
        period = found.settings.token_period
        return _Looked(
            msgspec.structs.replace(terms, period=period, max_expires_at=now.max_expires_at),
            {role_stream(row.tenant, terms.role): found.version},
        )

    async def _by_login(self, row: TokenRow, terms: Terms, mount: MountEntry | None) -> _Looked:
        if mount is None:
            raise _refused(f"nothing logs in at {terms.path} any more")
        place = Place.at(row.tenant, mount)
        found = await self._logins.role(place, terms.role)
        if found is None:
            raise _refused(f'{_WHAT.get(place.method, _ROLE)} "{terms.role}" does not exist during renewal')
        settings = msgspec.json.decode(found.settings, type=TokenSettings)
        if place.method in _WHAT and {*settings.policies(), DEFAULT} != {*row.policies, DEFAULT}:
            raise _refused("policies have changed, not renewing")
        return _Looked(_now(terms, settings, place, row), {place.role_stream(terms.role): found.version})


def _now(terms: Terms, settings: TokenSettings, place: Place, row: TokenRow) -> Terms:
    """The explicit longest stays that of the login."""
    if terms.explicit_max_ttl is not None:
        settings = msgspec.structs.replace(settings, token_explicit_max_ttl=terms.explicit_max_ttl)
    now = settings.terms(place, row.created_at, "", terms)
    return msgspec.structs.replace(terms, ttl=now.ttl, period=now.period, max_expires_at=now.max_expires_at)


def _refused(why: str) -> Invalid:
    return Invalid(f"failed to renew entry: {why}")
