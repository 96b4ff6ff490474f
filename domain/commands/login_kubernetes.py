"""The login of pods by the token of their service account, which the cluster is asked about each time."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.backends import BackendError
from domain.commands.login_admin import method_context
from domain.commands.login_entering import Attempt, Entering, Identity
from domain.commands.token_minting import Minted
from domain.errors import Invalid
from domain.logins import claims as rules
from domain.logins.jwt import NotSigned, SigningKeys
from domain.logins.kubernetes import (
    ALGORITHMS,
    BY_NAME,
    DEFAULT_ISSUER,
    Cluster,
    KubernetesConfig,
    KubernetesRole,
    NotReviewed,
    ServiceAccount,
    TokenReviews,
    account_of,
)
from domain.logins.outcome import LoggedIn, NotLoggedIn
from domain.logins.place import MAX_NAME
from domain.logins.rows import LoginsView, MethodRow, RoleRow
from domain.logins.userpass import check_address
from domain.plaintext import Plaintext
from domain.ports import Clock, Sealer

_LENIENT = rules.Leeways(150, 150, 60)


class KubernetesLogin:
    """What a token says of itself only spares the cluster questions; whose it is, the cluster says.

    The caller is told no more than that it may not: whoever makes up tokens must not learn which names a role admits.
    """

    def __init__(
        self,
        entering: Entering,
        view: LoginsView,
        keys: SigningKeys,
        reviews: TokenReviews,
        sealer: Sealer,
        clock: Clock,
    ) -> None:
        self._entering = entering
        self._view = view
        self._keys = keys
        self._reviews = reviews
        self._sealer = sealer
        self._clock = clock

    async def enter(self, attempt: Attempt, role: str, token: str) -> Minted:
        """A token of ours; raises `NotLoggedIn`, and `Invalid` for what is missing."""
        if not role:
            raise Invalid("missing role")
        if not token:
            raise Invalid("missing jwt")
        return await self._entering.enter(attempt, lambda: self._checked(attempt, role[:MAX_NAME], token))

    async def _checked(self, attempt: Attempt, name: str, token: str) -> LoggedIn:
        place = attempt.place
        row = await self._view.role(place, name.lower())
        if row is None:
            raise NotLoggedIn(f'invalid role name "{name}"', "unknown role")
        method = await self._view.method(place)
        if method is None:
            raise NotLoggedIn("could not load backend configuration", "the mount is not configured", role=row.name)
        role = msgspec.json.decode(row.settings, type=KubernetesRole)
        config = msgspec.json.decode(method.settings, type=KubernetesConfig)
        check_address(role, attempt.address, row.name)
        account = await self._account(attempt, (method, config), (row, role), token)
        basis = {place.stream: method.version, place.role_stream(row.name): row.version}
        return self._entering.logged_in(attempt, role, _identity(account, role, row), basis)

    async def _account(
        self,
        attempt: Attempt,
        method: tuple[MethodRow, KubernetesConfig],
        role: tuple[RoleRow, KubernetesRole],
        token: str,
    ) -> ServiceAccount:
        claims = await self._claims(method[1], role[1], token, role[0])
        told = account_of(claims)
        if told is None:
            raise _denied("the token tells no service account", role[0])
        if why := role[1].admits(told):
            raise _denied(why, role[0])
        audiences = [role[1].audience] if role[1].audience else rules.audiences_of(claims)
        found = await self._reviewed(attempt, method, role[0], token, audiences)
        if (found.namespace, found.name, found.uid) != (told.namespace, told.name, told.uid):
            raise _denied("the cluster says that the token is of another service account", role[0])
        return told

    async def _claims(self, config: KubernetesConfig, role: KubernetesRole, token: str, row: RoleRow) -> dict[str, Any]:
        try:
            if config.pem_keys:
                claims = await self._keys.claims(config.source, token, ALGORITHMS)
            else:
                claims = self._keys.unverified(token, ALGORITHMS)
            if any(claims.get(name) for name in ("exp", "nbf", "iat")):
                rules.check_times(claims, self._clock().timestamp(), _LENIENT)
            if not config.disable_iss_validation:
                rules.check_issuer(claims, config.issuer or DEFAULT_ISSUER)
            if role.audience:
                rules.check_audience(claims, [role.audience])
            rules.audiences_of(claims)
        except (NotSigned, rules.Unfit) as error:
            raise _denied(str(error), row) from None
        return claims

    async def _reviewed(
        self,
        attempt: Attempt,
        method: tuple[MethodRow, KubernetesConfig],
        row: RoleRow,
        token: str,
        audiences: list[str],
    ) -> ServiceAccount:
        settings, config = method
        cluster = Cluster(config.kubernetes_host, config.kubernetes_ca_cert)
        bearer = await self._bearer(attempt, settings)
        try:
            return await self._reviews.review(cluster, token, bearer, audiences)
        except NotReviewed as error:
            raise _denied(str(error), row) from None
        except BackendError:
            raise _denied("the cluster cannot be asked", row) from None
        finally:
            if bearer:
                bearer.wipe()

    async def _bearer(self, attempt: Attempt, settings: MethodRow) -> Plaintext | None:
        if not settings.seal_id:
            return None
        return await self._sealer.open(method_context(attempt.place, settings.number), settings.seal_id)


def _denied(why: str, row: RoleRow) -> NotLoggedIn:
    return NotLoggedIn("permission denied", why, role=row.name, denied=True)


def _identity(account: ServiceAccount, role: KubernetesRole, row: RoleRow) -> Identity:
    name = f"{account.namespace}/{account.name}"
    metadata = {
        "role": row.name,
        "service_account_name": account.name,
        "service_account_namespace": account.namespace,
        "service_account_secret_name": account.secret_name,
        "service_account_uid": account.uid,
    }
    shown = f"{account.namespace}-{account.name}"
    return Identity(name if role.alias_name_source == BY_NAME else f"{name}:{account.uid}", shown, row.name, metadata)
