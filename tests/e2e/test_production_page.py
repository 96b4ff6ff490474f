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


def block(root: Path, language: str) -> str:
    """The page's block of code in a language."""
    page = (root / "docs/how-to/run-in-production.md").read_text()
    return page.partition(f"```{language}\n")[2].partition("```")[0]


@pytest.fixture
def page_s_database(root: Path, postgres_server: PostgresServer) -> Iterator[PostgresServer]:
    """The page's SQL, executed; the roles belong to the whole server, so they may be there from other tests."""
    statements = block(root, "sql").replace("CREATE DATABASE trstctl ", f"CREATE DATABASE {DATABASE} ").split(";")
    with psycopg.connect(postgres_server.dsn(), autocommit=True) as superuser:
        there = {name for (name,) in superuser.execute("SELECT rolname FROM pg_roles").fetchall()}
        for statement in map(str.strip, statements):
            if statement and not (statement.startswith("CREATE ROLE") and statement.split()[2] in there & set(ROLES)):
                superuser.execute(statement.encode())
        for user in USERS:
            superuser.execute(f"ALTER ROLE {user} PASSWORD '{PASSWORD}'".encode())
        yield postgres_server
        superuser.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)".encode())
        for user in USERS:
            superuser.execute(f"DROP ROLE {user}".encode())


def test_the_configuration_is_one(root: Path, tmp_path: Path) -> None:
    (tmp_path / "page.yaml").write_text(block(root, "yaml"))
    settings = load(tmp_path / "page.yaml", {})
    assert settings.url == "https://secrets.example:8443"
    assert settings.audit.checkpoints.origin == "secrets.example/log"


def test_the_owner_may_migrate_and_the_server_may_serve(page_s_database: PostgresServer, tmp_path: Path) -> None:
    owner, server = (page_s_database.dsn(DATABASE, user, PASSWORD) for user in USERS)
    migrated = trstctl("migrate", TRSTCTL_STORE=owner)
    assert migrated.returncode == 0, migrated.stderr
    key = str(tmp_path / "kek")
    Path(key).touch(mode=0o600)
    Path(key).write_bytes(bytes(range(32)))
    made = trstctl("tenant", "create", "acme", TRSTCTL_STORE=server, TRSTCTL_SECRETS_KEK_FILE=key)
    assert made.returncode == 0, made.stderr
    refused = trstctl("migrate", TRSTCTL_STORE=server)
    assert (refused.returncode, refused.stdout) == (2, "")


def test_a_database_that_is_not_migrated_is_refused_with_the_remedy(page_s_database: PostgresServer) -> None:
    result = trstctl("tenant", "list", TRSTCTL_STORE=page_s_database.dsn(DATABASE, "trstctl_server", PASSWORD))
    assert result.returncode == 2
    assert "trstctl migrate" in result.stderr
