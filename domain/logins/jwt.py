"""Settings of logins by JSON web tokens (RFC 7519): whose signatures count, and which claims a role wants."""

from __future__ import annotations

from typing import Any, Final, Protocol

import msgspec

from domain.errors import Invalid
from domain.logins.token_settings import TokenSettings

METHOD: Final = "jwt"
ALGORITHMS: Final = (
    "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA",
)  # fmt: skip
"""Those with a public key: with them nobody who can check a token can make one."""
MAX_JWT: Final = 16 * 1024
"""Longest token that is looked at, in characters."""
MAX_KEYS: Final = 100
MAX_BOUND: Final = 100
"""Most claims, or values, that a role binds."""
STRING: Final = "string"
GLOB: Final = "glob"


class KeySource(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where the keys are that signatures are checked with: exactly one of the three."""

    jwks_url: str = ""
    discovery_url: str = ""
    pem_keys: tuple[str, ...] = ()
    ca_pem: str = ""
    """Certificates that may vouch for the address; empty: those that the machine trusts."""


class JwtConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one mount. The client secret of OIDC is sealed."""

    oidc_discovery_url: str = ""
    oidc_discovery_ca_pem: str = ""
    oidc_client_id: str = ""
    jwks_url: str = ""
    jwks_ca_pem: str = ""
    jwt_validation_pubkeys: tuple[str, ...] = ()
    bound_issuer: str = ""
    jwt_supported_algs: tuple[str, ...] = ()
    default_role: str = ""

    @property
    def source(self) -> KeySource:
        """Where the keys are."""
        return KeySource(
            jwks_url=self.jwks_url,
            discovery_url=self.oidc_discovery_url,
            pem_keys=self.jwt_validation_pubkeys,
            ca_pem=self.oidc_discovery_ca_pem if self.oidc_discovery_url else self.jwks_ca_pem,
        )

    @property
    def algorithms(self) -> tuple[str, ...]:
        """What a token may be signed with."""
        return self.jwt_supported_algs or ALGORITHMS

    def check(self) -> None:
        """Raises `Invalid`, in Vault's words where it has some."""
        if sum(map(bool, (self.oidc_discovery_url, self.jwt_validation_pubkeys, self.jwks_url))) != 1:
            raise Invalid("exactly one of 'jwt_validation_pubkeys', 'jwks_url' or 'oidc_discovery_url' must be set")
        if ".well-known/openid-configuration" in self.oidc_discovery_url:
            raise Invalid("'oidc_discovery_url' contains '.well-known' component")
        if len(self.jwt_validation_pubkeys) > MAX_KEYS:
            raise Invalid(f"jwt_validation_pubkeys: at most {MAX_KEYS} keys")
        for name in self.jwt_supported_algs:
            if name not in ALGORITHMS:
                raise Invalid(f"invalid jwt_supported_algs: unsupported signing algorithm {name[:20]!r}")


class JwtRole(TokenSettings, frozen=True, kw_only=True, omit_defaults=True):
    """One role. Leeways in seconds: 0 is the default of RFC-minded clients (150, 150, 60), less than 0 is none."""

    role_type: str = "jwt"
    user_claim: str = ""
    user_claim_json_pointer: bool = False
    bound_audiences: tuple[str, ...] = ()
    bound_subject: str = ""
    bound_claims_type: str = STRING
    bound_claims: dict[str, Any] = msgspec.field(default_factory=dict)
    claim_mappings: dict[str, str] = msgspec.field(default_factory=dict)
    groups_claim: str = ""
    expiration_leeway: int = 0
    not_before_leeway: int = 0
    clock_skew_leeway: int = 0
    oidc_scopes: tuple[str, ...] = ()
    allowed_redirect_uris: tuple[str, ...] = ()
    verbose_oidc_logging: bool = False
    max_age: int = 0

    def check(self) -> None:
        """Raises `Invalid`, in Vault's words where it has some."""
        super().check()
        if self.role_type == "oidc":
            raise Invalid("role_type 'oidc' is not served: there is no login by a browser; use role_type 'jwt'")
        if self.role_type != "jwt":
            raise Invalid(f"invalid 'role_type': {self.role_type[:20]}")
        if not self.user_claim:
            raise Invalid("a user claim must be defined on the role")
        if not (self.bound_audiences or self.token_bound_cidrs or self.bound_subject or self.bound_claims):
            raise Invalid("must have at least one bound constraint when creating/updating a role")
        self._check_leeways()
        self._check_claims()
        self._check_mappings()

    def _check_leeways(self) -> None:
        for field in ("expiration_leeway", "not_before_leeway", "clock_skew_leeway"):
            if not -1 <= getattr(self, field) <= 24 * 3600:
                raise Invalid(f"{field} is -1 to 86400 seconds")

    def _check_claims(self) -> None:
        if self.bound_claims_type not in {STRING, GLOB}:
            raise Invalid(f"invalid 'bound_claims_type': {self.bound_claims_type[:20]}")
        if max(len(self.bound_claims), len(self.bound_audiences)) > MAX_BOUND:
            raise Invalid(f"at most {MAX_BOUND} bound claims and audiences")
        for wanted in self.bound_claims.values():
            values = wanted if isinstance(wanted, list) else [wanted]
            if len(values) > MAX_BOUND or not all(isinstance(each, str | bool | int | float) for each in values):
                raise Invalid("bound claim is not a string, bool, int or list of these")
            if self.bound_claims_type == GLOB and not all(isinstance(each, str) for each in values):
                raise Invalid("claim is not a string or list: globs are compared with text alone")

    def _check_mappings(self) -> None:
        if len(self.claim_mappings) > MAX_BOUND:
            raise Invalid(f"claim_mappings: at most {MAX_BOUND}")
        targets = list(self.claim_mappings.values())
        for target in targets:
            if target == "role":
                raise Invalid('metadata key "role" is reserved and may not be a mapping destination')
            if targets.count(target) > 1:
                raise Invalid(f"multiple keys are mapped to metadata key {target[:60]!r}")


class NotSigned(Exception):
    """The token is no token, or nobody whose signature counts has signed it. The message says why, in Vault's words."""


class SigningKeys(Protocol):
    """Checks signatures. Keys that lie at an address are fetched, kept, and fetched anew when another turns up."""

    async def claims(self, source: KeySource, token: str, algorithms: tuple[str, ...]) -> dict[str, Any]:
        """What a token says that was signed as it should be; raises `NotSigned`, `BackendUnavailable`."""
        ...

    async def check(self, source: KeySource) -> None:
        """Whether there are keys; raises `Invalid` saying why there are none, `BackendUnavailable`."""
        ...

    def unverified(self, token: str, algorithms: tuple[str, ...]) -> dict[str, Any]:
        """What a token says whose signature somebody else will check; raises `NotSigned` for what is no token."""
        ...
