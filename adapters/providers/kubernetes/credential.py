"""The credential as its holder uses it."""

from __future__ import annotations

from base64 import b64encode

import yaml

from adapters.providers.kubernetes.objects import home, target
from adapters.providers.kubernetes.settings import Connection, Role
from domain.backends import Account


def credential_fields(account: Account, connection: Connection, token: str, authorities: str) -> dict[str, str | int]:
    """The token, whom it speaks for and where; with a `kubeconfig` of them, if the role gives rights in the cluster."""
    settings: Role = account.settings
    where = target(account, connection)
    fields: dict[str, str | int] = {
        "token": token,
        "namespace": where,
        "service_account": account.name,
        "username": f"system:serviceaccount:{home(account, connection)}:{account.name}",
        "server": connection.server,
        "ca_certificate": authorities,
    }
    if settings.role or settings.cluster_role or settings.rules:
        fields["kubeconfig"] = _kubeconfig(connection.server, authorities, where, account.name, token)
    return fields


def _kubeconfig(server: str, authorities: str, namespace: str, user: str, token: str) -> str:
    """A file for `kubectl` and every client library (YAML), with one context, in which `namespace` is the default."""
    cluster = {"server": server}
    if authorities:
        cluster["certificate-authority-data"] = b64encode(authorities.encode()).decode()
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": user,
            "clusters": [{"name": user, "cluster": cluster}],
            "contexts": [{"name": user, "context": {"cluster": user, "user": user, "namespace": namespace}}],
            "users": [{"name": user, "user": {"token": token}}],
        },
        sort_keys=False,
    )
