"""The requests we send: a blocking method each, of which none takes longer than the time limit."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

from kubernetes.client import (
    ApiClient,
    AuthenticationV1TokenRequest,
    AuthorizationV1Api,
    CoreV1Api,
    RbacAuthorizationV1Api,
    V1ClusterRoleBinding,
    V1ResourceAttributes,
    V1Role,
    V1RoleBinding,
    V1SelfSubjectAccessReview,
    V1SelfSubjectAccessReviewSpec,
    V1ServiceAccount,
    V1TokenRequestSpec,
)

from adapters.providers.kubernetes.failures import Absent, translated
from adapters.providers.kubernetes.needs import Need
from adapters.providers.kubernetes.objects import ENDS, Part
from domain.backends import BackendRefused

_PAGE: Final = 500


class Token(NamedTuple):
    """A token as issued; `seconds` is the life that the API server gave it."""

    token: str
    seconds: int

    def __repr__(self) -> str:
        """Without the token."""
        return f"Token(<redacted>, {self.seconds})"


class Calls:
    """Raises `Absent`, `BackendRefused` and `BackendUnavailable` as `translated` says. Used by several threads."""

    def __init__(self, client: ApiClient, timeout: float) -> None:
        self._client = client
        self._core = CoreV1Api(client)
        self._rbac = RbacAuthorizationV1Api(client)
        self._authorization = AuthorizationV1Api(client)
        self._limit: dict[str, Any] = {"_request_timeout": float(timeout)}

    def make_account(self, namespace: str, body: V1ServiceAccount) -> str:
        """Its uid."""
        with translated("making the ServiceAccount"):
            made = self._core.create_namespaced_service_account(namespace, body, **self._limit)
        if made.metadata is None or made.metadata.uid is None:
            raise BackendRefused("Kubernetes: making the ServiceAccount: the answer has no uid; check `server`")
        return made.metadata.uid

    def make_role(self, namespace: str, body: V1Role) -> None:
        """A Role of the lease's own."""
        with translated("making the Role"):
            self._rbac.create_namespaced_role(namespace, body, **self._limit)

    def bind(self, namespace: str, body: V1RoleBinding) -> None:
        """Give rights in one namespace."""
        with translated("binding the role"):
            self._rbac.create_namespaced_role_binding(namespace, body, **self._limit)

    def bind_everywhere(self, body: V1ClusterRoleBinding) -> None:
        """Give rights in the whole cluster."""
        with translated("binding the role in the whole cluster"):
            self._rbac.create_cluster_role_binding(body, **self._limit)

    def make_token(self, namespace: str, name: str, audiences: list[str], seconds: int) -> Token:
        """A token of the ServiceAccount of this name, by the TokenRequest API."""
        asked = AuthenticationV1TokenRequest(spec=V1TokenRequestSpec(audiences=audiences, expiration_seconds=seconds))
        with translated("asking for a token"):
            made = self._core.create_namespaced_service_account_token(name, namespace, asked, **self._limit)
        told, granted = made.status, made.spec
        if not (told and told.token and granted and granted.expiration_seconds):
            raise BackendRefused("Kubernetes: asking for a token: the answer has none; check `server`")
        return Token(told.token, granted.expiration_seconds)

    def note_end(self, namespace: str, name: str, ends_at: datetime) -> None:
        """Write to the ServiceAccount when the lease ends."""
        noted = {"metadata": {"annotations": {ENDS: ends_at.isoformat(timespec="seconds")}}}
        with translated("noting the new end"):
            self._core.patch_namespaced_service_account(name, namespace, noted, **self._limit)

    def delete(self, part: Part) -> None:
        """Remove it, if it is there."""
        try:
            with translated(f"removing the {part}"):
                self._deleting(part)(**self._limit)
        except Absent:
            return

    def read(self, part: Part) -> bool:
        """Look whether it is there. Asked without a resourceVersion, the API server tells the newest state."""
        try:
            with translated(f"looking for the {part}"):
                self._reading(part)(**self._limit)
        except Absent:
            return False
        return True

    def names(self, namespace: str, after: str | None) -> tuple[list[str], str | None]:
        """A page of the ServiceAccounts' names, and where the next one begins, if there is one."""
        with translated("listing the ServiceAccounts"):
            page = self._core.list_namespaced_service_account(namespace, limit=_PAGE, _continue=after, **self._limit)
        found = [item.metadata.name for item in page.items if item.metadata and item.metadata.name]
        return found, (page.metadata and page.metadata._continue) or None  # noqa: SLF001 - how the client spells a keyword

    def allowed(self, need: Need) -> bool:
        """Ask whether we may do this (SelfSubjectAccessReview)."""
        resource, _, subresource = need.resource.partition("/")
        asked = V1ResourceAttributes(
            verb=need.verb,
            group=need.group,
            resource=resource,
            subresource=subresource or None,
            namespace=need.namespace or None,
        )
        review = V1SelfSubjectAccessReview(spec=V1SelfSubjectAccessReviewSpec(resource_attributes=asked))
        with translated("checking the privileges"):
            told = self._authorization.create_self_subject_access_review(review, **self._limit)
        return told.status is not None and told.status.allowed

    def close(self) -> None:
        """Hang up. Clearing the client's pools alone would leave their connections to the garbage collector."""
        pools = self._client.rest_client.pool_manager.pools
        for key in pools.keys():  # noqa: SIM118 - it is no mapping, and can be gone over by its keys alone
            pools[key].close()
        self._client.close()  # type: ignore[no-untyped-call]  # as the client has it

    def _deleting(self, part: Part) -> Callable[..., object]:
        match part.kind:
            case "ServiceAccount":
                return partial(self._core.delete_namespaced_service_account, part.name, part.namespace)
            case "Role":
                return partial(self._rbac.delete_namespaced_role, part.name, part.namespace)
            case "RoleBinding":
                return partial(self._rbac.delete_namespaced_role_binding, part.name, part.namespace)
            case "ClusterRoleBinding":
                return partial(self._rbac.delete_cluster_role_binding, part.name)

    def _reading(self, part: Part) -> Callable[..., object]:
        match part.kind:
            case "ServiceAccount":
                return partial(self._core.read_namespaced_service_account, part.name, part.namespace)
            case "Role":
                return partial(self._rbac.read_namespaced_role, part.name, part.namespace)
            case "RoleBinding":
                return partial(self._rbac.read_namespaced_role_binding, part.name, part.namespace)
            case "ClusterRoleBinding":
                return partial(self._rbac.read_cluster_role_binding, part.name)
