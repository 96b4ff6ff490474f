"""A real PostgreSQL, with an account for us that may do what the how-to page says, and no more."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg import sql

from tests.backends import pages
from tests.backends.gate import Gate
from tests.backends.world import Setup
from tests.postgres_server import PostgresServer, running_postgres

ADMIN: Final = "trstctl_accounts"
DATABASE: Final = "app"
PAGE: Final = "lease-from-postgresql.md"
_TABLES: Final = """
CREATE TABLE orders (id BIGINT PRIMARY KEY, customer TEXT);
INSERT INTO orders VALUES (1, 'Ada');
CREATE TABLE payroll (who TEXT, amount BIGINT);
"""


class PostgresWorld:
    """See `World`; also `HoldsSessions`, `CountsConnections`, `Freezes`, `StandingAccounts`."""

    def __init__(self, server: PostgresServer, gate: Gate, password: str, powerless: str) -> None:
        self.server = server
        self.gate = gate
        self.setup = Setup(
            kind="postgresql",
            connection=self._connection(),
            secrets={"password": password},
            role=pages.provider(PAGE)["roles"][0]["settings"],
            rotatable=True,
            wrong_secrets={"password": "not-the-password"},
            powerless={"connection": {"username": "nobody_much"}, "secrets": {"password": powerless}},
            breaking_role={"creation_statements": ["GRANT no_such_role TO {{name}}"]},
            other_roles={
                "granted": {"creation_statements": ["GRANT SELECT ON orders TO {{name}}"]},
                "whole": {
                    "creation_statements": [
                        "CREATE ROLE \"{{name}}\" LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}'",
                        'GRANT app_readonly TO "{{name}}"',
                    ]
                },
            },
        )

    def connect(self, fields: dict[str, str | int] | None = None, database: str = DATABASE) -> psycopg.Connection:
        """As the account of a credential; else as superuser."""
        if fields is None:
            return psycopg.connect(self.server.dsn(database), autocommit=True)
        return psycopg.connect(str(fields["dsn"]), autocommit=True, connect_timeout=5)

    async def log_in(self, fields: dict[str, str | int]) -> None:
        with self.connect(fields) as connection:
            assert connection.execute("SELECT customer FROM orders").fetchall() == [("Ada",)]

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        forbidden = ("SELECT * FROM payroll", "DELETE FROM orders", "CREATE ROLE mine", "CREATE TABLE mine (x INT)")
        return any(self._succeeds(fields, statement) for statement in forbidden)

    def _succeeds(self, fields: dict[str, str | int], statement: str) -> bool:
        with self.connect(fields) as connection:
            try:
                connection.execute(statement.encode())
            except psycopg.errors.InsufficientPrivilege:
                return False
        return True

    async def names(self) -> set[str]:
        with self.connect() as connection:
            return {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}

    async def plant(self, name: str) -> None:
        with self.connect() as connection:
            connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
            connection.execute(
                sql.SQL("GRANT {} TO {} WITH ADMIN OPTION").format(sql.Identifier(name), sql.Identifier(ADMIN))
            )

    async def standing(self) -> dict[str, str | int]:
        name, password = f"reporting_{secrets.token_hex(4)}", secrets.token_hex(16)
        with self.connect() as connection:
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{password}' IN ROLE app_readonly".encode())
            connection.execute(pages.sql(PAGE, "Rotate a standing account").replace("reporting", name).encode())
        return {"username": name, "password": password, "dsn": self.server.dsn(DATABASE, name, password)}

    async def session(self, fields: dict[str, str | int]) -> Callable[[], Awaitable[bool]]:
        connection = self.connect(fields)

        async def is_open() -> bool:
            try:
                connection.execute("SELECT 1")
            except psycopg.OperationalError:
                connection.close()
                return False
            return True

        return is_open

    async def stop(self) -> None:
        self.gate.shut()

    async def start(self) -> None:
        self.gate.reopen()

    def freeze(self) -> None:
        self.gate.freeze()

    def thaw(self) -> None:
        self.gate.thaw()

    def peak(self) -> int:
        return self.gate.peak()

    def _connection(self) -> dict[str, Any]:
        at = {"host": "127.0.0.1", "port": self.gate.port, "database": DATABASE}
        return {**at, "username": ADMIN, "sslmode": "disable"}


@contextmanager
def running() -> Iterator[PostgresWorld]:
    """A server of this world's own, behind a gate."""
    with running_postgres() as server:
        password, powerless = secrets.token_hex(16), secrets.token_hex(16)
        with psycopg.connect(server.dsn(), autocommit=True) as connection:
            connection.execute(pages.sql(PAGE, "An account for trstctl").encode())
            connection.execute(f"ALTER ROLE {ADMIN} PASSWORD '{password}'".encode())
            connection.execute(f"CREATE ROLE nobody_much LOGIN PASSWORD '{powerless}'".encode())
            connection.execute(f"CREATE DATABASE {DATABASE}".encode())
        with psycopg.connect(server.dsn(DATABASE), autocommit=True) as connection:
            connection.execute(_TABLES)
            for heading in ("What accounts may do", "Roles with statements"):
                connection.execute(pages.sql(PAGE, heading).encode())
        yield PostgresWorld(server, Gate(server.port), password, powerless)
