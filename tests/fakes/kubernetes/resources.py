"""The resources there are."""

from __future__ import annotations

from typing import Final, NamedTuple

from tests.fakes.kubernetes.answers import RBAC


class Resource(NamedTuple):
    group: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/v1" if self.group else "v1"


STORED: Final = {
    (each.group, each.plural): each
    for each in (
        Resource("", "namespaces", "Namespace", namespaced=False),
        Resource("", "serviceaccounts", "ServiceAccount"),
        Resource("", "configmaps", "ConfigMap"),
        Resource("", "secrets", "Secret"),
        Resource(RBAC, "roles", "Role"),
        Resource(RBAC, "rolebindings", "RoleBinding"),
        Resource(RBAC, "clusterroles", "ClusterRole", namespaced=False),
        Resource(RBAC, "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    )
}
BY_KIND: Final = {each.kind: each for each in STORED.values()}

ASKED: Final = {
    (each.group, each.plural): each
    for each in (
        Resource("authentication.k8s.io", "tokenreviews", "TokenReview", namespaced=False),
        Resource("authorization.k8s.io", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False),
        Resource("authorization.k8s.io", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced=False),
    )
}
"""Those that are answered and not kept."""
