"""`audit`."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer, Prepared

AUDIT = "/api/v1/audit"
NOTE = "trstctl/log\n42\nq83v\n\n— trstctl c2ln\n"


def event(position: int, **body: object) -> dict[str, object]:
    return {"position": position, "time": "T", "type": "secret.read", "actor": "ann", "request_id": "r1", "body": body}


def test_events_asks_for_the_newest_and_shows_them(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{AUDIT}/events", {"items": [event(2, path="a"), event(1, subject="ci")], "next_cursor": None})
    lines = client("audit", "events").text.splitlines()
    assert lines[1].split() == ["2", "T", "secret.read", "a", "ann", "r1"]
    assert lines[2].split() == ["1", "T", "secret.read", "ci", "ann", "r1"]
    assert server.asked[0].query == {"order": "desc", "limit": "50"}


def test_events_passes_every_filter_on(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{AUDIT}/events", {"items": [event(1)], "next_cursor": None})
    filters = {"type": "secret.read", "actor": "ann", "path": "a/*", "since": "S", "until": "U"}
    words = [word for name, value in filters.items() for word in (f"--{name}", value)]
    assert client("audit", "events", *words, "-q", "pay", "--oldest-first", "--all", "-o", "raw").text == "1\n"
    assert server.asked[0].query == {**filters, "q": "pay", "order": "asc", "limit": "1000"}


def test_events_stops_at_its_limit(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{AUDIT}/events", {"items": [event(2), event(1)], "next_cursor": "next:1"})
    assert client("audit", "events", "--limit", "2").code == 0
    assert len(server.asked) == 1


def test_export_is_passed_on_as_it_comes(server: FakeServer, client: Client) -> None:
    lines = b'{"position":1}\n{"position":2}\n'
    server.on_raw("GET", f"{AUDIT}/export", Prepared(200, lines))
    assert client("audit", "export").out == lines


def test_an_export_that_breaks_off_is_an_error(server: FakeServer, client: Client) -> None:
    server.on_raw("GET", f"{AUDIT}/export", Prepared(200, b'{"position":1}\n', cut=True))
    assert client("audit", "export").code == 7


@pytest.mark.parametrize("answer, code, word", [({"intact": True}, 0, "intact"), ({"intact": False}, 1, "broken")])
def test_verify_tells_by_its_exit_code(
    server: FakeServer, client: Client, answer: dict[str, object], code: int, word: str
) -> None:
    server.on("POST", f"{AUDIT}/verify", answer | {"events": 7})
    outcome = client("audit", "verify", "-o", "raw")
    assert (outcome.code, outcome.text) == (code, f"{word}\n")
    assert "Idempotency-Key" not in server.asked[0].headers


def test_verify_that_could_not_be_done_is_not_intact(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{AUDIT}/verify", {})
    assert client("audit", "verify").code == 1


def test_checkpoints_are_shown_and_written_out(server: FakeServer, client: Client) -> None:
    server.on("GET", f"{AUDIT}/checkpoints", {"items": [NOTE]})
    assert client("audit", "checkpoints", "-o", "raw").text == NOTE
    assert client("audit", "checkpoints").text.splitlines()[1].split() == ["trstctl/log", "42", "q83v"]
    assert json.loads(client("audit", "checkpoints", "-o", "json").out) == {"items": [NOTE]}


def test_a_checkpoint_is_signed_now_if_asked(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{AUDIT}/checkpoints", {"items": [NOTE]})
    assert client("audit", "checkpoints", "--now", "-o", "raw").text == NOTE


def test_key_is_shown(server: FakeServer, client: Client) -> None:
    server.on_raw("GET", f"{AUDIT}/key", Prepared(200, b"trstctl/log+abc+def\n", {"Content-Type": "text/plain"}))
    assert client("audit", "key", "-o", "raw").text == "trstctl/log+abc+def\n"
