"""`secrets put`, `rotate` and `recover`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.client.routes import RESERVED
from domain import names
from tests.unit.client.conftest import TOKEN, Client
from tests.unit.client.fake_server import FakeServer

STORE = "/api/v1/secrets/store"
META = {"name": "db/password", "version": 1, "created_at": "2026-01-01T00:00:00Z", "metadata": {}}


def test_put_sends_the_value_of_standard_input(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{STORE}/db/password", META, 201)
    outcome = client("-o", "json", "secrets", "put", "db/password", stdin=b"s3cr3t")
    assert outcome.code == 0
    assert json.loads(outcome.out) == META
    assert server.asked[0].body == {"value": "s3cr3t"}
    assert server.asked[0].headers["Authorization"] == f"Bearer {TOKEN}"
    assert len(server.asked[0].headers["Idempotency-Key"]) == 32


@pytest.mark.parametrize(
    "given, options, stored",
    [
        (b"s3cr3t\n", (), "s3cr3t"),
        (b"s3cr3t\r\n", (), "s3cr3t"),
        (b"s3cr3t\n", ("--exact",), "s3cr3t\n"),
        (b"-----BEGIN\nKEY-----\n", (), "-----BEGIN\nKEY-----\n"),
        (b"gr\xc3\xbc\xc3\x9fe \xf0\x9f\x94\x91", (), "grüße 🔑"),
        (b"\n\n", (), "\n\n"),
        (b"", ("--allow-empty",), ""),
    ],
)
def test_put_keeps_the_value_but_for_the_end_of_a_single_line(
    server: FakeServer, client: Client, given: bytes, options: tuple[str, ...], stored: str
) -> None:
    server.on("POST", f"{STORE}/a", META, 201)
    assert client("secrets", "put", "a", *options, stdin=given).code == 0
    assert server.asked[0].body == {"value": stored}


def test_put_of_a_file_with_what_is_told_about_it(server: FakeServer, client: Client, tmp_path: Path) -> None:
    (tmp_path / "value").write_bytes(b"\x00\xff\n")
    server.on("POST", f"{STORE}/a", META, 201)
    options = ("--binary", "--metadata", "team=pay=ments", "--metadata", "tier=1", "--content-type", "image/png")
    assert client("secrets", "put", "a", "--file", str(tmp_path / "value"), *options).code == 0
    assert server.asked[0].body == {
        "value_b64": "AP8K",
        "metadata": {"team": "pay=ments", "tier": "1"},
        "content_type": "image/png",
    }


def test_put_with_cas_writes_the_next_version(server: FakeServer, client: Client) -> None:
    server.on("PUT", f"{STORE}/a", META)
    assert client("secrets", "put", "a", "--cas", "3", stdin=b"x").code == 0
    assert server.asked[0].body == {"value": "x", "cas": 3}


def test_put_with_cas_zero_creates(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{STORE}/a", META, 201)
    assert client("secrets", "put", "a", "--cas", "0", stdin=b"x").code == 0
    assert server.asked[0].body == {"value": "x"}


def test_put_takes_the_name_from_the_body(server: FakeServer, client: Client, tmp_path: Path) -> None:
    (tmp_path / "body.json").write_text('{"name": "db/password", "value": "s"}')
    server.on("POST", STORE, META, 201)
    assert client("secrets", "put", "-f", str(tmp_path / "body.json")).code == 0
    assert server.asked[0].body == {"name": "db/password", "value": "s"}


def test_a_body_of_standard_input_is_sent_as_it_is(server: FakeServer, client: Client) -> None:
    server.on("PUT", f"{STORE}/a", META)
    assert client("secrets", "rotate", "a", "-f", "-", stdin=b'{"value": "x", "cas": 2}').code == 0
    assert server.asked[0].body == {"value": "x", "cas": 2}


@pytest.mark.parametrize("place", [0, 1, 2, 3])
def test_the_idempotency_key_may_stand_before_the_group_or_after(
    server: FakeServer, client: Client, place: int
) -> None:
    server.on("PUT", f"{STORE}/a", META)
    words = ["secrets", "rotate", "a"]
    words[place:place] = ["--idempotency-key", "my-key"]
    assert client(*words, stdin=b"x").code == 0
    assert server.asked[0].headers["Idempotency-Key"] == "my-key"


def test_rotate_writes_with_put(server: FakeServer, client: Client) -> None:
    server.on("PUT", f"{STORE}/db/password", META | {"version": 2})
    outcome = client("-o", "raw", "secrets", "rotate", "db/password", stdin=b"r0tat3d")
    assert (outcome.code, outcome.text) == (0, "2\n")


def test_recover_sends_the_time(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{STORE}/recover/a/b", META)
    assert client("secrets", "recover", "a/b", "--at", "2026-06-25T12:00:00Z").code == 0
    assert server.asked[0].body == {"at": "2026-06-25T12:00:00Z"}


@pytest.mark.parametrize(
    "words, stdin",
    [
        (("put",), b"x"),
        (("put", "a"), b""),
        (("put", "a"), b"\xff"),
        (("put", "a"), b"x" * (1024 * 1024 + 1)),
        (("put", "a", "--metadata", "team"), b"x"),
        (("put", "a", "--metadata", "k=1", "--metadata", "k=2"), b"x"),
        (("put", "a", "-f", "-", "--binary"), b"{}"),
        (("put", "a", "-f", "-"), b"[]"),
        (("put", "a", "-f", "-"), b"{"),
        (("put", "a", "--file", "/nonexistent"), b""),
        (("put", "../b"), b"x"),
        (("put", "/b"), b"x"),
        (("put", "b/"), b"x"),
        (("put", "import", "-f", "-"), b'{"values": {}}'),
        (("put", "destroy/a", "-f", "-"), b'{"all": true}'),
        (("rotate",), b"x"),
        (("rotate", "a", "--cas", "-1"), b"x"),
        (("recover", "a"), b""),
    ],
)
def test_wrong_usage_is_refused_before_anything_is_sent(
    server: FakeServer, client: Client, words: tuple[str, ...], stdin: bytes
) -> None:
    outcome = client("secrets", *words, stdin=stdin)
    assert outcome.code == 2
    assert outcome.err
    assert server.asked == []


def test_the_client_knows_every_name_that_is_a_route() -> None:
    assert RESERVED == names.RESERVED


def test_a_value_on_the_command_line_is_refused_and_not_repeated(server: FakeServer, client: Client) -> None:
    outcome = client("secrets", "put", "db/password", "s3cr3t-in-argv")
    assert outcome.code == 2
    assert "s3cr3t-in-argv" not in outcome.err
    assert "standard input" in outcome.err
    assert server.asked == []


def test_a_body_that_is_no_json_is_not_repeated(server: FakeServer, client: Client) -> None:
    outcome = client("secrets", "put", "a", "-f", "-", stdin=b'{"value": s3cr3t}')
    assert outcome.code == 2
    assert "s3cr3t" not in outcome.err
