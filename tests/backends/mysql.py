"""A real MariaDB, with an account for us that may do what the how-to page says, and no more."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pymysql

from tests.backends import pages
from tests.backends.gate import Gate
from tests.backends.world import Setup
from tests.mariadb_server import MariadbServer, running_mariadb

ADMIN: Final = "trstctl_accounts"
DATABASE: Final = "app"
PAGE: Final = "lease-from-mysql.md"
LEASING: Final = ("An account for trstctl", "What accounts may do")
ROTATING: Final = "Rotate a standing account"
_FIXTURES: Final = (
    "CREATE DATABASE app",
    "CREATE DATABASE payroll",
    "CREATE TABLE app.orders (id BIGINT PRIMARY KEY, customer TEXT)",
    "INSERT INTO app.orders VALUES (1, 'Ada')",
    "CREATE TABLE payroll.salaries (who TEXT, amount BIGINT)",
)
_FORBIDDEN: Final = (1044, 1142, 1227, 1410)


class MysqlWorld:
    """See `World`; also `HoldsSessions`, `CountsConnections`, `Freezes`, `StandingAccounts`."""

    def __init__(self, server: MariadbServer, gate: Gate, password: str, powerless: str) -> None:
        self.server = server
        self.gate = gate
        self.setup = Setup(
            kind="mysql",
            connection={
                "host": "127.0.0.1", "port": gate.port, "database": DATABASE, "username": ADMIN, "tls": "disable",
            },
            secrets={"password": password},
            role=pages.provider(PAGE)["roles"][0]["settings"],
            expires=False,
            rotatable=True,
            wrong_secrets={"password": "not-the-password"},
            powerless={"connection": {"username": "nobody_much"}, "secrets": {"password": powerless}},
            breaking_role={"creation_statements": ["GRANT SELECT ON payroll.* TO '{{name}}'@'{{host}}'"]},
        )  # fmt: skip

    def run(self, *statements: str, **login: Any) -> list[Any]:
        """The rows of the last, as root unless said otherwise."""
        with self.server.connect(**login) as connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            return list(cursor.fetchall())

    def prepare(self, name: str, password: str, *headings: str) -> None:
        """Make an account for us by what the page says under these headings."""
        for statement in [each for heading in headings for each in pages.statements(PAGE, heading)]:
            self.run(statement.replace("'PASSWORD'", f"'{password}'").replace(ADMIN, name))

    async def log_in(self, fields: dict[str, str | int]) -> None:
        assert self.run("SELECT customer FROM app.orders", **_login(fields)) == [("Ada",)]

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        forbidden = ("SELECT * FROM payroll.salaries", "DELETE FROM app.orders", "CREATE USER mine")
        return any(self._succeeds(fields, statement) for statement in forbidden)

    def _succeeds(self, fields: dict[str, str | int], statement: str) -> bool:
        try:
            self.run(statement, **_login(fields))
        except pymysql.MySQLError as error:
            if error.args[0] not in _FORBIDDEN:
                raise
            return False
        return True

    async def names(self) -> set[str]:
        return {user for (user,) in self.run("SELECT User FROM mysql.user")}

    async def plant(self, name: str) -> None:
        self.run(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY 'planted'")

    async def standing(self) -> dict[str, str | int]:
        name, password = f"reporting_{secrets.token_hex(4)}", secrets.token_hex(16)
        self.run(f"CREATE USER {name}@'%' IDENTIFIED BY '{password}'", f"GRANT SELECT ON app.* TO {name}@'%'")
        return {"username": name, "password": password, "database": DATABASE}

    async def session(self, fields: dict[str, str | int]) -> Callable[[], Awaitable[bool]]:
        connection = self.server.connect(**_login(fields))

        async def is_open() -> bool:
            try:
                connection.ping(reconnect=False)
            except pymysql.MySQLError:
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


def _login(fields: dict[str, str | int]) -> dict[str, Any]:
    return {"user": fields["username"], "password": fields["password"]}


@contextmanager
def running() -> Iterator[MysqlWorld]:
    """A server of this world's own, behind a gate."""
    with running_mariadb() as server:
        password, powerless = secrets.token_hex(16), secrets.token_hex(16)
        world = MysqlWorld(server, Gate(server.port), password, powerless)
        world.run(*_FIXTURES)
        world.prepare(ADMIN, password, *LEASING, ROTATING)
        world.run(f"CREATE USER nobody_much@'%' IDENTIFIED BY '{powerless}'")
        yield world
