"""What is MongoDB's own among the backends: what runs when a user ends, what is told of it, and what is asked for."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from adapters.provider_table import kind
from adapters.providers.mongodb.credential import credential
from adapters.providers.mongodb.failures import meaning
from adapters.providers.mongodb.settings import Connection, Role
from adapters.providers.mongodb.users import PARTS
from cli.server.config.providers import Provider
from domain.backends import BackendRefused, Rotatable
from domain.errors import Invalid
from tests.backends.mongodb import USER, MongoWorld, documented, running
from tests.backends.opening import opened, planned
from tests.backends.pages import provider

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def world() -> Iterator[MongoWorld]:
    with running() as started:
        yield started


@pytest.fixture
async def backend(world: MongoWorld) -> AsyncIterator[Rotatable]:
    opening = cast("Rotatable", opened(world.setup))
    yield opening
    await opening.close()


def told(world: MongoWorld, name: str) -> dict[str, Any]:
    asked = {"usersInfo": {"user": name, "db": "admin"}, "showAuthenticationRestrictions": True}
    (user,) = world.administer(asked)["users"]
    return cast("dict[str, Any]", user)


async def test_removal_stops_what_is_running(world: MongoWorld, backend: Rotatable) -> None:
    account = planned(world.setup)
    fields = (await backend.create(account)).fields
    async with AsyncMongoClient[dict[str, Any]](str(fields["dsn"]), tlsCAFile=str(world.authority)) as client:
        began = time.monotonic()
        running_on = asyncio.create_task(client["shop"]["orders"].find_one({"$where": "sleep(20000)"}))
        await asyncio.sleep(0.3)
        await backend.remove(account)
        with pytest.raises(OperationFailure) as interruption:
            await running_on
        assert interruption.value.code == 11601
        assert time.monotonic() - began < 5


async def test_a_user_tells_whose_it_is_and_until_when(world: MongoWorld, backend: Rotatable) -> None:
    account = planned(world.setup)
    await backend.create(account)
    expected = {"by": "trstctl", "tenant": "acme", "lease": account.lease_id, "subject": account.subject}
    assert told(world, account.name)["customData"] == {**expected, "expires": account.expires_at.isoformat()}
    later = msgspec.structs.replace(account, expires_at=account.expires_at + timedelta(hours=1))
    await backend.renew(later)
    assert told(world, account.name)["customData"] == {**expected, "expires": later.expires_at.isoformat()}
    await backend.remove(account)


async def test_a_user_tells_nothing_where_that_is_switched_off(world: MongoWorld) -> None:
    backend, account = opened(world.setup, connection={"custom_data": False}), planned(world.setup)
    await backend.create(account)
    await backend.renew(account)
    assert "customData" not in told(world, account.name)
    await backend.remove(account)
    await backend.close()


async def test_changes_wait_for_most_members_and_one_command_has_a_password(
    world: MongoWorld, backend: Rotatable
) -> None:
    await backend.check()
    first = len(world.server.commands)
    account = planned(world.setup)
    password = (await backend.create(account)).fields["password"]
    await backend.renew(account)
    await backend.remove(account)
    commands = world.server.commands[first:]
    changes = [each for each in commands if re.match("createUser|updateUser|dropUser|revoke", next(iter(each)))]
    assert [next(iter(each)) for each in changes] == ["createUser", "updateUser", "revokeRolesFromUser", "dropUser"]
    assert all(each["writeConcern"] == {"w": "majority"} for each in changes)
    assert [next(iter(each)) for each in commands if str(password) in str(each)] == ["createUser"]


async def test_a_second_user_has_roles_and_addresses_of_the_first_and_no_end(world: MongoWorld) -> None:
    role = documented("createRole")
    role["privileges"].append(
        {"resource": {"db": "admin", "collection": ""}, "actions": ["setAuthenticationRestriction"]}
    )
    world.administer({"createRole": "restricting", "privileges": role["privileges"], "roles": []})
    world.administer({"createUser": "restrictor", "pwd": "restricting", "roles": ["restricting"]})
    roles = [{"role": "read", "db": "shop"}, {"role": "readWrite", "db": "shop"}]
    home = [{"clientSource": ["127.0.0.1/32"]}]
    world.administer({"createUser": "standing", "pwd": "x", "roles": roles, "authenticationRestrictions": home})
    changes: dict[str, Any] = {"connection": {"username": "restrictor"}, "secret": {"password": "restricting"}}
    backend, account = cast("Rotatable", opened(world.setup, **changes)), planned(world.setup)
    await backend.create_like(account, "standing")
    user = told(world, account.name)
    assert (user["roles"], user["authenticationRestrictions"]) == (roles, home)
    assert "expires" not in user["customData"]
    for name in (account.name, "standing"):
        await backend.retire(name)
    await backend.close()


async def test_who_may_not_end_sessions_removes_the_user_and_says_so(world: MongoWorld) -> None:
    privileges = [each for each in documented("createRole")["privileges"] if "cluster" not in each["resource"]]
    world.administer({"createRole": "gentle", "privileges": privileges, "roles": []})
    world.administer({"createUser": "gentle", "pwd": "gentle", "roles": ["gentle"]})
    changes: dict[str, Any] = {"connection": {"username": "gentle"}, "secret": {"password": "gentle"}}
    backend, account = opened(world.setup, **changes), planned(world.setup)
    with pytest.raises(BackendRefused, match="killAnySession on the cluster"):
        await backend.check()
    await backend.create(account)
    with pytest.raises(BackendRefused, match="is removed; what it had running may run on"):
        await backend.remove(account)
    assert account.name not in await world.names()
    await backend.remove(account)
    await backend.close()


@pytest.mark.parametrize(
    "action", ["createUser", "dropUser", "viewUser", "changeCustomData", "grantRole", "revokeRole"]
)
async def test_check_names_the_privilege_that_is_missing(world: MongoWorld, action: str) -> None:
    privileges = documented("createRole")["privileges"]
    for privilege in privileges:
        privilege["actions"] = [each for each in privilege["actions"] if each != action]
    world.administer({"createRole": f"no-{action}", "privileges": privileges, "roles": []})
    world.administer({"createUser": f"no-{action}", "pwd": "x", "roles": [f"no-{action}"]})
    backend = opened(world.setup, connection={"username": f"no-{action}"}, secret={"password": "x"})
    with pytest.raises(BackendRefused, match=f"may not {action} on"):
        await backend.check()
    await backend.close()


async def test_a_role_of_a_database_that_we_may_not_grant_is_refused(world: MongoWorld, backend: Rotatable) -> None:
    account = planned(world.setup, settings=world.setup.other_roles["elsewhere"])
    with pytest.raises(BackendRefused, match="not authorized"):
        await backend.create(account)
    assert not await backend.present(account)


async def test_our_own_login_is_never_removed(backend: Rotatable) -> None:
    with pytest.raises(BackendRefused, match="we ourselves"):
        await backend.retire(USER)
    await backend.check()


async def test_a_certificate_of_somebody_else_is_refused(world: MongoWorld) -> None:
    backend = opened(world.setup, connection={"ca_file": ""})
    with pytest.raises(BackendRefused, match="set ca_file"):
        await backend.check()
    await backend.close()


async def test_a_file_of_authorities_that_is_not_there_is_invalid(world: MongoWorld) -> None:
    with pytest.raises(Invalid, match="no-such-file"):
        opened(world.setup, connection={"ca_file": "/no-such-file"})


def test_an_answer_that_repeats_the_password_does_not_pass_it_on() -> None:
    error = OperationFailure("x", 9, {"ok": 0, "errmsg": "cannot make {pwd: 'hunter2'}", "pwd": "hunter2"})
    assert "hunter2" not in meaning(error, "hunter2").message
    assert "cannot make" in meaning(error, "hunter2").message


@given(st.text("0123456789abcdefghijklmnopqrstuvwxyz-", max_size=27))
def test_every_name_of_ours_matches_one_pattern(rest: str) -> None:
    assert sum(bool(re.search(pattern, f"trst-{rest}")) for pattern in PARTS) == 1


@pytest.mark.parametrize(
    "settings",
    [
        {"hosts": []},
        {"hosts": ["a", "b"]},
        {"hosts": ["a/x"]},
        {"hosts": ["u:p@a"]},
        {"hosts": ["a"], "tls": False, "ca_file": "/x"},
        {"hosts": ["a"], "database": "a.b"},
    ],
)
def test_settings_that_cannot_be_are_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"username": "u", **settings}, Connection)


@pytest.mark.parametrize(
    "host, name, port",
    [
        ("db.example", "db.example", 27017),
        ("db.example:27018", "db.example", 27018),
        ("[::1]", "::1", 27017),
        ("[::1]:27018", "::1", 27018),
    ],
)
def test_a_credential_says_where_to_go(host: str, name: str, port: int) -> None:
    fields = credential(Connection(hosts=[host], username="u"), "trst-a", "secret").fields
    assert (fields["host"], fields["port"]) == (name, port)
    dsn = urlsplit(str(fields["dsn"]))
    assert (dsn.username, dsn.password, dsn.hostname) == ("trst-a", "secret", name)
    assert parse_qs(dsn.query) == {"authSource": ["admin"], "tls": ["true"], "directConnection": ["true"]}


def test_the_pages_configuration_is_one() -> None:
    configured = msgspec.convert(provider("lease-from-mongodb.md"), Provider)
    connection = msgspec.convert(configured.connection, kind("mongodb").connection)
    assert isinstance(connection, Connection)
    assert connection.username == documented("createUser")["user"]
    for role in configured.roles:
        msgspec.convert(role.settings, Role)
