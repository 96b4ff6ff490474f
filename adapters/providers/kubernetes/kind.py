"""The kind, as the table of providers knows it. What it is opened with imports the client, which this does not."""

from __future__ import annotations

import msgspec

from adapters.provider_threads import Threads
from adapters.providers.kubernetes.settings import Connection, Role
from domain.backends import Backend


class KubernetesKind:
    """`kubernetes`."""

    name = "kubernetes"
    connection: type[msgspec.Struct] = Connection
    role: type[msgspec.Struct] = Role
    secrets: tuple[str, ...] = ("token",)

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> Backend:
        from adapters.providers.kubernetes.backend import KubernetesBackend
        from adapters.providers.kubernetes.calls import Calls
        from adapters.providers.kubernetes.client import completed, opened_client

        token = secrets.get("token", "")
        whole = completed(connection, token)
        calls = Calls(opened_client(whole, token, limit), timeout)
        return KubernetesBackend(whole, calls, Threads(self.name, limit, timeout), timeout)
