"""`secrets import` and `export`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer, Prepared

STORE = "/api/v1/secrets/store"
DONE = {"items": [{"name": "app/db/user", "version": 1}]}


@pytest.mark.parametrize(
    "name, text",
    [
        ("values.json", '{"db": {"user": "x", "port": 5432}}'),
        ("values.yaml", "db:\n  user: x\n  port: 5432\n"),
        ("values.yml", "db/user: x\ndb/port: '5432'\n"),
    ],
)
def test_import_takes_the_format_from_the_name(
    server: FakeServer, client: Client, tmp_path: Path, name: str, text: str
) -> None:
    (tmp_path / name).write_text(text)
    server.on("POST", f"{STORE}/import", DONE, 201)
    outcome = client("secrets", "import", str(tmp_path / name), "--prefix", "app", "-o", "raw")
    assert (outcome.code, outcome.text) == (0, "app/db/user\n")
    assert server.asked[0].body == {"prefix": "app", "values": {"db/user": "x", "db/port": "5432"}}


@pytest.mark.parametrize("name", [".env", ".env.production", "app.env"])
def test_import_knows_dotenv_files(server: FakeServer, client: Client, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("export DB_USER='x'\n")
    server.on("POST", f"{STORE}/import", DONE, 201)
    assert client("secrets", "import", str(tmp_path / name)).code == 0
    assert server.asked[0].body == {"prefix": "", "values": {"DB_USER": "x"}}


def test_import_of_standard_input(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{STORE}/import", DONE, 201)
    assert client("secrets", "import", "--format", "dotenv", "-", stdin=b"A=1").code == 0
    assert server.asked[0].body["values"] == {"A": "1"}


def test_import_of_a_body(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{STORE}/import", DONE, 201)
    body = {"prefix": "app", "values": {"db/dsn": "postgres://${secret.app/db/user}@db"}}
    assert client("secrets", "import", "-f", "-", stdin=json.dumps(body).encode()).code == 0
    assert server.asked[0].body == body


def test_import_that_is_only_planned_sends_nothing(server: FakeServer, client: Client) -> None:
    outcome = client(
        "secrets", "import", "-", "--format", "dotenv", "--prefix", "a/", "--dry-run", "-o", "raw", stdin=b"A=1\nB=2"
    )
    assert outcome.text == "a/A\na/B\n"
    assert server.asked == []


def test_import_names_every_path_that_exists(server: FakeServer, client: Client) -> None:
    server.refuse("POST", f"{STORE}/import", 409, "already-exists", detail="nothing was imported", paths=["a/A", "a/B"])
    outcome = client("secrets", "import", "-", "--format", "dotenv", stdin=b"A=1\nB=2")
    assert outcome.code == 6
    assert "a/A, a/B" in outcome.err


@pytest.mark.parametrize(
    "words, stdin",
    [
        ((), b""),
        (("-",), b"A=1"),
        (("-", "-f", "-"), b"{}"),
        (("-f", "-", "--prefix", "x"), b"{}"),
        (("-", "--format", "json"), b"[1]"),
        (("-", "--format", "json"), b'{"s3cr3t": '),
        (("-", "--format", "yaml"), b"a: 's3cr3t"),
        (("-", "--format", "yaml"), b"a: b: s3cr3t"),
        (("-", "--format", "yaml"), b"- s3cr3t"),
        (("-", "--format", "dotenv"), b"A='s3cr3t"),
        (("-", "--format", "dotenv"), b"# nothing\n"),
        (("-", "--format", "dotenv"), b"A=\xff"),
        (("/nonexistent.env",), b""),
        (("values.txt",), b""),
    ],
)
def test_import_of_what_cannot_be_read_repeats_nothing_of_it(
    server: FakeServer, client: Client, words: tuple[str, ...], stdin: bytes
) -> None:
    outcome = client("secrets", "import", *words, stdin=stdin)
    assert outcome.code == 2
    assert "s3cr3t" not in outcome.err
    assert server.asked == []


def test_export_as_json_can_be_imported_again(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{STORE}/export", {"prefix": "app/", "values": {"app/a": "1"}})
    outcome = client("secrets", "export", "app")
    assert json.loads(outcome.out) == {"app/a": "1"}
    assert server.asked[0].query == {"prefix": "app/", "format": "json"}


@pytest.mark.parametrize("words", [("--format", "dotenv"), ("-o", "dotenv")])
def test_export_as_dotenv_is_passed_on(server: FakeServer, client: Client, words: tuple[str, ...]) -> None:
    server.on_raw("GET", f"{STORE}/export", Prepared(200, b'A="1\\n2"\n', {"Content-Type": "text/plain"}))
    outcome = client("secrets", "export", "", *words, "--resolve")
    assert (outcome.code, outcome.out) == (0, b'A="1\\n2"\n')
    assert server.asked[0].query == {"format": "dotenv", "resolve": "true"}


def test_an_export_that_breaks_off_is_an_error(server: FakeServer, client: Client) -> None:
    server.on_raw("GET", f"{STORE}/export", Prepared(200, b"A=1\n", cut=True))
    outcome = client("secrets", "export", "app", "--format", "dotenv")
    assert outcome.code == 7
    assert "incomplete" in outcome.err


def test_export_has_no_table(server: FakeServer, client: Client) -> None:
    assert client("secrets", "export", "app", "-o", "table").code == 2
