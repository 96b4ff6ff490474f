"""What is in the database besides the read models, as numbered steps, and who may do what to which table."""

from __future__ import annotations

from typing import Final

from adapters.postgres.connection import APP, WRITER
from adapters.postgres.dialect import collated

_LOG: Final = """
CREATE TABLE events (
    position BIGINT PRIMARY KEY, id TEXT NOT NULL, stream TEXT NOT NULL, version BIGINT NOT NULL, type TEXT NOT NULL,
    tenant TEXT NOT NULL, time TEXT NOT NULL, actor TEXT NOT NULL, request_id TEXT NOT NULL, body BYTEA NOT NULL,
    prev_hash BYTEA NOT NULL, hash BYTEA NOT NULL, UNIQUE (stream, version));
CREATE FUNCTION trstctl_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the log is append-only' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION trstctl_append_only();
-- Also while a session calls itself a replica.
ALTER TABLE events ENABLE ALWAYS TRIGGER events_append_only;
CREATE TABLE tracking (name TEXT PRIMARY KEY, position BIGINT NOT NULL);
"""

_SEALING: Final = """
CREATE TABLE sealed_values (seal_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, sealed BYTEA NOT NULL);
CREATE TABLE sealed_keys (
    seal_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, key_id TEXT NOT NULL, wrapped BYTEA NOT NULL);
CREATE TABLE tenant_keys (
    key_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, kek_id TEXT NOT NULL, wrapped BYTEA NOT NULL,
    created_at TEXT NOT NULL);
CREATE INDEX tenant_keys_of ON tenant_keys (tenant, created_at);
CREATE TABLE signing_key (
    key_id TEXT PRIMARY KEY, tenant TEXT NOT NULL, public BYTEA NOT NULL, kek_id TEXT NOT NULL, wrapped BYTEA NOT NULL);
"""

_REPLIES: Final = """
CREATE TABLE idempotency (
    tenant TEXT NOT NULL, principal TEXT NOT NULL, key TEXT NOT NULL, fingerprint TEXT NOT NULL, status BIGINT NOT NULL,
    seal_id TEXT NOT NULL, expires_at TEXT NOT NULL, PRIMARY KEY (tenant, principal, key));
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
"""

ROLES: Final = f"""
DO $$ DECLARE wanted text; BEGIN
    FOREACH wanted IN ARRAY ARRAY['{APP}', '{WRITER}'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', wanted);
            -- Roles belong to the whole server: another of its databases may be migrated at this moment.
            EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
            END;
        END IF;
        IF NOT pg_has_role(current_user, wanted, 'MEMBER') THEN
            EXECUTE format('GRANT %I TO %I', wanted, current_user);
        END IF;
    END LOOP;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO {APP}, {WRITER}', current_schema());
END $$"""
"""Makes the two roles if there are none, and the connected user a member. They own nothing; nobody logs in as them."""

MIGRATIONS_TABLE: Final = f"""
CREATE TABLE IF NOT EXISTS schema_migrations (
    name text PRIMARY KEY, digest text NOT NULL, tables text[] NOT NULL, applied_at timestamptz NOT NULL DEFAULT now());
GRANT SELECT ON schema_migrations TO {WRITER}"""

_ALL: Final = "SELECT, INSERT, UPDATE, DELETE"


def secured(table: str, rights: str = _ALL, *, app: bool = True) -> str:
    """Forced row-level security for a table with a `tenant` column. `rights` are the writer's; the app only reads."""
    # A tenant that is not set, or '', is none: `tenant = NULL` holds for no row.
    return f"""
ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
ALTER TABLE {table} FORCE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON {table} FOR SELECT TO {APP}
    USING (tenant = NULLIF(current_setting('trstctl.tenant', true), ''));
CREATE POLICY all_rows ON {table} TO {WRITER} USING (true) WITH CHECK (true);
REVOKE ALL ON {table} FROM PUBLIC, {APP}, {WRITER};
GRANT {rights} ON {table} TO {WRITER};
{f"GRANT SELECT ON {table} TO {APP};" if app else ""}"""  # noqa: S608 - our own table names


STEPS: Final[tuple[tuple[str, str], ...]] = (
    (
        "0001 log",
        collated(_LOG) + secured("events", "SELECT, INSERT") + f"GRANT {_ALL} ON tracking TO {WRITER};",
    ),
    (
        "0002 sealing",
        collated(_SEALING)
        + secured("sealed_values", "SELECT, INSERT, DELETE")  # a sealed value is written once
        + secured("sealed_keys")
        + secured("tenant_keys")
        + secured("signing_key", app=False),
    ),
    ("0003 replies", collated(_REPLIES) + secured("idempotency")),
)
"""Each step's name and SQL, in order. A step that was released is never edited: what changes is a further step."""
