"""The kind `mongodb`. The driver is imported when the first is opened."""

from __future__ import annotations

from msgspec import Struct

from adapters.providers.mongodb.settings import Connection, Role
from domain.backends import Rotatable


class MongodbKind:
    """A `BackendKind`."""

    name = "mongodb"
    connection: type[Struct] = Connection
    role: type[Struct] = Role
    secrets: tuple[str, ...] = ("password",)

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> Rotatable:
        from adapters.providers.mongodb.backend import MongodbBackend
        from adapters.providers.mongodb.clients import Clients

        return MongodbBackend(connection, Clients(connection, secrets.get("password", ""), limit, timeout))
