"""MongoDB's commands on a server of others: what our code does there, and whether our fake answers alike.

FerretDB 1.24 knows no roles, no custom data, and neither filters nor the ending of sessions; the fake knows those.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any, cast

import pytest
from pymongo import MongoClient
from pymongo.errors import OperationFailure

from domain.backends import BackendRefused, Rotatable
from tests.backends.ferretdb import FerretServer, running_ferretdb
from tests.backends.opening import opened, planned
from tests.backends.world import Setup
from tests.fakes.mongodb.server import running_fake

pytestmark = pytest.mark.anyio

Answer = tuple[int, Any]


@pytest.fixture(scope="module")
def server() -> Iterator[FerretServer]:
    try:
        with running_ferretdb() as started:
            yield started
    except RuntimeError as error:
        pytest.skip(str(error))


@pytest.fixture
def setup(server: FerretServer) -> Setup:
    return Setup(
        kind="mongodb",
        connection={
            "hosts": [f"127.0.0.1:{server.port}"],
            "username": "root",
            "tls": False,
            "custom_data": False,
        },
        secrets={"password": server.password},
        role={"roles": []},
    )


@pytest.fixture
async def backend(setup: Setup) -> AsyncIterator[Rotatable]:
    opening = cast("Rotatable", opened(setup))
    yield opening
    await opening.close()


async def test_an_account_is_made_listed_and_removed(setup: Setup, backend: Rotatable) -> None:
    await backend.check()
    account = planned(setup)
    credential = await backend.create(account)
    with MongoClient[dict[str, Any]](str(credential.fields["dsn"])) as client:
        assert client["admin"].command("ping")["ok"] == 1
    assert await backend.present(account)
    assert [name async for name in backend.accounts()] == [account.name]
    await backend.renew(account)
    with pytest.raises(BackendRefused, match="already exists"):
        await backend.create(account)
    await backend.remove(account)
    await backend.remove(account)
    assert not await backend.present(account)
    with pytest.raises(BackendRefused, match="does not let us in"):
        await backend.log_in(credential.fields)
    with pytest.raises(BackendRefused):
        await backend.renew(account)


async def test_a_login_is_rotated(setup: Setup, backend: Rotatable) -> None:
    first, second = planned(setup), planned(setup)
    old = await backend.create(first)
    new = await backend.create_like(second, first.name)
    for credential in (old, new):
        await backend.log_in(credential.fields)
    await backend.retire(first.name)
    assert not await backend.exists(first.name)
    await backend.log_in(new.fields)
    with pytest.raises(BackendRefused):
        await backend.log_in({**new.fields, "password": "wrong"})
    await backend.remove(second)


def test_the_fake_answers_as_it_does(server: FerretServer) -> None:
    with running_fake() as fake:
        assert answers(fake.port, fake.password) == answers(server.port, server.password)


def answers(port: int, password: str) -> list[Answer]:
    """What a server answers to the commands that both know."""
    with connected(port, "root", password) as client:
        given: list[Answer] = [tried(client, command) for command in made()]
        for name, guess in (("trst-a", "secret"), ("trst-a", "wrong"), ("trst-nobody", "secret")):
            with connected(port, name, guess) as other:
                given.append(tried(other, {"connectionStatus": 1}))
        return given + [tried(client, command) for command in dropped()]


def connected(port: int, name: str, password: str) -> MongoClient[dict[str, Any]]:
    login: dict[str, Any] = {
        "username": name,
        "password": password,
        "authSource": "admin",
        "authMechanism": "SCRAM-SHA-256",
    }
    return MongoClient("127.0.0.1", port, serverSelectionTimeoutMS=5000, **login)


def made() -> list[dict[str, Any]]:
    making = {"createUser": "trst-a", "pwd": "secret", "roles": [], "mechanisms": ["SCRAM-SHA-256"]}
    majority = {"writeConcern": {"w": "majority"}}
    asked: list[Any] = ["trst-a", {"user": "trst-a", "db": "admin"}, "nobody", {"user": "trst-a", "db": "elsewhere"}]
    return [{**making, **majority}, making, *({"usersInfo": each} for each in asked), {"noSuchCommand": 1}]


def dropped() -> list[dict[str, Any]]:
    return [
        {"updateUser": "nobody", "pwd": "x"},
        {"dropUser": "trst-a"},
        {"dropUser": "trst-a"},
        {"usersInfo": "trst-a"},
    ]


def tried(client: MongoClient[dict[str, Any]], command: dict[str, Any]) -> Answer:
    """The error's code, and what is not different each time."""
    try:
        told = client["admin"].command(command)
    except OperationFailure as error:
        return error.code or -1, None
    for user in told.get("users", []):
        del user["userId"]
    return 0, (told.get("users"), told.get("authInfo", {}).get("authenticatedUsers"))
