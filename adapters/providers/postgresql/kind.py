"""The kind `postgresql`. psycopg is imported when the first is opened."""

from __future__ import annotations

import ssl
from typing import Any

from msgspec import Struct

from adapters.providers.postgresql.settings import Connection, Role
from domain.backends import Rotatable
from domain.errors import Invalid


class PostgresqlKind:
    """A `BackendKind`."""

    name = "postgresql"
    connection: type[Struct] = Connection
    role: type[Struct] = Role
    secrets: tuple[str, ...] = ("password",)

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> Rotatable:
        from adapters.providers.postgresql.backend import PostgresqlBackend
        from adapters.providers.postgresql.connections import Connections

        return PostgresqlBackend(connection, Connections(_conninfo(connection, secrets), limit, timeout), timeout)


def _conninfo(connection: Connection, secrets: dict[str, str]) -> dict[str, Any]:
    """As libpq takes it. A peer that vanished without a word is noticed by the kernel."""
    given: dict[str, Any] = {
        "host": connection.host,
        "port": connection.port,
        "dbname": connection.database,
        "user": connection.username,
        "password": secrets.get("password", ""),
        "sslmode": connection.sslmode,
        "client_encoding": "utf8",
        "application_name": "trstctl",
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "tcp_user_timeout": 20_000,
    }
    if connection.sslmode.startswith("verify"):
        given["sslrootcert"] = connection.ca_file or _system_authorities()
    return given


def _system_authorities() -> str:
    """Psycopg's own OpenSSL looks for them where no system keeps them."""
    found = ssl.get_default_verify_paths().cafile
    if not found:
        raise Invalid("this system has no file of certificate authorities; set ca_file in the provider's connection")
    return found
