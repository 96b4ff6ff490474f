"""On PostgreSQL the database itself keeps tenants apart and the log as it is, also where our SQL forgets to."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from adapters.log.batch import Batch
from adapters.postgres.connection import APP, WRITER, with_password
from adapters.postgres.reader import PostgresReader
from domain.acl_policy import AclPolicyWritten
from domain.api_token import ApiTokenIssued
from domain.approval_events import ApprovalRequested
from domain.cubbyhole import CubbyholeWritten
from domain.errors import Misconfigured, StoreUnavailable
from domain.kv_config import KvMountConfigured
from domain.lease import LeaseRequested
from domain.logins.method import LoginMethodConfigured
from domain.logins.role import LoginRoleConfigured
from domain.logins.secret_id import SecretIdIssued
from domain.mount import MountEnabled
from domain.ports import Statement
from domain.provider import ProviderConfigured, RoleConfigured
from domain.rotation import RotationStarted
from domain.rotation_schedule import ScheduleSet
from domain.secret import VersionWritten
from domain.secret_events import SettingsChanged, VersionsExpiring
from domain.share import ShareCreated, ShareViewed
from domain.static_role import StaticRoleConfigured
from domain.tenant import TenantCreated
from domain.token_role import TokenRoleConfigured
from domain.transit.events import TransitKeyCreated
from domain.wrapping import WrappingCreated
from tests.postgres_server import PostgresServer
from tests.stores import PostgresStore, append, deletion, every_projection, read_event

pytestmark = pytest.mark.anyio

READ = (
    "events", "sealed_values", "sealed_keys", "tenant_keys", "idempotency", "tenants", "api_tokens", "secrets",
    "token_terms", "secret_versions", "secret_lives", "version_ends", "secret_settings", "kv_mounts",
    "secret_references", "audit_events", "audit_paths", "approvals", "due_work", "shares", "share_views", "providers",
    "provider_roles", "provider_notes", "leases", "rotations", "rotation_schedules", "transit_keys",
    "transit_key_versions", "vault_generations", "acl_policies", "mounts", "login_methods", "login_roles",
    "login_secret_ids", "wrappings", "cubbyholes", "token_roles", "static_roles",
)  # fmt: skip
"""Every table in which tenants have rows that a tenant's read may see."""


def tenant_tables(store: PostgresStore) -> set[str]:
    rows = store.rows(
        "SELECT table_name FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'tenant'"
    )
    return {name for (name,) in rows}


def fill(store: PostgresStore, tenant: str) -> None:
    """A row of `tenant` in every table."""
    at = datetime.now(UTC)
    stream = deletion().originator_id
    events = (
        TenantCreated(
            originator_id=stream, originator_version=1, timestamp=at, originator_topic="tenant", name=tenant, title=""
        ),
        VersionWritten(
            originator_id=stream, originator_version=2, timestamp=at, path="app/db", number=1, seal_id=tenant,
            seal_digest="0" * 64, content_type="text/plain", metadata={}, references=["app/other"], cause="create",
        ),
        ApiTokenIssued(
            originator_id=stream, originator_version=3, timestamp=at, originator_topic="api_token", token_id="id",
            subject="ci", scopes=["*"], expires_at=None, parent=None, hash=tenant, terms="{}",
        ),
        ApprovalRequested(
            originator_id=stream, originator_version=4, timestamp=at, originator_topic="approval", approval_id="id",
            path="app/db", action="rotate", base=1, lives=True, numbers=[], everything=False, recovered_from=None,
            content_type=None, metadata={}, digest="0" * 64, seal_id=f"{tenant}-key", seal_digest="0" * 64,
            lineage=["ci"], needed=1, approvers=[], expires_at=at, number=1,
        ),
        ShareCreated(
            originator_id=stream, originator_version=5, timestamp=at, originator_topic="share", share_id="id",
            subject="ci", hash=tenant, seal_id=tenant, seal_digest="0" * 64, expires_at=at, max_views=2, guarded=False,
            max_tries=5, note="",
        ),
        ShareViewed(
            originator_id=stream, originator_version=6, timestamp=at, share_id="id", number=1, remaining=1, address="",
            agent="",
        ),
        ProviderConfigured(
            originator_id=stream, originator_version=7, timestamp=at, name="db", kind="redis", connection="{}",
            number=1, seal_id=f"{tenant}-provider", seal_digest="0" * 64, note="{}",
        ),
        RoleConfigured(
            originator_id=stream, originator_version=8, timestamp=at, name="db", role="r", default_ttl_seconds=1,
            max_ttl_seconds=1, settings="{}",
        ),
        LeaseRequested(
            originator_id=stream, originator_version=9, timestamp=at, originator_topic="lease", lease_id="id",
            provider="db", kind="redis", destination=f"{tenant}/db", role="r", settings="{}", subject="ci",
            token_id="id", account="trst-r", expires_at=at, max_expires_at=at, give_up_at=at,
        ),
        RotationStarted(
            originator_id=stream, originator_version=10, timestamp=at, originator_topic="rotation", rotation_id="id",
            provider="db", kind="redis", destination=f"{tenant}/db", key="app/db", old_ref="old", account="rot-r",
            grace_seconds=0, schedule_id="", subject="ci", go_on_at=at,
        ),
        ScheduleSet(
            originator_id=stream, originator_version=11, timestamp=at, schedule_id="id", name="n", provider="db",
            key="app/db", timetable="{}", grace_seconds=0, enabled=True, next_run_at=at,
        ),
        KvMountConfigured(
            originator_id=deletion().originator_id, originator_version=1, timestamp=at, accessor="kv_1",
            max_versions=0, cas_required=False, delete_after_seconds=0,
        ),
        SettingsChanged(originator_id=stream, originator_version=12, timestamp=at, path="app/db", max_versions=3),
        VersionsExpiring(
            originator_id=stream, originator_version=13, timestamp=at, path="app/db", numbers=[1], expires_at=at
        ),
        LoginMethodConfigured(
            originator_id=stream, originator_version=14, timestamp=at, mount="jwt/", accessor="jwt_1", method="jwt",
            settings="{}", number=1, seal_id=f"{tenant}-method", seal_digest="0" * 64,
        ),
        LoginRoleConfigured(
            originator_id=stream, originator_version=15, timestamp=at, mount="jwt/", accessor="jwt_1", method="jwt",
            role="ci", settings="{}", number=1, seal_id=f"{tenant}-role", seal_digest="0" * 64,
        ),
        SecretIdIssued(
            originator_id=stream, originator_version=16, timestamp=at, originator_topic="login_secret_id",
            mount="approle/", accessor="approle_1", role="ci", handle="id", hash=tenant, max_uses=1, ttl_seconds=0,
            expires_at=None, metadata={}, cidrs=[], token_cidrs=[],
        ),
        WrappingCreated(
            originator_id=stream, originator_version=17, timestamp=at, originator_topic="wrapping", wrapping_id="id",
            hash=tenant, creation_path="sys/wrapping/wrap", holds="", ttl_seconds=1, expires_at=at,
            seal_id=f"{tenant}-wrapping", seal_digest="0" * 64,
        ),
        AclPolicyWritten(
            originator_id=deletion().originator_id, originator_version=1, timestamp=at, name="app", text="", rules="[]",
        ),
        MountEnabled(
            originator_id=deletion().originator_id, originator_version=1, timestamp=at, path="kv/", kind="kv",
            accessor="kv_1", description="", options={}, default_ttl_seconds=0, max_ttl_seconds=0,
        ),
        CubbyholeWritten(
            originator_id=stream, originator_version=18, timestamp=at, token_id="id", path="a", number=1,
            seal_id=f"{tenant}-cubbyhole", seal_digest="0" * 64,
        ),
        TransitKeyCreated(
            originator_id=deletion().originator_id, originator_version=1, timestamp=at, originator_topic="transit_key",
            key="orders", key_type="aes256-gcm96", derived=False, convergent=False, size=0, exportable=False,
            plaintext_backup=False, auto_rotate_seconds=0, next_rotation_at=None, number=1, seal_id=f"{tenant}-transit",
            seal_digest="0" * 64, public="",
        ),
        TokenRoleConfigured(originator_id=stream, originator_version=19, timestamp=at, role="r", settings="{}"),
        StaticRoleConfigured(
            originator_id=stream, originator_version=20, timestamp=at, role="database/r", provider="db",
            destination="", account="a", timetable="{}", note="{}", next_run_at=at,
        ),
    )  # fmt: skip
    statements: list[Statement] = [
        ("INSERT INTO sealed_values VALUES (?, ?, ?)", (tenant, tenant, b"")),
        ("INSERT INTO sealed_keys VALUES (?, ?, ?, ?)", (tenant, tenant, "", b"")),
        ("INSERT INTO tenant_keys VALUES (?, ?, ?, ?, ?)", (tenant, tenant, "", b"", "")),
        ("INSERT INTO signing_key VALUES (?, ?, ?, ?, ?)", (tenant, tenant, b"", "", b"")),
        ("INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)", (tenant, "ci", "key", "", 200, "", "")),
    ]
    writing = Batch(store.log(), every_projection(), "node")
    outcomes, _ = writing.write([append(*events, tenant=tenant, statements=statements), read_event(tenant)])
    assert all(isinstance(outcome, int) for outcome in outcomes)


@pytest.fixture
def store(postgres_dsn: str, ordinary: str) -> Iterator[PostgresStore]:
    """Two tenants, each with a row in every table."""
    opened = PostgresStore(postgres_dsn)
    opened.change(f"GRANT {APP}, {WRITER} TO ordinary")
    fill(opened, "t1")
    fill(opened, "t2")
    yield opened
    opened.close()


@pytest.fixture
def ordinary(postgres_server: PostgresServer, postgres_dsn: str) -> str:
    """The same database for a user that may log in and is a member of the two roles, and nothing else."""
    with psycopg.connect(postgres_dsn, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'ordinary'").fetchone():
            connection.execute("CREATE ROLE ordinary LOGIN PASSWORD 'ordinary'")
    return postgres_server.dsn(postgres_dsn.rpartition("/")[2], "ordinary", "ordinary")


@pytest.fixture(params=["ordinary", "superuser"])
async def reader(request: pytest.FixtureRequest, store: PostgresStore, ordinary: str) -> AsyncIterator[PostgresReader]:
    opened = PostgresReader(ordinary if request.param == "ordinary" else store.dsn)
    yield opened
    await opened.close()


def test_every_table_with_a_tenant_is_under_forced_row_level_security(store: PostgresStore) -> None:
    assert tenant_tables(store) == {*READ, "signing_key"}
    forced = store.rows("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
    assert {name for (name,) in forced} == tenant_tables(store)


async def test_a_read_without_its_where_sees_only_its_tenants_rows(reader: PostgresReader) -> None:
    for tenant, table in itertools.product(("t1", "t2"), READ):
        rows = await reader.rows(tenant, f"SELECT tenant FROM {table}")
        assert {name for (name,) in rows} == {tenant}
        streamed = reader.stream(tenant, f"SELECT tenant FROM {table}")
        assert {name async for (name,) in streamed} == {tenant}
        row = await reader.row(tenant, f"SELECT count(*) FROM {table} WHERE tenant <> ?", (tenant,))
        assert row == (0,)


async def test_no_tenant_and_an_unknown_one_see_nothing(reader: PostgresReader) -> None:
    for tenant, table in itertools.product(("", "nobody"), READ):
        assert await reader.rows(tenant, f"SELECT tenant FROM {table}") == []


async def test_what_one_read_was_for_is_forgotten_before_the_next(store: PostgresStore) -> None:
    reader = PostgresReader(store.dsn, connections=1)
    try:
        for tenant in ("t1", "t2", "", "t1", "t3", "t2"):
            rows = await reader.rows(tenant, "SELECT DISTINCT tenant FROM events")
            assert rows == ([(tenant,)] if tenant in {"t1", "t2"} else [])
            with pytest.raises(StoreUnavailable):
                await reader.rows(tenant, "SELECT 1/0")
            setting = await reader.rows("t9", "SELECT current_setting('trstctl.tenant', true)")
            assert setting == [("t9",)]
    finally:
        await reader.close()


async def test_a_system_read_sees_all_tenants(reader: PostgresReader) -> None:
    rows = await reader.system_rows("SELECT DISTINCT tenant FROM events ORDER BY tenant")
    assert rows == [("t1",), ("t2",)]
    streamed = reader.stream(None, "SELECT DISTINCT tenant FROM sealed_values ORDER BY tenant")
    assert [row async for row in streamed] == rows


async def test_a_tenant_cannot_read_what_belongs_to_none(reader: PostgresReader) -> None:
    for table in ("signing_key", "tracking", "schema_migrations"):
        with pytest.raises(StoreUnavailable, match="permission denied"):
            await reader.rows("t1", f"SELECT * FROM {table}")


def test_the_apps_role_writes_nothing(store: PostgresStore, ordinary: str) -> None:
    for verb, table in itertools.product(
        ("INSERT INTO", "DELETE FROM", "TRUNCATE"), (*READ, "signing_key", "tracking")
    ):
        what = "DEFAULT VALUES" if verb.startswith("INSERT") else ""
        refused_as(ordinary, APP, f"{verb} {table} {what}")


def test_the_writers_role_cannot_change_or_remove_an_event(store: PostgresStore, ordinary: str) -> None:
    for statement in (
        "UPDATE events SET actor = 'x'",
        "UPDATE events SET actor = 'x' WHERE false",
        "DELETE FROM events",
        "TRUNCATE events",
        "ALTER TABLE events DISABLE TRIGGER ALL",
        "ALTER TABLE events DISABLE ROW LEVEL SECURITY",
        "DROP TABLE events",
        "UPDATE sealed_values SET sealed = ''",
        "TRUNCATE sealed_values",
    ):
        refused_as(ordinary, WRITER, statement)


def test_a_superuser_who_calls_itself_a_replica_cannot_either(store: PostgresStore) -> None:
    store.change("SET session_replication_role = replica")
    for statement in ("UPDATE events SET actor = 'x'", "DELETE FROM events", "TRUNCATE events"):
        with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            store.change(statement)


def test_the_roles_own_nothing_and_nobody_logs_in_as_them(store: PostgresStore) -> None:
    roles = f"SELECT oid FROM pg_roles WHERE rolname IN ('{APP}', '{WRITER}')"
    assert store.rows(f"SELECT 1 FROM pg_class WHERE relowner IN ({roles})") == []
    flags = f"SELECT rolcanlogin, rolsuper, rolbypassrls, rolcreaterole FROM pg_roles WHERE oid IN ({roles})"
    assert store.rows(flags) == [(False, False, False, False)] * 2


async def test_a_user_who_is_no_member_is_told_what_to_do(store: PostgresStore, ordinary: str) -> None:
    store.change(f"REVOKE {APP}, {WRITER} FROM ordinary")
    refused = pytest.raises(Misconfigured, match=f"cannot act as {WRITER}.*trstctl migrate")
    with refused, store.log(ordinary).transaction():
        pass


def test_a_password_kept_elsewhere_takes_its_place_in_the_address(ordinary: str) -> None:
    bare = ordinary.replace(":ordinary@", "@")
    assert bare != ordinary
    with psycopg.connect(with_password(bare, "ordinary")) as connection:
        assert connection.info.user == "ordinary"


def refused_as(dsn: str, role: str, statement: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(f"SET ROLE {role}")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement)
