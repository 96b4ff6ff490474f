"""`secrets get`, `list` and `history`."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer

STORE = "/api/v1/secrets/store"
SECRET = {
    "name": "db/password",
    "value": "s3c\nr'3t",
    "version": 4,
    "created_at": "2026-01-01T00:00:00Z",
    "metadata": {"team": "pay"},
}
BINARY = {"name": "a", "value_b64": "AP8K", "version": 1}


def test_get_writes_the_bare_value_to_a_pipe(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/db/password", SECRET)
    outcome = client("secrets", "get", "db/password")
    assert (outcome.code, outcome.out) == (0, b"s3c\nr'3t")
    assert "Idempotency-Key" not in server.asked[0].headers


def test_get_of_bytes_writes_them(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/a", BINARY)
    assert client("secrets", "get", "a").out == b"\x00\xff\n"


def test_get_asks_for_the_version_and_for_references(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/a", SECRET)
    client("secrets", "get", "a", "--version", "3", "--resolve")
    assert server.asked[0].query == {"version": "3", "resolve": "true"}


def test_get_has_every_form(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/a", SECRET)
    assert json.loads(client("secrets", "get", "a", "-o", "json").out) == SECRET
    assert yaml.safe_load(client("secrets", "-o", "yaml", "get", "a").out) == SECRET
    assert client("-o", "dotenv", "secrets", "get", "a").text == 'DB_PASSWORD="s3c\nr\'3t"\n'
    table = client("secrets", "get", "a", "-o", "table").text
    assert table.splitlines()[0] == "value       s3c\\nr'3t"
    assert "metadata    team=pay" in table


def test_get_of_bytes_has_no_dotenv_form(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/a", BINARY)
    assert client("-o", "dotenv", "secrets", "get", "a").code == 2


def test_a_path_is_quoted_once(server: FakeServer, client: Client) -> None:
    client("secrets", "get", "a b/c%2fd/ü?x#y")
    assert server.asked[0].path == f"{STORE}/a%20b/c%252fd/%C3%BC%3Fx%23y"


def test_an_answer_without_a_value_is_an_error(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/a", {"name": "a"})
    assert client("secrets", "get", "a").code == 1


def test_list_goes_through_all_pages(server: FakeServer, client: Client) -> None:
    server.on("GET", STORE, {"items": [{"name": "a", "version": 1}], "folders": [], "next_cursor": "a"})
    server.on("GET", STORE, {"items": [{"name": "b", "version": 2}], "folders": [], "next_cursor": None})
    outcome = client("secrets", "list", "-o", "json")
    assert [item["name"] for item in json.loads(outcome.out)["items"]] == ["a", "b"]
    assert [asked.query.get("cursor") for asked in server.asked] == [None, "a"]


def test_list_stops_at_its_limit(server: FakeServer, client: Client) -> None:
    server.on("GET", STORE, {"items": [{"name": "a"}, {"name": "b"}], "folders": [], "next_cursor": "b"})
    server.on("GET", STORE, {"items": [{"name": "c"}], "folders": [], "next_cursor": "c"})
    assert client("secrets", "list", "--limit", "3", "-o", "raw").text == "a\nb\nc\n"
    assert [asked.query["limit"] for asked in server.asked] == ["3", "1"]


def test_list_of_a_folder_shows_folders_and_names(server: FakeServer, client: Client) -> None:
    page = {
        "items": [{"name": "app/key", "version": 1, "updated_at": "T"}],
        "folders": ["app/db/"],
        "next_cursor": None,
    }
    server.on("GET", STORE, page)
    lines = client("secrets", "list", "app/", "--folders", "--deleted").text.splitlines()
    assert [line.split() for line in lines] == [
        ["NAME", "VERSION", "UPDATED", "AT"],
        ["app/db/", "-", "-"],
        ["app/key", "1", "T"],
    ]
    assert server.asked[0].query == {"prefix": "app/", "delimiter": "/", "deleted": "true", "limit": "1000"}
    assert client("secrets", "list", "app/", "--folders", "-o", "raw").text == "app/db/\napp/key\n"


def test_list_has_no_dotenv_form(server: FakeServer, client: Client) -> None:
    server.on("GET", STORE, {"items": [], "folders": [], "next_cursor": None})
    assert client("secrets", "list", "-o", "dotenv").code == 2


def test_history_shows_versions_and_reads_one(server: FakeServer, client: Client) -> None:
    items = [{"version": 2, "created_at": "T2", "actor": "ann", "state": "current", "cause": "rotate"}]
    server.on("GET", f"{STORE}/history/a", {"name": "a", "items": items, "next_cursor": None})
    assert client("secrets", "history", "a").text.splitlines()[1].split() == [
        "2",
        "T2",
        "ann",
        "current",
        "rotate",
        "-",
    ]
    server.on("GET", f"{STORE}/history/b", SECRET)
    assert client("secrets", "history", "b", "--version", "1").out == b"s3c\nr'3t"
    assert server.asked[1].query == {"version": "1"}


@pytest.mark.parametrize("word", ["0", "-1", "x"])
def test_a_version_is_a_positive_number(server: FakeServer, client: Client, word: str) -> None:
    assert client("secrets", "get", "a", "--version", word).code == 2


def test_control_characters_do_not_reach_the_terminal_in_tables(server: FakeServer, client: Client) -> None:
    items = [{"version": 1, "created_at": "T", "actor": "\x1b[2Jann\u202e", "state": "current", "cause": "create"}]
    server.on("GET", f"{STORE}/history/a", {"name": "a", "items": items, "next_cursor": None})
    text = client("secrets", "history", "a").text
    assert "\\x1b[2Jann\\u202e" in text
    assert "\x1b" not in text
