"""The kind `azure-entra`. Microsoft's libraries are imported when the first is opened."""

from __future__ import annotations

import msgspec

from adapters.providers.azure_entra.settings import Connection, Role
from domain.backends import Backend
from domain.errors import Invalid


class AzureEntraKind:
    """A `BackendKind`."""

    name = "azure-entra"
    connection: type[msgspec.Struct] = Connection
    role: type[msgspec.Struct] = Role
    secrets: tuple[str, ...] = ("client_secret", "certificate")

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> Backend:
        if bool(secrets.get("client_secret")) == bool(secrets.get("certificate")):
            raise Invalid("give either client_secret, or certificate: a PEM certificate and its RSA key in one text")
        from adapters.providers.azure_entra.backend import AzureEntraBackend
        from adapters.providers.azure_entra.graph import Graph

        graph = Graph(connection, secrets, limit, timeout)
        return AzureEntraBackend(connection, graph, limit, timeout)
