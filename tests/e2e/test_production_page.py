"""`docs/how-to/run-in-production.md`: its configuration is one; its database users have what they need, and no more."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli.server.config import load
from tests.e2e.server import trstctl
from tests.postgres_server import PostgresServer

DATABASE = "trstctl_page"
USERS = ("trstctl_owner", "trstctl_server")
ROLES = ("trstctl_app", "trstctl_writer")
PASSWORD = "of-the-page"


def blocks(root: Path, language: str) -> list[str]:
    """The page's blocks in a language, in their order."""
    page = (root / "docs/how-to/run-in-production.md").read_text()
    return [each.partition("```")[0] for each in page.split(f"```{language}\n")[1:]]


def executed(superuser: psycopg.Connection, sql: str) -> None:
    """Run the page's SQL. The roles without log-in belong to the whole server: other tests may have made them."""
    there = {name for (name,) in superuser.execute("SELECT rolname FROM pg_roles").fetchall()}
    for statement in map(str.strip, sql.replace("CREATE DATABASE trstctl ", f"CREATE DATABASE {DATABASE} ").split(";")):
        if statement and not (statement.startswith("CREATE ROLE") and statement.split()[2] in there & set(ROLES)):
            superuser.execute(statement.encode())


@pytest.fixture
def superuser(root: Path, postgres_server: PostgresServer) -> Iterator[psycopg.Connection]:
    """A database made as the page says, up to its migration."""
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as connection:
        executed(connection, blocks(root, "sql")[0])
        for user in USERS:
            connection.execute(f"ALTER ROLE {user} PASSWORD '{PASSWORD}'".encode())
        yield connection
        connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)".encode())
        for user in USERS:
            connection.execute(f"DROP OWNED BY {user}; DROP ROLE {user}".encode())


def test_the_configuration_is_one(root: Path, tmp_path: Path) -> None:
    (tmp_path / "page.yaml").write_text("".join(blocks(root, "yaml")))
    settings = load(tmp_path / "page.yaml", {})
    assert settings.store.startswith("postgresql://trstctl_server@")
    assert settings.store_password_file
    assert settings.secrets.enable_api


def test_the_owner_may_migrate_and_the_server_may_serve(
    root: Path, superuser: psycopg.Connection, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    owner, server = (postgres_server.dsn(DATABASE, user, PASSWORD) for user in USERS)
    migrated = trstctl("migrate", TRSTCTL_STORE=owner)
    assert migrated.returncode == 0, migrated.stderr
    for further in blocks(root, "sql")[1:]:
        executed(superuser, further)
    key = str(tmp_path / "kek")
    Path(key).touch(mode=0o600)
    Path(key).write_bytes(bytes(range(32)))
    made = trstctl("tenant", "create", "acme", TRSTCTL_STORE=server, TRSTCTL_SECRETS_KEK_FILE=key)
    assert made.returncode == 0, made.stderr
    with psycopg.connect(server) as as_server, pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_server.execute("SELECT * FROM sealed_keys")


@pytest.mark.usefixtures("superuser")
def test_a_database_that_is_not_migrated_is_refused_with_the_remedy(postgres_server: PostgresServer) -> None:
    result = trstctl("tenant", "list", TRSTCTL_STORE=postgres_server.dsn(DATABASE, "trstctl_server", PASSWORD))
    assert result.returncode == 2
    assert "trstctl migrate" in result.stderr
