"""Which requests are sent again."""

from __future__ import annotations

import pytest

from cli.client.errors import Problem, Unreachable
from cli.client.retries import ATTEMPTS, pause_before_next
from cli.client.transport import Untrusted
from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer, Prepared

PATH = "/api/v1/secrets/store/a"


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_change_is_repeated_with_the_same_key(server: FakeServer, client: Client, status: int) -> None:
    server.refuse("PUT", PATH, status, "passing", detail="not now")
    server.on("PUT", PATH, {"name": "a", "version": 2})
    assert client("secrets", "rotate", "a", stdin=b"x").code == 0
    first, second = server.asked
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    assert first.content == second.content


def test_a_broken_connection_is_tried_again(server: FakeServer, client: Client) -> None:
    server.on_raw("GET", PATH, Prepared(200, b"{", cut=True))
    server.on("GET", PATH, {"name": "a", "value": "x", "version": 1})
    assert client("secrets", "get", "a").out == b"x"


def test_it_gives_up_after_a_few_attempts(server: FakeServer, client: Client) -> None:
    server.refuse("GET", PATH, 503, "store-unavailable", detail="no disk")
    assert client("secrets", "get", "a").code == 7
    assert len(server.asked) == ATTEMPTS


@pytest.mark.parametrize(
    "status, code",
    [(503, "disabled"), (502, "backend-refused"), (400, "invalid"), (409, "conflict"), (500, "internal")],
)
def test_what_waiting_does_not_mend_is_not_repeated(server: FakeServer, client: Client, status: int, code: str) -> None:
    server.refuse("GET", PATH, status, code)
    client("secrets", "get", "a")
    assert len(server.asked) == 1


@pytest.mark.parametrize("code", ["already-replied", "version-conflict"])
def test_a_passing_conflict_is_repeated(server: FakeServer, client: Client, code: str) -> None:
    server.refuse("PUT", PATH, 409, code)
    server.on("PUT", PATH, {"name": "a", "version": 2})
    assert client("secrets", "rotate", "a", stdin=b"x").code == 0


@pytest.mark.parametrize("told, pause", [("0", 0.0), ("3", 3.0), ("60", None)])
def test_the_server_may_say_how_long_to_wait(told: str, pause: float | None) -> None:
    assert pause_before_next(Problem(429, {"retry_after": told}), 1) == pause


def test_pauses_grow_and_end() -> None:
    pauses = [pause_before_next(Unreachable("gone"), attempt) for attempt in range(1, ATTEMPTS + 1)]
    assert pauses[-1] is None
    for attempt, pause in enumerate(pauses[:-1]):
        assert pause is not None
        assert 0.5 <= pause / (0.15 * 2**attempt) <= 1.5


def test_failed_trust_is_not_tried_again() -> None:
    assert pause_before_next(Untrusted("who are you"), 1) is None


def test_it_does_not_wait_past_its_timeout(server: FakeServer, client: Client) -> None:
    server.on("GET", PATH, {"status": 503}, 503, Retry_After="5")
    assert client("secrets", "get", "a", "--timeout", "0.5").code == 7
    assert len(server.asked) == 1
