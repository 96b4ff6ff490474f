"""What we must be allowed to do in the cluster."""

from __future__ import annotations

from typing import Final, NamedTuple

from adapters.providers.kubernetes.objects import RBAC
from adapters.providers.kubernetes.settings import Connection


class Need(NamedTuple):
    """A verb on a resource, in a namespace or, where that is empty, in the cluster."""

    verb: str
    resource: str
    namespace: str
    group: str = ""

    def __str__(self) -> str:
        """As in a message."""
        return f"{self.verb} {self.resource} in {self.namespace or 'the cluster'}"


_ACCOUNTS: Final = ("create", "get", "list", "patch", "delete")
_BINDINGS: Final = ("create", "get", "delete")


def needs(connection: Connection) -> list[Need]:
    """What every role takes. Whether a role's own may be bound, only its first lease shows."""
    needed = [Need(verb, "serviceaccounts", connection.namespace) for verb in _ACCOUNTS]
    needed.append(Need("create", "serviceaccounts/token", connection.namespace))
    for namespace in connection.target_namespaces:
        needed += [Need(verb, "rolebindings", namespace, RBAC) for verb in _BINDINGS]
    if connection.cluster_wide:
        needed += [Need(verb, "clusterrolebindings", "", RBAC) for verb in _BINDINGS]
    return needed
