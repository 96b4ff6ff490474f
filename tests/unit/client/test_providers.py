"""`providers`: credentials come from files, standard input and prompts, never from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer, Prepared

PROVIDERS = "/api/v1/secrets/providers"
ROLE = {"name": "read", "default_ttl_seconds": 3600, "max_ttl_seconds": 7200, "settings": {"member_of": ["a"]}}
META = {"name": "app-db", "kind": "postgresql", "source": "api", "connection": {"host": "db"}, "roles": [ROLE]}


def test_set_sends_connection_and_credentials(server: FakeServer, client: Client, tmp_path: Path) -> None:
    (tmp_path / "password").write_text("s3cr3t\n")
    server.on("PUT", f"{PROVIDERS}/app-db", META)
    connection = ("--connection", "host=db", "--connection", "port=5432", "--connection", 'database="7"')
    credential = ("--credential", f"password={tmp_path}/password")
    outcome = client("providers", "set", "app-db", "--kind", "postgresql", *connection, *credential, "-o", "json")
    assert (outcome.code, json.loads(outcome.out)) == (0, META)
    assert server.asked[0].body == {
        "kind": "postgresql",
        "connection": {"host": "db", "port": 5432, "database": "7"},
        "credentials": {"password": "s3cr3t"},
    }


@pytest.mark.parametrize("option", ["password", "password=-"])
def test_set_reads_a_credential_from_standard_input(server: FakeServer, client: Client, option: str) -> None:
    server.on("PUT", f"{PROVIDERS}/redis", META)
    assert client("providers", "set", "redis", "--credential", option, stdin=b" two\nlines\r\n").code == 0
    assert server.asked[0].body == {"kind": "redis", "connection": {}, "credentials": {"password": " two\nlines"}}


def test_set_takes_a_whole_body(server: FakeServer, client: Client) -> None:
    server.on("PUT", f"{PROVIDERS}/app-db", META)
    assert client("secrets", "providers", "set", "app-db", "-f", "-", stdin=b'{"kind":"mysql"}').code == 0
    assert server.asked[0].body == {"kind": "mysql"}
    assert client("providers", "set", "app-db", "-f", "-", "--kind", "mysql", stdin=b"{}").code == 2


def test_a_credential_given_in_place_of_its_file_is_not_repeated(server: FakeServer, client: Client) -> None:
    outcome = client("providers", "set", "app-db", "--credential", "password=hunter2")
    assert outcome.code == 2
    assert "hunter2" not in outcome.err
    assert server.asked == []


@pytest.mark.parametrize("words", [("=x",), ("password=",), ("a=-", "a=-")])
def test_a_credential_without_name_or_given_twice_is_refused(
    server: FakeServer, client: Client, words: tuple[str, ...]
) -> None:
    options = [part for word in words for part in ("--credential", word)]
    assert client("providers", "set", "app-db", *options, stdin=b"x").code == 2
    assert server.asked == []


def test_list_and_show_name_the_roles(server: FakeServer, client: Client) -> None:
    server.on("GET", PROVIDERS, {"items": [META]})
    server.on("GET", f"{PROVIDERS}/app-db", META)
    assert client("providers", "list").text.splitlines()[1].split() == ["app-db", "postgresql", "api", "read"]
    shown = client("providers", "show", "app-db").text
    assert "role read" in shown
    assert "max_ttl_seconds=7200" in shown


def test_test_tells_whether_the_privileges_suffice(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{PROVIDERS}/app-db/test", {"name": "app-db", "ok": True})
    assert client("providers", "test", "app-db", "-o", "raw").text == "ok\n"


def test_remove_removes(server: FakeServer, client: Client) -> None:
    server.on_raw("DELETE", f"{PROVIDERS}/app-db", Prepared(204, b""))
    assert client("providers", "remove", "app-db", "--yes", "-o", "raw").text == "app-db\n"


def test_a_role_is_set_with_times_and_settings(server: FakeServer, client: Client) -> None:
    server.on("PUT", f"{PROVIDERS}/app-db/roles/read", ROLE)
    words = ("--default-ttl", "1h", "--max-ttl", "2h", "--setting", 'member_of=["a"]')
    assert client("providers", "roles", "set", "app-db/read", *words, "-o", "raw").text == "read\n"
    assert client("providers", "roles", "set", "app-db/read", "-f", "-", stdin=b'{"settings":{}}').code == 0
    wanted = {"default_ttl_seconds": 3600, "max_ttl_seconds": 7200, "settings": {"member_of": ["a"]}}
    assert [asked.body for asked in server.asked] == [wanted, {"settings": {}}]


def test_a_role_is_removed(server: FakeServer, client: Client) -> None:
    server.on_raw("DELETE", f"{PROVIDERS}/app-db/roles/read", Prepared(204, b""))
    assert client("providers", "roles", "remove", "app-db/read").code == 0
    assert client("providers", "roles", "remove", "app-db").code == 2
    assert len(server.asked) == 1
