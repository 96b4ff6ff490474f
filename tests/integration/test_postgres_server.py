"""The PostgreSQL that the other tests build on."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests import postgres_server as module
from tests.postgres_server import PostgresServer


def test_a_fresh_database_is_empty_and_the_tests_own(postgres_server: PostgresServer) -> None:
    first, second = postgres_server.fresh_database(), postgres_server.fresh_database()
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE mine (x BIGINT)")
    with psycopg.connect(second) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE tablename = 'mine'").fetchone()
    assert row == (0,)
    postgres_server.drop_database(first)
    postgres_server.drop_database(second)


def test_a_wrong_password_is_refused(postgres_server: PostgresServer) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres_server.dsn(password="wrong"))


def test_commits_are_durable_as_in_production(postgres_dsn: str) -> None:
    with psycopg.connect(postgres_dsn) as connection:
        settings = [connection.execute(f"SHOW {name}").fetchone() for name in ("fsync", "synchronous_commit")]
    assert settings == [("on",), ("on",)]


def test_missing_programs_fail_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    monkeypatch.setattr(module, "_INSTALLED", tmp_path)
    with pytest.raises(RuntimeError, match="apt-get install postgresql"), module.running_postgres():
        pass
