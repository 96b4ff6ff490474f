"""Settings of logins by the tokens of Kubernetes' service accounts, and what those tokens say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, Protocol

import msgspec

from domain.errors import Invalid
from domain.logins.globs import matches_any
from domain.logins.jwt import MAX_KEYS, KeySource
from domain.logins.token_settings import TokenSettings
from domain.plaintext import Plaintext

METHOD: Final = "kubernetes"
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "ES256", "ES384", "ES512")
"""What an API server signs with."""
MAX_NAMES: Final = 1000
BY_UID: Final = "serviceaccount_uid"
BY_NAME: Final = "serviceaccount_name"
DEFAULT_ISSUER: Final = "kubernetes/serviceaccount"


class KubernetesConfig(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one mount. The reviewer's token is sealed; without one a service account's own token asks for itself."""

    kubernetes_host: str
    kubernetes_ca_cert: str = ""
    pem_keys: tuple[str, ...] = ()
    issuer: str = ""
    disable_iss_validation: bool = True
    disable_local_ca_jwt: bool = False
    token_reviewer_jwt_set: bool = False

    @property
    def source(self) -> KeySource:
        """Keys by which tokens are looked through before anybody is asked; often there are none."""
        return KeySource(pem_keys=self.pem_keys)

    def check(self) -> None:
        """Raises `Invalid`, in Vault's words where it has some."""
        if not self.kubernetes_host:
            raise Invalid("no host provided")
        if self.disable_local_ca_jwt and not self.kubernetes_ca_cert:
            raise Invalid("kubernetes_ca_cert must be given when disable_local_ca_jwt is true")
        if len(self.pem_keys) > MAX_KEYS:
            raise Invalid(f"pem_keys: at most {MAX_KEYS} keys")


class KubernetesRole(TokenSettings, frozen=True, kw_only=True, omit_defaults=True):
    """One role: which service accounts, by globs, of which namespaces."""

    bound_service_account_names: tuple[str, ...] = ()
    bound_service_account_namespaces: tuple[str, ...] = ()
    audience: str = ""
    alias_name_source: str = BY_UID

    def check(self) -> None:
        """Raises `Invalid`, in Vault's words where it has some."""
        super().check()
        _check_names(self.bound_service_account_names, "bound_service_account_names")
        _check_names(self.bound_service_account_namespaces, "bound_service_account_namespaces")
        if self.alias_name_source not in {BY_UID, BY_NAME}:
            raise Invalid(
                f"invalid alias_name_source {self.alias_name_source[:40]!r}, must be one of: {BY_UID}, {BY_NAME}"
            )

    def admits(self, account: ServiceAccount) -> str:
        """Why it does not, or nothing if it does."""
        if not matches_any(self.bound_service_account_names, account.name):
            return "service account name not authorized"
        if not matches_any(self.bound_service_account_namespaces, account.namespace):
            return "namespace not authorized"
        return ""


def _check_names(names: tuple[str, ...], field: str) -> None:
    if not names:
        raise Invalid(f'"{field}" can not be empty')
    if len(names) > MAX_NAMES or any(not 1 <= len(name) <= 253 for name in names):
        raise Invalid(f"{field}: at most {MAX_NAMES} names of 1 to 253 characters")
    if len(names) > 1 and "*" in names:
        raise Invalid('can not mix "*" with values')


class ServiceAccount(NamedTuple):
    """Whom a token says that it is of."""

    namespace: str
    name: str
    uid: str
    secret_name: str = ""


_OLD: Final = "kubernetes.io/serviceaccount/"
_LONGEST: Final = 253
"""Of a name in Kubernetes, RFC 1123."""


def account_of(claims: Mapping[str, Any]) -> ServiceAccount | None:
    """The service account of a projected token, or of an old one that never ends; None if it tells none whole."""
    bound = claims.get("kubernetes.io")
    if isinstance(bound, dict):
        account = bound.get("serviceaccount")
        account = account if isinstance(account, dict) else {}
        parts = [bound.get("namespace"), account.get("name"), account.get("uid"), ""]
    else:
        names = ("namespace", "service-account.name", "service-account.uid", "secret.name")
        parts = [claims.get(f"{_OLD}{name}", "") for name in names]
    texts = [part for part in parts if isinstance(part, str) and len(part) <= _LONGEST]
    return ServiceAccount(*texts) if len(texts) == len(parts) and all(texts[:3]) else None


class Cluster(NamedTuple):
    """Where reviews are asked for."""

    host: str
    ca_pem: str


class NotReviewed(Exception):
    """The cluster does not take the token for good. The message says why, without anything of the token."""


class TokenReviews(Protocol):
    """Asks a cluster's API server whether a token is good, each time anew."""

    def check(self, cluster: Cluster) -> None:
        """Raises `Invalid` for an address, or certificates, that are none."""
        ...

    async def review(
        self, cluster: Cluster, token: str, bearer: Plaintext | None, audiences: list[str]
    ) -> ServiceAccount:
        """Whose it is; `bearer` is the reviewer's token, without which the token asks for itself.

        Raises `NotReviewed`, `BackendUnavailable`.
        """
        ...
