"""`secrets approvals`, what the client says of a refusal, and `--break-glass`."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer, Prepared

STORE = "/api/v1/secrets/store"
APPROVALS = "/api/v1/approvals"
DECISION = {"id": "apr_1", "resource": "secret:db/password", "approvals": 1, "needed": 2, "state": "pending"}
PROBLEM = {
    "status": 403, "code": "approval-required", "detail": "to rotate 'a' needs approval", "request_id": "1",
    "approval_id": "apr_1", "resource": "secret:a", "action": "rotate", "missing": 2, "needed": 2,
}  # fmt: skip


@pytest.mark.parametrize(
    "words, body",
    [
        (("--action", "rotate"), {"action": "rotate"}),
        (("--action", "rotate", "--id", "apr_1"), {"action": "rotate", "id": "apr_1"}),
        (("-f", "-"), {"action": "delete"}),
    ],
)
def test_approve_sends_action_and_id(
    server: FakeServer, client: Client, words: tuple[str, ...], body: dict[str, object]
) -> None:
    server.on("POST", f"{STORE}/approvals/db/password", DECISION)
    outcome = client(
        "secrets", "approvals", "approve", "db/password", *words, "-o", "json", stdin=b'{"action":"delete"}'
    )
    assert (outcome.code, json.loads(outcome.out)) == (0, DECISION)
    assert server.asked[0].body == body
    assert "Idempotency-Key" in server.asked[0].headers


@pytest.mark.parametrize(
    "words",
    [(), ("--action", "rename"), ("--action", "rotate", "-f", "-"), ("-f", "-", "--id", "apr_1"), ("--id", "apr_1")],
)
def test_what_is_approved_is_said_once(server: FakeServer, client: Client, words: tuple[str, ...]) -> None:
    assert client("secrets", "approvals", "approve", "db/password", *words, stdin=b"{}").code == 2
    assert server.asked == []


def test_list_goes_through_all_pages_with_what_was_asked(server: FakeServer, client: Client) -> None:
    server.on("GET", APPROVALS, {"items": [{"id": "apr_2"}], "next_cursor": "7"})
    server.on("GET", APPROVALS, {"items": [{"id": "apr_1"}], "next_cursor": None})
    words = ("--state", "pending", "--path", "db/*", "--requester", "ci")
    assert client("secrets", "approvals", "list", *words, "-o", "raw").text == "apr_2\napr_1\n"
    wanted = {"state": "pending", "path": "db/*", "requester": "ci"}
    assert [wanted.items() <= each.query.items() for each in server.asked] == [True, True]
    assert server.asked[1].query["cursor"] == "7"


def test_show_names_the_approvers(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{APPROVALS}/apr_1", DECISION | {"approvers": [{"subject": "ada", "person": "ada"}]})
    assert "ada" in client("secrets", "approvals", "show", "apr_1").text


def test_deny_wants_a_reason(server: FakeServer, client: Client) -> None:
    server.on_raw("POST", f"{APPROVALS}/apr_1/deny", Prepared(204, b""))
    assert client("secrets", "approvals", "deny", "apr_1").code == 2
    outcome = client("secrets", "approvals", "deny", "apr_1", "--reason", "no", "-o", "json")
    assert json.loads(outcome.out) == {"id": "apr_1", "state": "denied"}
    assert server.asked[0].body == {"reason": "no"}


def test_withdraw_gives_up_ones_own(server: FakeServer, client: Client) -> None:
    server.on_raw("POST", f"{APPROVALS}/apr_1/withdraw", Prepared(204, b""))
    assert client("secrets", "approvals", "withdraw", "apr_1", "-o", "raw").text == "apr_1\n"


def test_a_refusal_says_what_an_approver_types(server: FakeServer, client: Client) -> None:
    server.on_raw("PUT", f"{STORE}/a", Prepared(403, json.dumps(PROBLEM).encode()))
    outcome = client("secrets", "rotate", "a", stdin=b"value")
    assert outcome.code == 4
    assert "trstctl-cli secrets approvals approve a --action rotate" in outcome.err
    assert "approval_id: apr_1" in outcome.err


GLASS: list[tuple[str, str, tuple[str, ...]]] = [
    ("POST", f"{STORE}/a", ("secrets", "put", "a")),
    ("PUT", f"{STORE}/a", ("secrets", "rotate", "a")),
    ("POST", f"{STORE}/recover/a", ("secrets", "recover", "a", "--at", "2026-06-25T12:00:00Z")),
    ("DELETE", f"{STORE}/a", ("secrets", "delete", "a")),
    ("POST", f"{STORE}/undelete/a", ("secrets", "undelete", "a")),
    ("POST", f"{STORE}/destroy/a", ("secrets", "destroy", "a", "--all", "--yes")),
    ("POST", f"{STORE}/import", ("secrets", "import", "-", "--format", "json")),
    ("GET", f"{STORE}/a", ("secrets", "get", "a")),
    ("GET", f"{STORE}/history/a", ("secrets", "history", "a", "--version", "1")),
    ("GET", f"{STORE}/export", ("secrets", "export", "a")),
    ("GET", f"{STORE}/diff/a", ("secrets", "diff", "a", "--from", "1", "--to", "2")),
]


@pytest.mark.parametrize("method, path, words", GLASS)
def test_the_glass_is_broken_with_a_reason_in_utf_8(
    server: FakeServer, client: Client, method: str, path: str, words: tuple[str, ...]
) -> None:
    server.on(method, path, {"items": [], "destroyed": [], "equal": True, "values": {}, "value": "x", "version": 1})
    outcome = client(*words, "--break-glass", "Störung", stdin=b'{"x": "y"}')
    assert outcome.code == 0, outcome.err
    assert server.asked[0].headers["Trstctl-Break-Glass"].encode("latin-1").decode() == "Störung"


@pytest.mark.parametrize("reason", ["", " ", "a\nb", "x" * 501])
def test_the_glass_is_not_broken_without_one(server: FakeServer, client: Client, reason: str) -> None:
    assert client("secrets", "delete", "a", "--break-glass", reason).code == 2
    assert server.asked == []
