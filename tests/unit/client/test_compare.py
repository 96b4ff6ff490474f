"""`secrets diff` and `refs`."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer

STORE = "/api/v1/secrets/store"
FOLDERS = {
    "left": "dev",
    "right": "prod",
    "only_left": ["debug"],
    "only_right": ["dsn"],
    "equal": ["user"],
    "different": [{"name": "password", "left_version": 1, "right_version": 4}],
}


def test_diff_of_versions(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/diff/a", {"name": "a", "from": 1, "to": 2, "equal": False})
    outcome = client("secrets", "diff", "a", "--from", "1", "--to", "2", "-o", "raw")
    assert (outcome.code, outcome.text) == (0, "different\n")
    assert server.asked[0].query == {"from": "1", "to": "2"}


def test_diff_with_the_newest_version(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/history/a", {"name": "a", "items": [{"version": 9}], "next_cursor": "9"})
    server.on("GET", f"{STORE}/diff/a", {"name": "a", "from": 1, "to": 9, "equal": True})
    assert client("secrets", "diff", "a", "--from", "1", "--exit-code").code == 0
    assert server.asked[1].query == {"from": "1", "to": "9"}


@pytest.mark.parametrize("equal, code", [(True, 0), (False, 1)])
def test_diff_tells_by_its_exit_code_if_asked(server: FakeServer, client: Client, *, equal: bool, code: int) -> None:
    server.on("GET", f"{STORE}/diff/a", {"name": "a", "from": 1, "to": 2, "equal": equal})
    assert client("secrets", "diff", "a", "--from", "1", "--to", "2", "--exit-code").code == code


def test_diff_of_folders_shows_names_only(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/diff", FOLDERS)
    outcome = client("secrets", "diff", "dev", "prod", "-o", "raw", "--exit-code")
    assert outcome.code == 1
    assert outcome.text == "only left\tdebug\nonly right\tdsn\ndifferent\tpassword\nequal\tuser\n"
    assert server.asked[0].query == {"left": "dev", "right": "prod"}
    assert json.loads(client("secrets", "diff", "dev", "prod", "-o", "json").out) == FOLDERS


def test_diff_of_folders_reveals_when_asked(server: FakeServer, client: Client) -> None:
    entry = {"name": "password", "left_value": "one", "right_value_b64": "AP8K"}
    server.on("GET", f"{STORE}/diff", FOLDERS | {"different": [entry]})
    lines = client("secrets", "diff", "dev", "prod", "--reveal").text.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "DEV", "PROD"]
    assert lines[3].split() == ["password", "different", "one", "AP8K"]
    assert server.asked[0].query["reveal"] == "true"


@pytest.mark.parametrize("words", [("a",), ("a", "--to", "2"), ("a", "b", "--from", "1"), ()])
def test_diff_of_what_is_not_said_is_refused(server: FakeServer, client: Client, words: tuple[str, ...]) -> None:
    assert client("secrets", "diff", *words).code == 2
    assert server.asked == []


def test_refs_shows_both_directions(server: FakeServer, client: Client) -> None:
    uses = [{"path": "app/user", "version": None}, {"path": "app/key", "version": 3}]
    server.on("GET", f"{STORE}/references/app/dsn", {"name": "app/dsn", "uses": uses, "used_by": ["app/x"]})
    assert client("secrets", "refs", "app/dsn", "-o", "raw").text == "uses\tapp/user\nuses\tapp/key@3\nused by\tapp/x\n"
