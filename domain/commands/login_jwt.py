"""The login of whoever shows a JSON web token that an issuer we trust has signed."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.backends import BackendError
from domain.commands.login_entering import Attempt, Entering, Identity
from domain.commands.token_minting import Minted
from domain.errors import Invalid
from domain.logins import claims as rules
from domain.logins.jwt import JwtConfig, JwtRole, NotSigned, SigningKeys
from domain.logins.outcome import LoggedIn, NotLoggedIn
from domain.logins.place import MAX_NAME
from domain.logins.rows import LoginsView, RoleRow
from domain.logins.userpass import check_address
from domain.ports import Clock


class JwtLogin:
    """Signature first: of a token that nobody we trust has signed, nothing is looked at and nothing told."""

    def __init__(self, entering: Entering, view: LoginsView, keys: SigningKeys, clock: Clock) -> None:
        self._entering = entering
        self._view = view
        self._keys = keys
        self._clock = clock

    async def enter(self, attempt: Attempt, role: str, token: str) -> Minted:
        """A token of ours; raises `NotLoggedIn`, and `Invalid` for what is missing."""
        if not token:
            raise Invalid("missing token")
        return await self._entering.enter(attempt, lambda: self._checked(attempt, role[:MAX_NAME].lower(), token))

    async def _checked(self, attempt: Attempt, name: str, token: str) -> LoggedIn:
        place = attempt.place
        method = await self._view.method(place)
        if method is None:
            raise NotLoggedIn("could not load configuration", "the mount is not configured")
        config = msgspec.json.decode(method.settings, type=JwtConfig)
        name = name or config.default_role
        if not name:
            raise Invalid("missing role")
        row = await self._view.role(place, name)
        if row is None:
            raise NotLoggedIn(f'role "{name}" could not be found', "unknown role")
        role = msgspec.json.decode(row.settings, type=JwtRole)
        check_address(role, attempt.address, row.name)
        identity = self._identity(await self._claims(config, row, token), config, role, row)
        basis = {place.stream: method.version, place.role_stream(row.name): row.version}
        return self._entering.logged_in(attempt, role, identity, basis)

    async def _claims(self, config: JwtConfig, row: RoleRow, token: str) -> dict[str, Any]:
        try:
            return await self._keys.claims(config.source, token, config.algorithms)
        except NotSigned as error:
            raise NotLoggedIn(f"error validating token: {error}", str(error), role=row.name) from None
        except BackendError:
            told = "the issuer's keys cannot be fetched now; try again"
            raise NotLoggedIn(
                f"error validating token: {told}", "the issuer's keys cannot be fetched", role=row.name
            ) from None

    def _identity(self, claims: dict[str, Any], config: JwtConfig, role: JwtRole, row: RoleRow) -> Identity:
        try:
            rules.check_times(claims, self._clock().timestamp(), rules.leeways_of(role))
            rules.check_issuer(claims, config.bound_issuer)
            rules.check_subject(claims, role.bound_subject)
            rules.check_audience(claims, role.bound_audiences)
            user = rules.user_of(claims, role)
            metadata = rules.metadata_of(claims, role)
            rules.check_groups(claims, role)
            rules.check_bound(claims, role)
        except rules.Unfit as error:
            raise NotLoggedIn(f"error validating token: {error}", str(error), role=row.name) from None
        return Identity(user, user, row.name, {**metadata, "role": row.name})
