"""Commands that say how tokens of others are checked at a mount; who may not, has nobody asked."""

from __future__ import annotations

from domain.call import Call
from domain.commands.login_admin import LoginAdmin, path_of
from domain.errors import Invalid
from domain.logins.jwt import JwtConfig, SigningKeys
from domain.logins.kubernetes import Cluster, KubernetesConfig, TokenReviews
from domain.logins.place import Place
from domain.plaintext import Plaintext


class LoginMethods:
    """Settings of mounts for JSON web tokens and for Kubernetes."""

    def __init__(self, admin: LoginAdmin, keys: SigningKeys, reviews: TokenReviews) -> None:
        self._admin = admin
        self._keys = keys
        self._reviews = reviews

    async def jwt(
        self, call: Call, place: Place, config: JwtConfig, client_secret: Plaintext | None, *, skip_validation: bool
    ) -> list[str]:
        """Take the settings, if there are keys where they say; what was found wrong all the same.

        Raises `Invalid`; with `skip_validation` not for an issuer that cannot be reached.
        """
        call.require("auth:write", path_of(place, "config"))
        config.check()
        warnings = []
        try:
            await self._keys.check(config.source)
        except Invalid as error:
            if not skip_validation or config.jwt_validation_pubkeys:
                raise
            warnings.append(error.message)
        await self._admin.configure(call, place, config, client_secret)
        return warnings

    async def state(self, call: Call, place: Place, config: JwtConfig) -> str:
        """Whether there are keys at this moment: `valid` or `invalid`."""
        call.require("auth:read", path_of(place, "config"))
        try:
            await self._keys.check(config.source)
        except Invalid:
            return "invalid"
        return "valid"

    async def kubernetes(self, call: Call, place: Place, config: KubernetesConfig, reviewer: Plaintext | None) -> None:
        """Take the settings, and the reviewer's token. Raises `Invalid`; the cluster is asked with the first login."""
        call.require("auth:write", path_of(place, "config"))
        config.check()
        self._reviews.check(Cluster(config.kubernetes_host, config.kubernetes_ca_cert))
        await self._keys.check(config.source)
        await self._admin.configure(call, place, config, reviewer)
