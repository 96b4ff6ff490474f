"""What is PostgreSQL's own among the backends: what hangs on a role, what the server writes down, who waits."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import msgspec
import psycopg
import pytest

from adapters.crypto import self_signed_certificate
from adapters.provider_table import kind
from adapters.providers.postgresql.backend import PostgresqlBackend
from domain.backends import Backend, BackendRefused, BackendUnavailable, Bulk, Rotatable
from tests.backends import pages
from tests.backends.gate import Gate
from tests.backends.opening import opened, planned
from tests.backends.postgresql import ADMIN, DATABASE, PAGE, PostgresWorld, running

pytestmark = pytest.mark.anyio

NASTY = """o'hara"; DROP ROLE app_readonly; --\\ @example.com"""


@pytest.fixture(scope="module")
def world() -> Iterator[PostgresWorld]:
    with running() as started:
        yield started


@pytest.fixture
async def backend(world: PostgresWorld) -> AsyncIterator[Rotatable]:
    opening = opened(world.setup)
    yield cast("Rotatable", opening)
    await opening.close()


def one(world: PostgresWorld, query: str, database: str = DATABASE) -> Any:
    with world.connect(database=database) as connection:
        row = connection.execute(query.encode()).fetchone()
    return row[0] if row else None


def run(world: PostgresWorld, *statements: str, database: str = DATABASE) -> None:
    with world.connect(database=database) as connection:
        for statement in statements:
            connection.execute(statement.encode())


async def test_the_servers_log_of_statements_has_no_password(world: PostgresWorld, backend: Backend) -> None:
    run(world, "ALTER SYSTEM SET log_statement = 'all'", "SELECT pg_reload_conf()")
    await asyncio.sleep(0.2)
    account = planned(world.setup, settings=world.setup.other_roles["whole"])
    credential = await backend.create(account)
    await world.log_in(credential.fields)
    await backend.remove(account)
    run(world, "ALTER SYSTEM RESET log_statement", "SELECT pg_reload_conf()")
    log = (world.server.folder / "server.log").read_text()
    assert account.name in log
    assert "SCRAM-SHA-256$4096:" in log
    assert str(credential.fields["password"]) not in log


async def test_a_comment_leads_back_to_lease_and_subject_whatever_they_are(
    world: PostgresWorld, backend: Backend
) -> None:
    account = msgspec.structs.replace(planned(world.setup), subject=NASTY)
    await backend.create(account)
    comment = one(world, f"SELECT shobj_description('\"{account.name}\"'::regrole::oid, 'pg_authid')")
    assert comment == f"trstctl: lease {account.lease_id} of {NASTY}, tenant acme, role read"
    await backend.remove(account)


async def test_an_account_with_objects_and_grants_in_two_databases_is_removed_and_they_stay(
    world: PostgresWorld, backend: Backend
) -> None:
    other = world.server.fresh_database()
    account = planned(world.setup, settings=world.setup.other_roles["granted"])
    await backend.create(account)
    for database in (DATABASE, other.rpartition("/")[2]):
        run(
            world,
            f"GRANT CREATE ON DATABASE {database} TO {ADMIN}",
            f'CREATE SCHEMA theirs AUTHORIZATION "{account.name}"',
            f'SET SESSION AUTHORIZATION "{account.name}"; CREATE TABLE theirs.kept AS SELECT 1 AS x;'
            f" ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO app_readonly",
            database=database,
        )
    await backend.remove(account)
    assert not await backend.present(account)
    for database in (DATABASE, other.rpartition("/")[2]):
        assert one(world, "SELECT x FROM theirs.kept", database) == 1
        assert one(world, "SELECT tableowner FROM pg_tables WHERE tablename = 'kept'", database) == ADMIN
    run(world, "DROP SCHEMA theirs CASCADE")
    world.server.drop_database(other)


async def test_of_many_ended_together_one_that_owns_something_is_removed_and_what_it_owned_stays(
    world: PostgresWorld, backend: Backend
) -> None:
    accounts = [planned(world.setup) for _ in range(3)]
    for account in accounts:
        await backend.create(account)
    run(world, "CREATE TABLE made (x INT)", f'ALTER TABLE made OWNER TO "{accounts[1].name}"')
    await cast("Bulk", backend).remove_all(accounts)
    assert not {account.name for account in accounts} & await world.names()
    assert one(world, "SELECT tableowner FROM pg_tables WHERE tablename = 'made'") == ADMIN
    run(world, "DROP TABLE made")


async def test_many_ended_together_each_have_what_their_role_wants_done_first(
    world: PostgresWorld, backend: Backend
) -> None:
    run(world, "CREATE TABLE ended (name TEXT)", f"GRANT INSERT ON ended TO {ADMIN}")
    settings = {"revocation_statements": ["INSERT INTO ended VALUES ('{{name}}')"]}
    accounts = [planned(world.setup, settings=settings) for _ in range(3)]
    for account in accounts:
        await backend.create(account)
    await asyncio.gather(*(cast("Bulk", backend).remove_all(accounts) for _ in range(3)), return_exceptions=True)
    assert not {account.name for account in accounts} & await world.names()
    with world.connect() as connection:
        assert {name for (name,) in connection.execute("SELECT name FROM ended")} == {each.name for each in accounts}
    run(world, "DROP TABLE ended")


async def test_objects_go_to_the_owner_that_the_role_names(world: PostgresWorld, backend: Backend) -> None:
    run(world, pages.sql(PAGE, "How an account ends"))
    account = planned(world.setup, settings={"owner": "app_owner"})
    await backend.create(account)
    run(world, f'CREATE TABLE made (x INT); ALTER TABLE made OWNER TO "{account.name}"')
    await backend.remove(account)
    assert one(world, "SELECT tableowner FROM pg_tables WHERE tablename = 'made'") == "app_owner"
    run(world, "DROP TABLE made")


async def test_many_grants_on_one_table_at_once_all_succeed(world: PostgresWorld) -> None:
    backend = opened(world.setup, limit=8, timeout=30)
    accounts = [planned(world.setup, settings=world.setup.other_roles["granted"]) for _ in range(40)]
    try:
        credentials = await asyncio.gather(*map(backend.create, accounts))
        await world.log_in(credentials[-1].fields)
        await asyncio.gather(*map(backend.remove, accounts))
    finally:
        await backend.close()
    assert not {account.name for account in accounts} & await world.names()


async def test_removal_ends_nobody_elses_session(world: PostgresWorld, backend: Backend) -> None:
    first, second = planned(world.setup), planned(world.setup)
    credentials = [await backend.create(account) for account in (first, second)]
    theirs = await world.session(credentials[1].fields)
    await backend.remove(first)
    assert await theirs()
    await backend.remove(second)
    assert not await theirs()


async def test_a_session_with_a_temporary_table_does_not_keep_the_account(
    world: PostgresWorld, backend: Backend
) -> None:
    account = planned(world.setup)
    credential = await backend.create(account)
    with world.connect(credential.fields) as connection:
        connection.execute("CREATE TEMPORARY TABLE scratch (x INT)")
        await backend.remove(account)
    assert account.name not in await world.names()


async def test_a_creation_that_arrives_after_it_was_given_up_changes_nothing(world: PostgresWorld) -> None:
    hurried, account = opened(world.setup, timeout=1.0), planned(world.setup)
    try:
        await hurried.check()
        world.freeze()
        with pytest.raises(BackendUnavailable):
            await hurried.create(account)
        await asyncio.sleep(0.2)
        assert isinstance(hurried, PostgresqlBackend)
        assert not hurried._connections._leaving, "nothing of ours waits for a server that hangs"
    finally:
        world.thaw()
        await hurried.close()
    await asyncio.sleep(1)
    assert account.name not in await world.names()


async def test_the_account_we_log_in_with_is_not_removed(backend: Rotatable) -> None:
    with pytest.raises(BackendRefused, match="by which we make all others"):
        await backend.retire(ADMIN)


async def test_a_rotated_login_owns_what_the_old_owned_and_has_its_settings(
    world: PostgresWorld, backend: Rotatable
) -> None:
    fields = await world.standing()
    old = str(fields["username"])
    run(
        world,
        f'CREATE SCHEMA "{old}" AUTHORIZATION {old}; GRANT SELECT ON payroll TO {old}',
        f"SET SESSION AUTHORIZATION {old}; CREATE TABLE mine (x INT); RESET SESSION AUTHORIZATION",
        f'ALTER ROLE {old} SET search_path = "$user", "odd, \'name", public',
        f"ALTER ROLE {old} IN DATABASE {DATABASE} SET app.tenant = 'a=b''c'",
        f"ALTER ROLE {old} CONNECTION LIMIT 7",
        f"GRANT SET ON PARAMETER app.tenant TO {ADMIN}",
    )
    first = planned(world.setup)
    credential = await backend.create_like(first, old)
    await backend.retire(old)
    with world.connect(credential.fields) as connection:
        for reset in ("SELECT 1", "DISCARD ALL"):
            connection.execute(reset.encode())
            asked = "SELECT current_user, session_user, current_setting('search_path'), current_setting('app.tenant')"
            assert connection.execute(asked.encode()).fetchone() == (
                old, first.name, "\"$user\", \"odd, 'name\", public", "a=b'c",
            )  # fmt: skip
        connection.execute("INSERT INTO mine VALUES (1); ALTER TABLE mine ADD COLUMN y INT; SELECT * FROM payroll")
        connection.execute("CREATE TABLE later (x INT)")
        connection.execute(f'RESET role; SET role = "{first.name}"; CREATE TEMPORARY TABLE t (x INT)'.encode())
    run(world, f'CREATE TABLE odd (x INT); ALTER TABLE odd OWNER TO "{first.name}"')
    second = planned(world.setup)
    credential = await backend.create_like(second, first.name)
    await backend.retire(first.name)
    assert first.name not in await world.names()
    assert one(world, f"SELECT rolconnlimit FROM pg_roles WHERE rolname = '{second.name}'") == 7
    with world.connect(credential.fields) as connection:
        connection.execute("INSERT INTO mine VALUES (2); DROP TABLE later; DROP TABLE odd; SELECT * FROM payroll")
        assert connection.execute("SELECT current_user").fetchone() == (old,)
    assert one(world, f"SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = '{old}'")
    await backend.remove(second)
    assert second.name not in await world.names()


def test_the_page_configures_what_the_kind_takes() -> None:
    configured = pages.provider(PAGE)
    msgspec.convert(configured["connection"], kind(configured["kind"]).connection)


@pytest.mark.parametrize(
    "settings",
    [
        {"creation_statements": ["GRANT a TO {{nobody}}"]},
        {"renewal_statements": ["ALTER ROLE {{name}} PASSWORD {{password}}"]},
        {"creation_statements": ["CREATE ROLE mine PASSWORD {{password}}"]},
        {"revocation_statements": ["COMMIT"]},
    ],
)
def test_statements_that_cannot_be_are_refused_with_the_configuration(settings: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(settings, kind("postgresql").role)


def test_the_dsn_is_percent_encoded(world: PostgresWorld) -> None:
    odd = {"host": "::1", "database": "a/b c", "username": "x"}
    backend = opened(world.setup, connection=odd)
    assert isinstance(backend, PostgresqlBackend)
    dsn = str(backend._credential(planned(world.setup), "pass").fields["dsn"])
    assert psycopg.conninfo.conninfo_to_dict(dsn)["dbname"] == "a/b c"
    assert psycopg.conninfo.conninfo_to_dict(dsn)["host"] == "::1"


async def test_a_server_without_tls_is_not_spoken_to_where_tls_is_asked_for(world: PostgresWorld) -> None:
    backend = opened(world.setup, connection={"sslmode": "verify-full"})
    with pytest.raises(BackendUnavailable, match="SSL"):
        await backend.check()


async def test_a_certificate_is_verified_by_authority_and_name(world: PostgresWorld, tmp_path: Path) -> None:
    certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 1)
    for name, content in (("server.crt", certificate), ("server.key", key)):
        file = world.server.folder / "data" / name
        file.write_bytes(content)
        file.chmod(0o600)
        shutil.chown(file, file.parent.owner())
    run(world, "ALTER SYSTEM SET ssl = on", "SELECT pg_reload_conf()")
    await asyncio.sleep(0.3)
    authority = tmp_path / "ca.pem"
    authority.write_bytes(certificate)
    trusted = {"host": "localhost", "sslmode": "verify-full", "ca_file": str(authority)}
    backend = opened(world.setup, connection=trusted)
    await backend.check()
    await backend.close()
    elsewhere = Gate(world.server.port, "127.0.0.2")
    for wrong in ({**trusted, "ca_file": ""}, {**trusted, "host": "127.0.0.2", "port": elsewhere.port}):
        backend = opened(world.setup, connection=wrong)
        with pytest.raises(BackendRefused, match="certificate"):
            await backend.check()
        await backend.close()
    run(world, "ALTER SYSTEM RESET ssl", "SELECT pg_reload_conf()")
