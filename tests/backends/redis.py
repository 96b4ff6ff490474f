"""A real Redis, with a user for us that may do what the how-to page says, and no more."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import redis

from tests.backends.gate import Gate
from tests.backends.redis_server import RedisServer, running_redis
from tests.backends.world import Setup

PAGE: Final = Path(__file__).parents[2] / "docs/how-to/lease-from-redis.md"
USER: Final = "trstctl"
READING: Final = ["~orders:*", "+get", "+ping", "+blpop", "+subscribe"]


def documented(password: str) -> list[str]:
    """The command by which the how-to page makes our user."""
    found = re.search(rf"^ACL SETUSER {USER} .*$", PAGE.read_text(), re.MULTILINE)
    assert found is not None
    return found[0].replace("THE-PASSWORD", password).split()


class RedisWorld:
    """See `World`; also `HoldsSessions`, `CountsConnections`, `Freezes`, `StandingAccounts`."""

    def __init__(self, server: RedisServer, gate: Gate, password: str, powerless: str) -> None:
        self.server = server
        self.gate = gate
        self.setup = Setup(
            kind="redis",
            connection=self._connection(),
            secrets={"password": password},
            role={"rules": READING},
            rotatable=True,
            expires=False,
            wrong_secrets={"password": "not-the-password"},
            powerless={"connection": {"username": "nobody_much"}, "secrets": {"password": powerless}},
            breaking_role={"rules": ["~orders:*", "+get", "+@no-such-category"]},
            other_roles={"subscriber": {"rules": ["&news:*", "+subscribe"]}},
        )

    def connect(self, fields: dict[str, str | int]) -> redis.Redis:
        """As the account of a credential."""
        return self.server.connect(str(fields["username"]), str(fields["password"]), self.gate.port)

    def administer(self, *command: str) -> Any:
        """Run one command as the default user, past the gate."""
        with self.server.connect() as client:
            return client.execute_command(*command)

    async def log_in(self, fields: dict[str, str | int]) -> None:
        with self.connect(fields) as client:
            assert client.get("orders:1") == "Ada"

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        forbidden = (("GET", "payroll:1"), ("SET", "orders:1", "x"), ("ACL", "SETUSER", "mine"), ("KEYS", "*"))
        with self.connect(fields) as client:
            return any(self._succeeds(client, command) for command in forbidden)

    def _succeeds(self, client: redis.Redis, command: tuple[str, ...]) -> bool:
        try:
            client.execute_command(*command)  # type: ignore[no-untyped-call]  # the library says no types
        except redis.exceptions.NoPermissionError:
            return False
        return True

    async def names(self) -> set[str]:
        return set(self.administer("ACL", "USERS"))

    async def plant(self, name: str) -> None:
        self.administer("ACL", "SETUSER", name, "on", f">{secrets.token_hex(16)}", "+ping")

    async def standing(self) -> dict[str, str | int]:
        name, password = f"reporting_{secrets.token_hex(4)}", secrets.token_hex(16)
        self.administer("ACL", "SETUSER", name, "on", f">{password}", *READING)
        return {"username": name, "password": password}

    async def session(self, fields: dict[str, str | int]) -> Callable[[], Awaitable[bool]]:
        connection = self.connect(fields).connection_pool.get_connection()

        async def is_open() -> bool:
            try:
                connection.send_command("PING")  # type: ignore[no-untyped-call]  # as above
                connection.read_response()
            except redis.ConnectionError:
                connection.disconnect()  # type: ignore[no-untyped-call]  # as above
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
        at = {"host": "127.0.0.1", "port": self.gate.port, "username": USER, "tls": self.server.tls}
        if self.server.tls:
            at |= {"ca_file": str(self.server.folder / "tls.crt"), "save_acl": True}
        return at


@contextmanager
def running(*, tls: bool = False) -> Iterator[RedisWorld]:
    """A server of this world's own, behind a gate."""
    with running_redis(tls=tls) as server:
        password, powerless = secrets.token_hex(16), secrets.token_hex(16)
        world = RedisWorld(server, Gate(server.port), password, powerless)
        world.administer(*documented(password))
        world.administer("ACL", "SETUSER", "nobody_much", "on", f">{powerless}", "+ping")
        world.administer("SET", "orders:1", "Ada")
        world.administer("SET", "payroll:1", "100")
        yield world


@contextmanager
def running_with_tls() -> Iterator[RedisWorld]:
    """The same over TLS, and with an ACL file that is saved after each change."""
    with running(tls=True) as world:
        yield world
