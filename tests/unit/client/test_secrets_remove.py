"""`secrets delete`, `undelete` and `destroy`."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer, Prepared

STORE = "/api/v1/secrets/store"


@pytest.mark.parametrize("words", [(), ("--yes",), ("--force",)])
def test_delete_says_what_it_deleted(server: FakeServer, client: Client, words: tuple[str, ...]) -> None:
    server.on_raw("DELETE", f"{STORE}/a/b", Prepared(204, b""))
    outcome = client("-o", "json", "secrets", "delete", "a/b", *words)
    assert (outcome.code, json.loads(outcome.out)) == (0, {"name": "a/b", "deleted": True})
    assert "Idempotency-Key" in server.asked[0].headers


def test_undelete_shows_what_came_back(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{STORE}/undelete/a", {"name": "a", "version": 3})
    assert client("secrets", "undelete", "a", "-o", "raw").text == "3\n"


@pytest.mark.parametrize(
    "words, body",
    [(("--versions", "1, 2"), {"versions": [1, 2]}), (("--all",), {"all": True})],
)
def test_destroy_names_versions_or_all(
    server: FakeServer, client: Client, words: tuple[str, ...], body: dict[str, object]
) -> None:
    server.on("POST", f"{STORE}/destroy/a", {"name": "a", "destroyed": [1, 2]})
    outcome = client("secrets", "destroy", "a", *words, "--yes", "-o", "raw")
    assert (outcome.code, outcome.text) == (0, "1\n2\n")
    assert server.asked[0].body == body


def test_destroy_takes_a_body(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{STORE}/destroy/a", {"name": "a", "destroyed": [7]})
    assert client("secrets", "destroy", "a", "-f", "-", "--force", stdin=b'{"versions": [7]}').code == 0
    assert server.asked[0].body == {"versions": [7]}


@pytest.mark.parametrize(
    "words",
    [("--all",), ("--yes",), ("--all", "--versions", "1", "--yes"), ("--versions", "1,x", "--yes"), ("--versions", "")],
)
def test_destroy_in_doubt_destroys_nothing(server: FakeServer, client: Client, words: tuple[str, ...]) -> None:
    assert client("secrets", "destroy", "a", *words).code == 2
    assert server.asked == []
