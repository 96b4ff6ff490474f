"""What is MariaDB's own among the backends: half-made accounts, what the server writes down, who runs in whose name."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import pymysql
import pytest

from adapters.crypto import self_signed_certificate
from adapters.provider_table import kind
from adapters.providers.mysql.backend import MysqlBackend
from adapters.providers.mysql.calls import Call
from domain.backends import Backend, BackendRefused, BackendUnavailable, Rotatable
from tests.backends import pages
from tests.backends.gate import Gate
from tests.backends.mysql import ADMIN, LEASING, PAGE, MysqlWorld, running
from tests.backends.opening import opened, planned
from tests.mariadb_server import running_mariadb

pytestmark = pytest.mark.anyio

_TLS = ("--ssl-cert={folder}/tls.crt", "--ssl-key={folder}/tls.key")


@pytest.fixture(scope="module")
def world() -> Iterator[MysqlWorld]:
    with running() as started:
        yield started


@pytest.fixture
async def backend(world: MysqlWorld) -> AsyncIterator[Rotatable]:
    opening = opened(world.setup)
    yield cast("Rotatable", opening)
    await opening.close()


def log_in(world: MysqlWorld, fields: dict[str, str | int], statement: str) -> list[Any]:
    return world.run(statement, user=fields["username"], password=fields["password"])


async def test_the_servers_log_of_statements_has_no_password(world: MysqlWorld, backend: Backend) -> None:
    log = world.server.folder / "data" / "general.log"
    world.run("SET GLOBAL general_log_file = 'general.log'", "SET GLOBAL general_log = ON")
    account = planned(world.setup)
    credential = await backend.create(account)
    await backend.remove(account)
    world.run("SET GLOBAL general_log = OFF")
    text = log.read_text(errors="replace")
    assert f"CREATE USER ''{account.name}''" in text
    assert str(credential.fields["password"]) not in text


async def test_a_half_made_account_is_locked(world: MysqlWorld, backend: Backend) -> None:
    account = planned(world.setup, settings=world.setup.breaking_role)
    with pytest.raises(BackendRefused, match="1044"):
        await backend.create(account)
    assert "ACCOUNT LOCK" in world.run(f"SHOW CREATE USER '{account.name}'@'%'")[0][0]
    await backend.remove(account)


async def test_leasing_needs_no_more_than_its_part_of_the_page(world: MysqlWorld) -> None:
    password = secrets.token_hex(16)
    world.prepare("leasing_only", password, *LEASING)
    backend = opened(world.setup, connection={"username": "leasing_only"}, secret={"password": password})
    account = planned(world.setup)
    await backend.check()
    credential = await backend.create(account)
    still_open = await world.session(credential.fields)
    await backend.renew(account)
    await backend.remove(account)
    assert not await still_open()
    assert not await backend.present(account)
    await backend.close()


async def test_removal_ends_nobody_elses_session(world: MysqlWorld, backend: Backend) -> None:
    first, second = planned(world.setup), planned(world.setup)
    credentials = [await backend.create(account) for account in (first, second)]
    theirs = await world.session(credentials[1].fields)
    await backend.remove(first)
    assert await theirs()
    await backend.remove(second)
    assert not await theirs()


async def test_a_session_whose_account_is_gone_is_still_there_and_ended(world: MysqlWorld, backend: Backend) -> None:
    account = planned(world.setup)
    credential = await backend.create(account)
    still_open = await world.session(credential.fields)
    world.run(f"DROP USER '{account.name}'@'%'")
    assert await backend.present(account)
    await backend.remove(account)
    assert not await still_open()
    assert not await backend.present(account)


async def test_options_of_a_role_hold(world: MysqlWorld, backend: Backend) -> None:
    account = planned(world.setup, settings={"max_user_connections": 1, "host": "127.%"})
    credential = await backend.create(account)
    still_open = await world.session(credential.fields)
    with pytest.raises(pymysql.MySQLError, match="max_user_connections"):
        log_in(world, credential.fields, "SELECT 1")
    assert await still_open()
    await backend.remove(account)
    account = planned(world.setup, settings={"require_tls": True})
    credential = await backend.create(account)
    with pytest.raises(pymysql.MySQLError, match="Access denied"):
        log_in(world, credential.fields, "SELECT 1")
    await backend.remove(account)


async def test_a_creation_that_arrives_after_it_was_given_up_changes_nothing(world: MysqlWorld) -> None:
    hurried, account = opened(world.setup, timeout=1.0), planned(world.setup)
    try:
        await hurried.check()
        world.freeze()
        with pytest.raises(BackendUnavailable):
            await hurried.create(account)
    finally:
        world.thaw()
        await hurried.close()
    await asyncio.sleep(1)
    assert account.name not in await world.names()


async def test_a_cancelled_creation_leaves_no_thread_waiting_for_a_server_that_hangs(
    world: MysqlWorld, backend: Backend
) -> None:
    assert isinstance(backend, MysqlBackend)
    await backend.check()
    account = planned(world.setup)
    world.freeze()
    try:
        task = asyncio.create_task(backend.create(account))
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert backend._making[account.name].is_over(0.5)
    finally:
        world.thaw()
    await backend.remove(account)


async def test_the_account_we_log_in_with_is_not_removed(backend: Rotatable) -> None:
    with pytest.raises(BackendRefused, match="by which we make all others"):
        await backend.retire(ADMIN)


async def test_a_rotated_login_has_grants_roles_demands_and_limits_at_every_host(
    world: MysqlWorld, backend: Rotatable
) -> None:
    fields = await world.standing()
    old = str(fields["username"])
    world.run(
        "CREATE OR REPLACE ROLE readers",
        "GRANT SELECT ON payroll.* TO readers",
        f"GRANT readers TO {ADMIN}@'%' WITH ADMIN OPTION",
        f"GRANT INSERT (id), UPDATE (customer) ON app.orders TO {ADMIN}@'%' WITH GRANT OPTION",
        f"GRANT INSERT (id), UPDATE (customer) ON app.orders TO {old}@'%'",
        f"GRANT SELECT ON app.* TO {old}@'%' WITH GRANT OPTION",
        f"GRANT readers TO {old}@'%'",
        f"SET DEFAULT ROLE readers FOR {old}@'%'",
        f"ALTER USER {old}@'%' WITH MAX_USER_CONNECTIONS 3 MAX_QUERIES_PER_HOUR 1000",
        f"CREATE USER {old}@'10.0.0.1' IDENTIFIED BY 'other' REQUIRE SUBJECT '/CN=a WITH b' AND ISSUER '/CN=ca'",
    )
    account = planned(world.setup)
    credential = await backend.create_like(account, old)
    await backend.retire(old)
    assert old not in await world.names()
    assert log_in(world, credential.fields, "SELECT count(*) FROM payroll.salaries") == [(0,)]
    log_in(world, credential.fields, "UPDATE app.orders SET customer = 'Ada' WHERE id = 1")
    shown = world.run(f"SHOW CREATE USER '{account.name}'@'%'")[0][0]
    assert "MAX_QUERIES_PER_HOUR 1000" in shown
    assert "MAX_USER_CONNECTIONS 3" in shown
    assert "ISSUER '/CN=ca'" in world.run(f"SHOW CREATE USER '{account.name}'@'10.0.0.1'")[0][0]
    assert any("WITH GRANT OPTION" in line for (line,) in world.run(f"SHOW GRANTS FOR '{account.name}'@'%'"))
    await backend.retire(account.name)
    assert account.name not in await world.names()


async def test_an_account_in_whose_name_a_view_runs_stays_locked_when_it_is_retired(
    world: MysqlWorld, backend: Rotatable
) -> None:
    fields = await world.standing()
    old = str(fields["username"])
    world.run(f"CREATE DEFINER = {old}@'%' VIEW app.customers AS SELECT customer FROM app.orders")
    world.run(f"GRANT SHOW VIEW ON app.* TO {ADMIN}@'%'")
    account = planned(world.setup)
    credential = await backend.create_like(account, old)
    await backend.retire(old)
    assert not await backend.exists(old)
    with pytest.raises(pymysql.MySQLError):
        log_in(world, fields, "SELECT 1")
    assert log_in(world, credential.fields, "SELECT customer FROM app.customers") == [("Ada",)]
    world.run(f"ALTER USER {old}@'%' ACCOUNT UNLOCK")
    with pytest.raises(pymysql.MySQLError):
        log_in(world, fields, "SELECT 1")
    world.run("DROP VIEW app.customers")
    await backend.remove(account)


async def test_a_removal_waits_for_a_creation_that_nobody_waits_for_any_more(world: MysqlWorld) -> None:
    backend, accounts = opened(world.setup, limit=8), [planned(world.setup) for _ in range(40)]
    for number, account in enumerate(accounts):
        task = asyncio.create_task(backend.create(account))
        await asyncio.sleep(0.0005 * (number % 12))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await backend.remove(account)
        assert account.name not in await world.names()
    await asyncio.sleep(0.5)
    assert not {account.name for account in accounts} & await world.names()
    await backend.close()


async def test_an_account_that_is_still_being_made_is_not_called_removed(world: MysqlWorld) -> None:
    backend, account, call = opened(world.setup, timeout=1.0), planned(world.setup), Call()
    assert isinstance(backend, MysqlBackend)
    backend._making[account.name] = call
    call.begin()
    for _ in range(2):
        with pytest.raises(BackendUnavailable, match="still being made"):
            await backend.remove(account)
    call.end()
    await backend.remove(account)
    await backend.close()


def test_the_page_configures_what_the_kind_takes() -> None:
    configured = pages.provider(PAGE)
    msgspec.convert(configured["connection"], kind(configured["kind"]).connection)


@pytest.mark.parametrize(
    "settings",
    [
        {"creation_statements": ["GRANT a TO {{nobody}}"]},
        {"creation_statements": ["GRANT a TO {{password}}"]},
        {"revocation_statements": ['SELECT "for {{name}}"']},
        {"revocation_statements": ["ROLLBACK"]},
    ],
)
def test_statements_that_cannot_be_are_refused_with_the_configuration(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, kind("mysql").role)


async def test_a_server_without_tls_is_not_spoken_to_where_tls_is_asked_for(world: MysqlWorld) -> None:
    for wanted in ("require", "verify-full"):
        backend = opened(world.setup, connection={"tls": wanted})
        with pytest.raises(BackendUnavailable, match="SSL"):
            await backend.check()
        await backend.close()


async def test_a_certificate_is_verified_by_authority_and_name(tmp_path: Path) -> None:
    certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 1)
    with running_mariadb(files={"tls.crt": certificate, "tls.key": bytes(key)}, settings=_TLS) as server:
        world = MysqlWorld(server, Gate(server.port), secrets.token_hex(8), "")
        world.run("CREATE DATABASE app")
        world.prepare(ADMIN, world.setup.secrets["password"], *LEASING)
        authority = tmp_path / "ca.pem"
        authority.write_bytes(certificate)
        trusted = {"host": "localhost", "tls": "verify-full", "ca_file": str(authority)}
        backend = opened(world.setup, connection=trusted)
        await backend.check()
        await backend.close()
        elsewhere = Gate(server.port, "127.0.0.2")
        for wrong in ({**trusted, "ca_file": ""}, {**trusted, "host": "127.0.0.2", "port": elsewhere.port}):
            backend = opened(world.setup, connection=wrong)
            with pytest.raises(BackendUnavailable, match="certificate"):
                await backend.check()
            await backend.close()
