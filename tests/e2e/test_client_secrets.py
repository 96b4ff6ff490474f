"""`trstctl-cli secrets` against a real server."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.e2e.client_calls import Calls
from tests.e2e.server import dev_server


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    with dev_server(tmp_path_factory.mktemp("client") / "data") as server:
        yield Calls(server)


def test_a_secret_lives_its_life(client: Calls) -> None:
    assert client.json("secrets", "put", "life/password", "--metadata", "team=pay", stdin=b"one\n")["version"] == 1
    assert client("secrets", "get", "life/password").out == b"one"
    assert client("secrets", "put", "life/password", stdin=b"again").code == 6
    assert client.json("secrets", "rotate", "life/password", stdin=b"two")["version"] == 2
    then = datetime.now(UTC).isoformat()
    assert client.json("secrets", "put", "life/password", "--cas", "2", stdin=b"three")["version"] == 3
    assert client("secrets", "rotate", "life/password", "--cas", "2", stdin=b"four").code == 6
    assert client.json("secrets", "recover", "life/password", "--at", then)["version"] == 4
    assert client("secrets", "get", "life/password").out == b"two"
    assert client("secrets", "get", "life/password", "--version", "3").out == b"three"
    assert client("secrets", "history", "life/password", "-o", "raw").text == "4\n3\n2\n1\n"
    assert client("secrets", "history", "life/password", "--version", "1").out == b"one"
    assert client("secrets", "delete", "life/password").code == 0
    assert client("secrets", "get", "life/password").code == 5
    assert "life/password\n" in client("secrets", "list", "--deleted", "-o", "raw").text
    assert client.json("secrets", "undelete", "life/password")["version"] == 4
    assert client.json("secrets", "destroy", "life/password", "--versions", "1,3", "--yes")["destroyed"] == [1, 3]
    assert client("secrets", "history", "life/password", "--version", "3").code == 5
    assert client("secrets", "get", "life/password").out == b"two"


def test_bytes_come_back_as_they_were(client: Calls, tmp_path: Path) -> None:
    (tmp_path / "blob").write_bytes(blob := os.urandom(100_000))
    assert client("secrets", "put", "blob", "--binary", "--file", str(tmp_path / "blob")).code == 0
    assert client("secrets", "get", "blob").out == blob


def test_a_change_with_the_same_key_has_its_effect_once(client: Calls) -> None:
    client.json("secrets", "put", "once", stdin=b"a")
    words = ("--idempotency-key", "rotate-once", "secrets", "rotate", "once", "-f", "-")
    first, second = (client.json(*words, stdin=b'{"value": "b"}') for _ in range(2))
    assert first == second
    assert first["version"] == 2
    assert client(*words, stdin=b'{"value": "c"}').code == 2


def test_a_tree_goes_in_and_comes_out_again(client: Calls) -> None:
    values = {"db": {"user": "payments", "dsn": "postgres://${secret.tree/db/user}@db"}, "port": 5432}
    stdin = json.dumps(values).encode()
    assert client("secrets", "import", "-", "--format", "json", "--prefix", "tree", stdin=stdin).code == 0
    again = client("secrets", "import", "-", "--format", "json", "--prefix", "tree", stdin=stdin)
    assert again.code == 6
    assert "tree/db/user" in again.err
    assert client("secrets", "get", "tree/db/dsn").text == "postgres://${secret.tree/db/user}@db"
    assert client("secrets", "get", "tree/db/dsn", "--resolve").text == "postgres://payments@db"
    assert client("secrets", "refs", "tree/db/dsn", "-o", "raw").text == "uses\ttree/db/user\n"
    assert client("secrets", "refs", "tree/db/user", "-o", "raw").text == "used by\ttree/db/dsn\n"
    exported = client("secrets", "export", "tree")
    assert exported.whole == {"tree/db/dsn": values["db"]["dsn"], "tree/db/user": "payments", "tree/port": "5432"}  # type: ignore[index]
    client("secrets", "destroy", "tree/port", "--all", "--yes")
    dotenv = client("secrets", "export", "tree/", "--format", "dotenv", "--resolve")
    stored = client("secrets", "import", "-", "--format", "dotenv", "--prefix", "env", stdin=dotenv.out)
    assert stored.code == 0
    assert client("secrets", "get", "env/DB_DSN").text == "postgres://payments@db"


def test_names_are_listed_from_all_pages(client: Calls) -> None:
    names = [f"many/{n:04}" for n in range(1500)]
    body = json.dumps(dict.fromkeys(names, "x")).encode()
    assert client("secrets", "import", "-", "--format", "json", stdin=body).code == 0
    assert client("secrets", "list", "many/", "-o", "raw").text.splitlines() == names
    assert client("secrets", "list", "many/", "--limit", "7", "-o", "raw").text.splitlines() == names[:7]
    assert "many/\n" in client("secrets", "list", "--folders", "-o", "raw").text


def test_versions_and_folders_are_compared(client: Calls) -> None:
    for path, value in {"dev/a": b"1", "dev/b": b"2", "prod/b": b"3", "prod/c": b"4"}.items():
        client.json("secrets", "put", path, stdin=value)
    found = client("secrets", "diff", "dev", "prod", "-o", "raw", "--exit-code")
    assert (found.code, found.text) == (1, "only left\ta\nonly right\tc\ndifferent\tb\n")
    client.json("secrets", "rotate", "dev/b", stdin=b"2")
    assert client("secrets", "diff", "dev/b", "--from", "1", "-o", "raw").text == "equal\n"


def test_scopes_hold_for_every_command(client: Calls) -> None:
    client.json("secrets", "put", "scoped/a", stdin=b"x")
    reader = client.limited_to("secrets:read:scoped/*")
    assert reader("secrets", "get", "scoped/a").out == b"x"
    for words in (("get", "life/password"), ("list",), ("rotate", "scoped/a"), ("delete", "scoped/a"), ("export", "s")):
        outcome = reader("secrets", *words, stdin=b"y")
        assert outcome.code == 4
        assert "trstctl-cli whoami" in outcome.err


def test_no_secret_takes_a_routes_name(client: Calls) -> None:
    for name in ("import", "export/a", "history/x", "destroy/scoped/a"):
        assert client("secrets", "put", name, stdin=b"x").code == 2


def test_a_value_too_large_is_refused(client: Calls) -> None:
    assert client("secrets", "put", "large", stdin=b"x" * 1024 * 1024).code == 0
    assert client("secrets", "put", "larger", stdin=b"x" * (1024 * 1024 + 1)).code == 2
