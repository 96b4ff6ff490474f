"""A PostgreSQL database is brought to what the server needs, by its owner, once; and is refused until it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import psycopg
import pytest

from adapters.log.batch import Batch
from adapters.postgres.connection import APP, WRITER
from adapters.postgres.migrations import _UNFIT, migrate, require_current
from domain.errors import Misconfigured, StoreUnavailable
from domain.event import Event
from domain.ports import Record, Statement
from tests.postgres_server import PostgresServer
from tests.stores import PostgresStore, every_projection, read_event

ALL = ["0001 log", "0002 sealing", "0003 replies"] + [f"projection {each.name}" for each in every_projection()]


class Uses:
    """A read model that counts uses."""

    name: ClassVar[str] = "uses"
    tables: ClassVar[tuple[str, ...]] = ("uses",)
    concerns: ClassVar[tuple[type[Event], ...]] = (Event,)
    ddl: ClassVar[tuple[str, ...]] = (
        "CREATE TABLE IF NOT EXISTS uses (tenant TEXT PRIMARY KEY, count BIGINT NOT NULL)",
    )

    def apply(self, record: Record) -> Iterable[Statement]:
        sql = "INSERT INTO uses VALUES (?, 1) ON CONFLICT (tenant) DO UPDATE SET count = uses.count + 1"
        yield sql, (record.tenant,)


class UsesByPath(Uses):
    """The same one in a later version."""

    tables: ClassVar[tuple[str, ...]] = ("uses_by_path",)
    ddl: ClassVar[tuple[str, ...]] = (
        "CREATE TABLE IF NOT EXISTS uses_by_path (tenant TEXT, path TEXT, PRIMARY KEY (tenant, path))",
    )

    def apply(self, record: Record) -> Iterable[Statement]:
        path = getattr(record.event, "path", "")
        yield "INSERT INTO uses_by_path VALUES (?, ?) ON CONFLICT DO NOTHING", (record.tenant, path)


@pytest.fixture
def owner_dsn(postgres_server: PostgresServer, postgres_dsn: str) -> Iterator[str]:
    """A database whose owner is no superuser; the roles are there already, and the owner is a member."""
    database = postgres_dsn.rpartition("/")[2]
    migrate(postgres_server.fresh_database(), ())
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE an_owner LOGIN PASSWORD 'an_owner'")
        connection.execute(f"ALTER DATABASE {database} OWNER TO an_owner")
        connection.execute(f"GRANT {APP}, {WRITER} TO an_owner")
        yield postgres_server.dsn(database, "an_owner", "an_owner")
        connection.execute(f"ALTER DATABASE {database} OWNER TO postgres")
        connection.execute("REASSIGN OWNED BY an_owner TO postgres")
        connection.execute("DROP OWNED BY an_owner")
        connection.execute("DROP ROLE an_owner")


def test_migrate_does_each_step_once(postgres_dsn: str) -> None:
    assert migrate(postgres_dsn, every_projection()) == ALL
    assert migrate(postgres_dsn, every_projection()) == []
    require_current(postgres_dsn, every_projection())


def test_an_ordinary_owner_can_migrate_and_serve(owner_dsn: str) -> None:
    assert migrate(owner_dsn, every_projection()) == ALL
    require_current(owner_dsn, every_projection())


def test_two_who_migrate_at_once_do_not_disturb_each_other(postgres_dsn: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda _: migrate(postgres_dsn, every_projection()), range(4)))
    assert sorted(done) == [[], [], [], ALL]


def test_a_database_that_is_not_migrated_is_refused_with_the_remedy(postgres_dsn: str) -> None:
    migrate(postgres_dsn, ())
    with pytest.raises(Misconfigured, match=r"lacks projection tenants, .*run: trstctl migrate"):
        require_current(postgres_dsn, every_projection())


def test_a_database_without_anything_is_refused_with_the_remedy(postgres_server: PostgresServer) -> None:
    migrate(postgres_server.fresh_database(), ())  # the roles belong to the whole server
    with pytest.raises(Misconfigured, match=r"lacks 0001 log.*run: trstctl migrate"):
        require_current(postgres_server.fresh_database(), ())


def test_a_user_who_may_not_create_tables_is_told_what_to_do(
    postgres_server: PostgresServer, postgres_dsn: str
) -> None:
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("CREATE ROLE a_guest LOGIN PASSWORD 'a_guest'")
        guest = postgres_server.dsn(postgres_dsn.rpartition("/")[2], "a_guest", "a_guest")
        try:
            with pytest.raises(Misconfigured, match=r"use the owner of the database.*CREATE ROLE trstctl_app"):
                migrate(guest, every_projection())
        finally:
            connection.execute("DROP ROLE a_guest")
        assert connection.execute("SELECT to_regclass('events')").fetchone() == (None,)


def test_a_database_of_a_newer_version_is_refused(postgres_dsn: str) -> None:
    migrate(postgres_dsn, ())
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        connection.execute("INSERT INTO schema_migrations VALUES ('9999 later', '', '{}')")
    for refused in (migrate, require_current):
        with pytest.raises(Misconfigured, match="a newer trstctl"):
            refused(postgres_dsn, ())


def test_roles_that_may_do_more_than_they_should_are_refused(postgres_dsn: str) -> None:
    migrate(postgres_dsn, ())
    with psycopg.connect(postgres_dsn) as connection:
        # Seen by nobody else: the roles belong to the whole server. So the check is asked on this very connection.
        connection.execute(f"ALTER ROLE {APP} BYPASSRLS")
        assert connection.execute(_UNFIT, ([APP, WRITER], APP, WRITER)).fetchall() == [(APP,)]
        connection.rollback()
        connection.execute(f"GRANT {WRITER} TO {APP}")
        assert connection.execute(_UNFIT, ([APP, WRITER], APP, WRITER)).fetchall() == [(APP,)]
        connection.rollback()


def test_a_failing_step_leaves_the_database_as_it_was(postgres_dsn: str) -> None:
    class Faulty(Uses):
        ddl: ClassVar[tuple[str, ...]] = ("CREATE TABLE uses (",)

    with pytest.raises(StoreUnavailable, match="left as it was"):
        migrate(postgres_dsn, [*every_projection(), Faulty()])
    assert migrate(postgres_dsn, every_projection()) == ALL


def test_a_new_read_model_and_a_changed_one_are_filled_from_the_log(owner_dsn: str, postgres_dsn: str) -> None:
    migrate(owner_dsn, every_projection())
    store = PostgresStore(postgres_dsn)
    try:
        reads = [read_event("t1", "a"), read_event("t1", "b"), read_event("t2", "a"), *(read_event("t3", "a"),) * 600]
        Batch(store.log(), (), "node").write(reads)
        assert migrate(owner_dsn, [*every_projection(), Uses()]) == ["projection uses"]
        assert store.rows("SELECT * FROM uses ORDER BY tenant") == [("t1", 2), ("t2", 1), ("t3", 600)]
        store.change("INSERT INTO tracking VALUES ('uses', 5)")
        assert migrate(owner_dsn, [*every_projection(), UsesByPath()]) == ["projection uses"]
        assert store.rows("SELECT to_regclass('uses')") == [(None,)]
        expected = [("t1", "a"), ("t1", "b"), ("t2", "a"), ("t3", "a")]
        assert store.rows("SELECT * FROM uses_by_path ORDER BY tenant, path") == expected
        assert store.rows("SELECT position FROM tracking WHERE name = 'uses'") == [(603,)]
        require_current(owner_dsn, [*every_projection(), UsesByPath()])
    finally:
        store.close()
