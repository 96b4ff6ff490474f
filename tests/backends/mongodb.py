"""A MongoDB of our own making, with a user for us that may do what the how-to page says, and no more."""

from __future__ import annotations

import json
import re
import secrets
import ssl
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import OperationFailure

from adapters.crypto import self_signed_certificate
from tests.backends.gate import Gate
from tests.backends.world import Setup
from tests.fakes.mongodb.server import MongoServer, running_fake

PAGE: Final = Path(__file__).parents[2] / "docs/how-to/lease-from-mongodb.md"
USER: Final = "trstctl"
UNAUTHORIZED: Final = 13
Client = MongoClient[dict[str, Any]]


def documented(call: str) -> dict[str, Any]:
    """The argument of a call of mongosh's that the how-to page shows."""
    found = re.search(rf"\.{call}\((\{{.*?^\}})\)$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert found is not None
    argument: dict[str, Any] = json.loads(found[1].replace("passwordPrompt()", "null"))
    return argument


class MongoWorld:
    """See `World`; also `HoldsSessions`, `CountsConnections`, `Freezes`, `StandingAccounts`."""

    def __init__(self, server: MongoServer, gate: Gate, authority: Path, password: str, powerless: str) -> None:
        self.server = server
        self.gate = gate
        self.authority = authority
        self.setup = Setup(
            kind="mongodb",
            connection=self._connection(),
            secrets={"password": password},
            role={"roles": [{"role": "read", "db": "shop"}]},
            rotatable=True,
            expires=False,
            wrong_secrets={"password": "not-the-password"},
            powerless={"connection": {"username": "nobody-much"}, "secrets": {"password": powerless}},
            breaking_role={"roles": [{"role": "read", "db": "shop"}, {"role": "no-such-role", "db": "shop"}]},
            other_roles={"elsewhere": {"roles": [{"role": "read", "db": "hr"}]}},
        )

    def administer(self, command: dict[str, Any], database: str = "admin") -> dict[str, Any]:
        """Run one command as root, past the gate."""
        address = f"mongodb://root:{self.server.password}@127.0.0.1:{self.server.port}/?authSource=admin&tls=true"
        with self._client(address) as client:
            return client[database].command(command)

    def connect(self, fields: dict[str, str | int]) -> Client:
        """As the account of a credential."""
        return self._client(str(fields["dsn"]))

    async def log_in(self, fields: dict[str, str | int]) -> None:
        with self.connect(fields) as client:
            assert client["shop"]["orders"].find_one({"_id": 1}) == {"_id": 1, "customer": "Ada"}

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        with self.connect(fields) as client:
            forbidden: list[Callable[[], object]] = [
                lambda: client["hr"]["payroll"].find_one({}),
                lambda: client["shop"]["orders"].insert_one({"_id": secrets.token_hex(8)}),
                lambda: client["admin"].command({"usersInfo": 1}),
                lambda: client["admin"].command({"createUser": "mine", "pwd": "x", "roles": []}),
            ]
            return any(self._succeeds(attempt) for attempt in forbidden)

    def _succeeds(self, attempt: Callable[[], object]) -> bool:
        try:
            attempt()
        except OperationFailure as error:
            if error.code != UNAUTHORIZED:
                raise
            return False
        return True

    async def names(self) -> set[str]:
        return {user["user"] for user in self.administer({"usersInfo": 1})["users"]}

    async def plant(self, name: str) -> None:
        self.administer({"createUser": name, "pwd": secrets.token_hex(16), "roles": []})

    async def standing(self) -> dict[str, str | int]:
        name, password = f"reporting-{secrets.token_hex(4)}", secrets.token_hex(16)
        self.administer({"createUser": name, "pwd": password, "roles": [{"role": "read", "db": "shop"}]})
        dsn = f"mongodb://{name}:{password}@127.0.0.1:{self.gate.port}/?authSource=admin&tls=true"
        return {"username": name, "password": password, "dsn": dsn}

    async def session(self, fields: dict[str, str | int]) -> Callable[[], Awaitable[bool]]:
        client = self.connect(fields)

        async def is_open() -> bool:
            try:
                client["shop"]["orders"].find_one({})
            except OperationFailure:
                client.close()
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

    def _client(self, address: str) -> Client:
        return MongoClient(address, tlsCAFile=str(self.authority), maxPoolSize=1, serverSelectionTimeoutMS=5000)

    def _connection(self) -> dict[str, Any]:
        return {"hosts": [f"127.0.0.1:{self.gate.port}"], "username": USER, "ca_file": str(self.authority)}


@contextmanager
def running() -> Iterator[MongoWorld]:
    """A server of this world's own over TLS, behind a gate."""
    with tempfile.TemporaryDirectory(prefix="trstctl-mongodb-") as folder:
        authority, context = _tls(Path(folder))
        with running_fake(context) as server:
            password, powerless = secrets.token_hex(16), secrets.token_hex(16)
            world = MongoWorld(server, Gate(server.port), authority, password, powerless)
            role, user = documented("createRole"), documented("createUser")
            # As the page has it for static roles.
            role["privileges"].append({"resource": {"db": "admin", "collection": ""}, "actions": ["changePassword"]})
            world.administer({"createRole": role.pop("role"), **role})
            world.administer({"createUser": user.pop("user"), **user, "pwd": password})
            world.administer({"createUser": "nobody-much", "pwd": powerless, "roles": [{"role": "read", "db": "shop"}]})
            world.administer({"insert": "orders", "documents": [{"_id": 1, "customer": "Ada"}]}, "shop")
            world.administer({"insert": "payroll", "documents": [{"_id": 1, "amount": 100}]}, "hr")
            yield world


def _tls(folder: Path) -> tuple[Path, ssl.SSLContext]:
    certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 2)
    authority, private = folder / "tls.crt", folder / "tls.key"
    authority.write_bytes(certificate)
    private.write_bytes(key)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(authority, private)
    return authority, context
