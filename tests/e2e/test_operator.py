"""The operator's commands, beside a running server and without one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.e2e.https_client import STORE
from tests.e2e.server import dev_server, trstctl
from tests.postgres_server import PostgresServer

VALUE = "s3cr3t-of-this-test"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_tenants_and_tokens_are_made_beside_a_running_server(folder: Path) -> None:
    with dev_server(folder) as server:
        here = ("--data-dir", folder)
        tenant = trstctl("tenant", "create", "acme", *here)
        assert tenant.returncode == 0, tenant.stderr
        assert tenant.stdout.strip() in trstctl("tenant", "list", "-o", "json", *here).stdout
        wanted = ("--tenant", "acme", "--subject", "ci", "--scopes", "secrets:write:app/*,secrets:read:app/*")
        token = trstctl("token", "create", *wanted, "--ttl", "1h", *here).stdout.strip()
        with server.client(token) as client, server.client() as operator:
            assert client.put("app/key", VALUE) == 1
            assert client("GET", f"{STORE}/other").status == 403
            assert operator("GET", f"{STORE}/app/key").status == 404, "another tenant's"
            listed = trstctl("token", "list", "--tenant", "acme", "-o", "json", *here).stdout
            assert token not in listed
            found = re.search(r"tok_[0-9a-f]+", listed)
            assert found
            assert trstctl("token", "revoke", found[0], "--tenant", "acme", *here).returncode == 0
            assert client("GET", f"{STORE}/app/key").status == 401


def test_a_mistake_is_told_in_one_line(folder: Path) -> None:
    with dev_server(folder):
        again = trstctl("tenant", "create", "default", "--data-dir", folder)
    assert (again.returncode, again.stderr) == (1, "trstctl: there is a tenant 'default'\n")


def test_a_lifetime_that_is_none_is_refused(folder: Path) -> None:
    with dev_server(folder):
        words = ("--tenant", "default", "--subject", "x", "--scopes", "role:viewer", "--ttl", "soon")
        result = trstctl("token", "create", *words, "--data-dir", folder)
    assert result.returncode == 2
    assert result.stderr == "trstctl: --ttl 'soon': write a number with s, m, h or d, such as 15m\n"


def test_help_needs_no_configuration() -> None:
    result = trstctl("serve", "--help")
    assert result.returncode == 0
    assert "TRSTCTL_CONFIG_FILE" in result.stdout


def test_an_embedded_store_needs_no_migration(folder: Path) -> None:
    result = trstctl("migrate", "--data-dir", folder)
    assert (result.returncode, result.stdout) == (0, "the store is as this version needs it\n")


def test_a_shared_store_is_migrated_once(postgres_dsn: str) -> None:
    first = trstctl("migrate", TRSTCTL_STORE=postgres_dsn)
    assert first.returncode == 0, first.stderr
    assert [line for line in first.stdout.splitlines() if line.startswith("done: projection ")]
    again = trstctl("migrate", TRSTCTL_STORE=postgres_dsn)
    assert (again.returncode, again.stdout) == (0, "the store is as this version needs it\n")


def test_the_password_of_a_shared_store_may_be_in_a_file(
    postgres_server: PostgresServer, postgres_dsn: str, tmp_path: Path
) -> None:
    password = re.search(r"//[^:]+:([^@]+)@", postgres_dsn)
    assert password
    (tmp_path / "password").write_text(f"{password[1]}\n")
    bare = postgres_dsn.replace(f":{password[1]}@", "@")
    refused = trstctl("migrate", TRSTCTL_STORE=bare)
    assert (refused.returncode, "cannot be reached" in refused.stderr) == (2, True)
    file = str(tmp_path / "password")
    assert trstctl("migrate", TRSTCTL_STORE=bare, TRSTCTL_STORE_PASSWORD_FILE=file).returncode == 0


def test_dev_migrates_a_shared_store_by_itself(folder: Path, postgres_dsn: str) -> None:
    server = dev_server(folder)
    server.words = [*server.words, "--store", postgres_dsn]
    with server, server.client() as client:
        assert client.put("db/password", VALUE) == 1
        assert client.get("db/password") == VALUE
    assert not (folder / "trstctl.db").exists()
