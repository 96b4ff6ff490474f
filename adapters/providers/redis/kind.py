"""The kind `redis`. The library is imported when the first is opened."""

from __future__ import annotations

from msgspec import Struct

from adapters.providers.redis.settings import Connection, Role
from domain.backends import Rotatable


class RedisKind:
    """A `BackendKind`."""

    name = "redis"
    connection: type[Struct] = Connection
    role: type[Struct] = Role
    secrets: tuple[str, ...] = ("password",)

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> Rotatable:
        from adapters.providers.redis.backend import RedisBackend
        from adapters.providers.redis.connections import Connections

        password = secrets.get("password", "")
        return RedisBackend(connection, Connections(connection, password, limit, timeout))
