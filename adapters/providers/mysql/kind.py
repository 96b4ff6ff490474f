"""The kind `mysql`. PyMySQL is imported when the first is opened."""

from __future__ import annotations

import ssl
from typing import Any

from msgspec import Struct

from adapters.providers.mysql.settings import Connection, Role
from domain.backends import Rotatable
from domain.errors import Invalid


class MysqlKind:
    """A `BackendKind`."""

    name = "mysql"
    connection: type[Struct] = Connection
    role: type[Struct] = Role
    secrets: tuple[str, ...] = ("password",)

    def open(self, connection: Connection, secrets: dict[str, str], limit: int, timeout: float) -> Rotatable:
        from adapters.providers.mysql.backend import MysqlBackend
        from adapters.providers.mysql.connections import Connections

        options = _options(connection, secrets) | {"connect_timeout": timeout}
        return MysqlBackend(connection, Connections(options, limit, timeout))


def _options(connection: Connection, secrets: dict[str, str]) -> dict[str, Any]:
    """As PyMySQL takes them."""
    tls: dict[str, Any] = {"ssl_disabled": True} if connection.tls == "disable" else {"ssl": _context(connection)}
    return {
        "host": connection.host,
        "port": connection.port,
        "user": connection.username,
        "password": secrets.get("password", ""),
        "program_name": "trstctl",
        **tls,
    }


def _context(connection: Connection) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=connection.ca_file or None)
    except OSError as error:
        raise Invalid(f"ca_file {connection.ca_file} cannot be read: {error.strerror or error}") from error
    context.check_hostname = connection.tls == "verify-full"
    if connection.tls == "require":
        context.verify_mode = ssl.CERT_NONE
    return context
