"""A stand-in for a cluster, with an account for us that may do what the how-to page says, and no more."""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.backends.gate import Gate
from tests.backends.world import Setup
from tests.e2e.https_client import Answer, HttpsClient
from tests.fakes.kubernetes import Cluster, KubernetesServer

PAGE: Final = Path(__file__).parents[2] / "docs/how-to/lease-from-kubernetes.md"
_MANIFEST: Final = re.compile(r"```yaml\n(apiVersion:.*?)```", re.DOTALL)
LEASES: Final = "trstctl-leases"
_APPLICATION: Final[list[dict[str, Any]]] = [
    {"kind": "Namespace", "metadata": {"name": "shop"}},
    {"kind": "ConfigMap", "metadata": {"name": "settings", "namespace": "shop"}, "data": {"colour": "green"}},
    {"kind": "Secret", "metadata": {"name": "payroll", "namespace": "shop"}, "data": {"sum": "MQ=="}},
    {"kind": "ServiceAccount", "metadata": {"name": "nobody-much", "namespace": "shop"}},
]
RULES: Final = [{"apiGroups": [""], "resources": ["configmaps"], "verbs": ["get"], "resourceNames": ["settings"]}]


class KubernetesWorld:
    """See `World`; also `CountsConnections`, `Freezes`."""

    def __init__(self, server: KubernetesServer, gate: Gate, *, cluster_wide: bool) -> None:
        self.cluster = server.cluster
        self.ca_file = server.ca_file
        self.gate = gate
        self._port = server.port
        read = {"namespace": "shop", "role": "settings-reader"}
        self.setup = Setup(
            kind="kubernetes",
            connection={
                "server": f"https://localhost:{gate.port}",
                "ca_file": str(server.ca_file),
                "namespace": LEASES,
                "target_namespaces": ["shop"],
                "cluster_wide": cluster_wide,
            },
            secrets={"token": self.cluster.token_of("trstctl", "trstctl", 365 * 86_400)},
            role={**read, "token_seconds": 3600},
            expires=False,  # no token lives less than ten minutes; tests/integration/kubernetes lets the clock jump
            wrong_secrets={"token": "eyJhbGciOiJSUzI1NiJ9.e30.bm90LW91cnM"},
            powerless={"secrets": {"token": self.cluster.token_of("shop", "nobody-much")}},
            breaking_role={"namespace": "shop", "cluster_role": "cluster-admin"},
            other_roles={
                "unrenewable": read,
                "rules": {"namespace": "shop", "rules": RULES},
                "everywhere": {"cluster_role": "view", "cluster_wide": True},
                "identity": {"audiences": ["https://vault.example.com"]},
            },
        )

    def ask(self, method: str, path: str, token: str = "", json: object = None) -> Answer:
        """One request: with a token as everybody comes, or as the administrator, past the gate."""
        port = self.gate.port if token else self._port
        with HttpsClient(port, self.ca_file, token or self.cluster.administrator, timeout=5) as client:
            return client(method, path, json)

    async def log_in(self, fields: dict[str, str | int]) -> None:
        answer = self.ask("GET", "/api/v1/namespaces/shop/configmaps/settings", str(fields["token"]))
        assert answer.status == 200, answer.status
        assert answer.json()["data"] == {"colour": "green"}

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        tried: tuple[tuple[str, str, object], ...] = (
            ("GET", "/api/v1/namespaces/shop/secrets/payroll", None),
            ("GET", "/api/v1/namespaces/kube-system/configmaps", None),
            ("DELETE", "/api/v1/namespaces/shop/configmaps/settings", None),
            ("POST", f"/api/v1/namespaces/{LEASES}/serviceaccounts", {"metadata": {"name": "mine"}}),
        )
        return any(self.ask(method, path, str(fields["token"]), body).status != 403 for method, path, body in tried)

    async def names(self) -> set[str]:
        listed = self.ask("GET", "/api/v1/serviceaccounts").json()["items"]
        return {item["metadata"]["name"] for item in listed}

    async def plant(self, name: str) -> None:
        body = {"metadata": {"name": name}}
        assert self.ask("POST", f"/api/v1/namespaces/{LEASES}/serviceaccounts", json=body).status == 201

    async def stop(self) -> None:
        self.gate.shut()

    async def start(self) -> None:
        self.gate.reopen()

    def freeze(self) -> None:
        self.gate.freeze()

    def thaw(self) -> None:
        self.gate.thaw()

    def peak(self) -> int:
        peak, deadline = self.gate.peak(), time.monotonic() + 1
        while self.gate.peak() and time.monotonic() < deadline:
            time.sleep(0.02)  # the gate is still about those who have just hung up
        return peak


def manifests() -> list[str]:
    """Those of the how-to page: what every provider needs, its example's role, what `rules` and `cluster_wide` need."""
    found: list[str] = _MANIFEST.findall(PAGE.read_text(encoding="utf-8"))
    return found


@contextmanager
def running(*, besides: bool = False, longest_token: int = 0) -> Iterator[KubernetesWorld]:
    """A cluster with what every provider needs; `besides`, with what some roles need, too."""
    cluster = Cluster(longest_token=longest_token)
    cluster.apply(*_APPLICATION)
    for manifest in manifests() if besides else manifests()[:2]:
        cluster.apply_yaml(manifest)
    with tempfile.TemporaryDirectory(prefix="trstctl-k8s-") as folder:
        server = KubernetesServer(cluster, Path(folder))
        try:
            yield KubernetesWorld(server, Gate(server.port), cluster_wide=besides)
        finally:
            server.stop()
            cluster.stop()
