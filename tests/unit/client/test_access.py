"""`access tokens` and `whoami`."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer, Prepared

TOKENS = "/api/v1/access/api-tokens"
ISSUED = {
    "id": "t1",
    "subject": "ci",
    "scopes": ["secrets:list"],
    "created_at": "T",
    "expires_at": None,
    "token": "trst_n",
}


def test_create_prints_the_token_alone(server: FakeServer, client: Client) -> None:
    server.on("POST", TOKENS, ISSUED, 201)
    words = (
        "--subject",
        "ci",
        "--scopes",
        "secrets:list, secrets:read:app/*",
        "--scopes",
        "role:viewer",
        "--ttl",
        "1h30m",
    )
    outcome = client("access", "tokens", "create", *words, "-o", "raw")
    assert (outcome.code, outcome.text) == (0, "trst_n\n")
    assert server.asked[0].body == {
        "subject": "ci",
        "scopes": ["secrets:list", "secrets:read:app/*", "role:viewer"],
        "ttl_seconds": 5400,
    }


def test_create_takes_a_body(server: FakeServer, client: Client) -> None:
    server.on("POST", TOKENS, ISSUED, 201)
    body = {"subject": "ci", "scopes": ["secrets:list"], "ttl_seconds": 900}
    assert client("access", "tokens", "create", "-f", "-", stdin=json.dumps(body).encode()).code == 0
    assert server.asked[0].body == body


def test_create_with_a_used_key_says_that_the_token_was_shown(server: FakeServer, client: Client) -> None:
    server.on("POST", TOKENS, {**ISSUED, "token": None, "replayed": True}, 201)
    outcome = client("access", "tokens", "create", "--subject", "ci", "--scopes", "*", "-o", "raw")
    assert (outcome.code, outcome.out) == (0, b"")
    assert "used before" in outcome.err


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--subject", "ci"),
        ("--scopes", "*"),
        ("--subject", "ci", "--scopes", ","),
        ("--subject", "ci", "--scopes", "*", "--ttl", "soon"),
        ("-f", "-", "--subject", "ci"),
    ],
)
def test_create_for_nobody_or_nothing_is_refused(server: FakeServer, client: Client, words: tuple[str, ...]) -> None:
    assert client("access", "tokens", "create", *words, stdin=b"{}").code == 2
    assert server.asked == []


def test_list_shows_tokens(server: FakeServer, client: Client) -> None:
    server.on("GET", TOKENS, {"items": [{**ISSUED, "token": None}], "next_cursor": None})
    outcome = client("access", "tokens", "list", "--subject", "ci", "--include-revoked", "-o", "raw")
    assert outcome.text == "t1\n"
    assert server.asked[0].query == {"subject": "ci", "include_revoked": "true", "limit": "1000"}


def test_revoke_gives_the_reason(server: FakeServer, client: Client) -> None:
    server.on_raw("DELETE", f"{TOKENS}/t1", Prepared(204, b""))
    assert client("access", "tokens", "revoke", "t1", "--reason", "leaked", "--force").code == 0
    assert server.asked[0].body == {"reason": "leaked"}


@pytest.mark.parametrize("word", ["..", ".", ""])
def test_revoke_of_no_id_is_refused(server: FakeServer, client: Client, word: str) -> None:
    assert client("access", "tokens", "revoke", word).code == 2
    assert server.asked == []


def test_whoami_shows_the_principal(server: FakeServer, client: Client) -> None:
    principal = {"tenant": "default", "subject": "ann", "scopes": ["*"], "token_id": "t1", "expires_at": None}
    server.on("GET", "/api/v1/access/whoami", principal)
    assert client("whoami", "-o", "raw").text == "ann\n"
    assert json.loads(client("-o", "json", "whoami").out) == principal
    assert [line.split() for line in client("whoami").text.splitlines()] == [
        ["tenant", "default"],
        ["subject", "ann"],
        ["scopes", "*"],
        ["token", "id", "t1"],
    ]
