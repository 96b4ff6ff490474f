"""A cluster: its objects, its clock, its tokens, and what every cluster has from the start."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any, Final

import yaml

from tests.fakes.kubernetes.answers import RBAC
from tests.fakes.kubernetes.rbac import Rbac, User
from tests.fakes.kubernetes.resources import BY_KIND
from tests.fakes.kubernetes.store import Store
from tests.fakes.kubernetes.tokens import AUDIENCE, Tokens

_COLLECTING: Final = 0.1
"""How often the garbage collector goes round, in seconds."""
_READ: Final = ["get", "list", "watch"]

_BOOTSTRAP: Final[list[tuple[str, list[dict[str, Any]], str]]] = [
    (
        "cluster-admin",
        [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}, {"nonResourceURLs": ["*"], "verbs": ["*"]}],
        "system:masters",
    ),
    (
        "system:basic-user",
        [
            {
                "apiGroups": ["authorization.k8s.io"],
                "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
                "verbs": ["create"],
            }
        ],
        "system:authenticated",
    ),
    (
        "system:public-info-viewer",
        [{"nonResourceURLs": ["/version", "/healthz"], "verbs": ["get"]}],
        "system:authenticated",
    ),
    (
        "system:auth-delegator",
        [{"apiGroups": ["authentication.k8s.io"], "resources": ["tokenreviews"], "verbs": ["create"]}],
        "",
    ),
    ("view", [{"apiGroups": [""], "resources": ["configmaps", "serviceaccounts"], "verbs": _READ}], ""),
]
"""ClusterRoles, and the group that each is bound to, if any."""


class Cluster:
    """`administrator` is the token of one who may do everything. `longest_token` is a bound that some clusters set."""

    def __init__(self, *, longest_token: int = 0) -> None:
        self.longest_token = longest_token
        self._ahead = 0.0
        self.store = Store(self.now)
        self.rbac = Rbac(self.store)
        self.tokens = Tokens(self.store, self.now)
        self.administrator = secrets.token_urlsafe(24)
        self.tokens.add_static(self.administrator, User("kubernetes-admin", ("system:masters", "system:authenticated")))
        self._stopping = threading.Event()
        self._collector = threading.Thread(target=self._collect, daemon=True)
        for namespace in ("default", "kube-system"):
            self.apply({"kind": "Namespace", "metadata": {"name": namespace}})
        for role in _BOOTSTRAP:
            self._bootstrap(*role)
        self._collector.start()

    def now(self) -> float:
        """The cluster's time, in seconds since 1970."""
        return time.time() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let the cluster's clock jump."""
        self._ahead += seconds

    def stop(self) -> None:
        """No more collecting."""
        self._stopping.set()
        self._collector.join()

    def apply(self, *manifests: dict[str, Any]) -> None:
        """Make objects, in a namespace or not, as the administrator."""
        for manifest in manifests:
            resource = BY_KIND[manifest["kind"]]
            namespace = manifest["metadata"].get("namespace", "default") if resource.namespaced else ""
            self.store.create(resource, namespace, manifest)
            if resource.kind == "Namespace":  # the ServiceAccount controller's
                name = manifest["metadata"]["name"]
                self.store.create(BY_KIND["ServiceAccount"], name, {"metadata": {"name": "default", "namespace": name}})

    def apply_yaml(self, text: str) -> None:
        """The same, of a file of several documents."""
        self.apply(*(each for each in yaml.safe_load_all(text) if each))

    def token_of(self, namespace: str, name: str, seconds: int = 3600) -> str:
        """A token of a ServiceAccount, for the API server, as `kubectl create token` gives it."""
        return self.tokens.issue(self.store.get(BY_KIND["ServiceAccount"], namespace, name), [AUDIENCE], seconds)

    def _bootstrap(self, name: str, rules: list[dict[str, Any]], group: str) -> None:
        self.apply({"kind": "ClusterRole", "metadata": {"name": name}, "rules": rules})
        if group:
            self.apply(
                {
                    "kind": "ClusterRoleBinding",
                    "metadata": {"name": name},
                    "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
                    "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group}],
                }
            )

    def _collect(self) -> None:
        while not self._stopping.wait(_COLLECTING):
            self.store.collect()
