"""`ephemeral api-keys issue`."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer

KEYS = "/api/v1/ephemeral/api-keys"
ISSUED = {
    "id": "t1",
    "subject": "ci-preview-deploy",
    "scopes": ["access:read"],
    "created_at": "T",
    "expires_at": "U",
    "token": "trst_n",
}
BODY = {"subject": "ci-preview-deploy", "scopes": ["access:read"], "ttl_seconds": 900}


def test_issue_takes_a_body_and_an_idempotency_key(server: FakeServer, client: Client) -> None:
    server.on("POST", KEYS, ISSUED, 201)
    words = ("--idempotency-key", "ci-preview-key", "ephemeral", "api-keys", "issue", "-f", "-", "-o", "json")
    outcome = client(*words, stdin=json.dumps(BODY).encode())
    assert (outcome.code, json.loads(outcome.out)) == (0, ISSUED)
    assert server.asked[0].body == BODY
    assert server.asked[0].headers["Idempotency-Key"] == "ci-preview-key"


def test_issue_takes_options_and_prints_the_key_alone(server: FakeServer, client: Client) -> None:
    server.on("POST", KEYS, ISSUED, 201)
    words = ("--subject", "ci", "--scope", "access:read", "--scope", "secrets:list", "--ttl", "15m", "-o", "raw")
    outcome = client("ephemeral", "api-keys", "issue", *words)
    assert (outcome.code, outcome.text) == (0, "trst_n\n")
    assert server.asked[0].body == {"subject": "ci", "scopes": ["access:read", "secrets:list"], "ttl_seconds": 900}


def test_issue_without_a_subject_leaves_it_to_the_server(server: FakeServer, client: Client) -> None:
    server.on("POST", KEYS, ISSUED, 201)
    assert client("ephemeral", "api-keys", "issue", "--scope", "access:read", "--ttl", "60").code == 0
    assert server.asked[0].body == {"scopes": ["access:read"], "ttl_seconds": 60}


def test_issue_for_an_empty_subject_is_not_for_yourself(server: FakeServer, client: Client) -> None:
    server.on("POST", KEYS, ISSUED, 201)
    client("ephemeral", "api-keys", "issue", "--subject", "", "--scope", "access:read", "--ttl", "60")
    assert server.asked[0].body["subject"] == ""


def test_issue_with_a_used_key_says_that_it_was_shown(server: FakeServer, client: Client) -> None:
    server.on("POST", KEYS, {**ISSUED, "token": None, "replayed": True}, 201)
    outcome = client("ephemeral", "api-keys", "issue", "--scope", "access:read", "--ttl", "60", "-o", "raw")
    assert (outcome.code, outcome.out) == (0, b"")
    assert "used before" in outcome.err


@pytest.mark.parametrize(
    "words",
    [(), ("--scope", "a:b"), ("--ttl", "60"), ("--scope", "a:b", "--ttl", "soon"), ("-f", "-", "--ttl", "60")],
)
def test_issue_of_what_never_ends_or_does_nothing_is_refused(
    server: FakeServer, client: Client, words: tuple[str, ...]
) -> None:
    assert client("ephemeral", "api-keys", "issue", *words, stdin=b"{}").code == 2
    assert server.asked == []
