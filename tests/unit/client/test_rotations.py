"""`rotations` and `rotation-schedules`."""

from __future__ import annotations

import json

import pytest

from tests.unit.client.conftest import Client
from tests.unit.client.fake_server import FakeServer, Prepared

ROTATIONS = "/api/v1/secrets/rotations"
SCHEDULES = "/api/v1/secrets/rotation-schedules"
DONE = {"id": "rot_1", "state": "completed", "completed": True, "rolled_back": False, "failed_phase": None}
UNDONE = {"id": "rot_1", "state": "rolled_back", "completed": False, "rolled_back": True, "failed_phase": "verify"}
BODY = {"provider": "app-db", "key": "db/reporting", "old_ref": "reporting"}
SCHEDULE = {"id": "rsc_1", "name": "weekly", "enabled": True}


@pytest.mark.parametrize(
    "answer, code", [(DONE, 0), (DONE | {"state": "retiring", "completed": False}, 0), (UNDONE, 1)]
)
def test_run_tells_by_its_exit_code_whether_all_is_as_before(
    server: FakeServer, client: Client, answer: dict[str, object], code: int
) -> None:
    server.on("POST", ROTATIONS, answer)
    outcome = client("secrets", "rotations", "run", "-f", "-", "-o", "json", stdin=json.dumps(BODY).encode())
    assert (outcome.code, json.loads(outcome.out)) == (code, answer)
    assert server.asked[0].body == BODY


def test_run_takes_options(server: FakeServer, client: Client) -> None:
    server.on("POST", ROTATIONS, DONE)
    words = ("db/reporting", "--provider", "app-db", "--old-ref", "reporting", "--grace", "10m")
    assert client("rotations", "run", *words, "-o", "raw").text == "completed\n"
    assert server.asked[0].body == BODY | {"grace_seconds": 600}


@pytest.mark.parametrize("words", [(), ("db/reporting",), ("-f", "-", "--grace", "1m"), ("a", "-f", "-")])
def test_run_of_too_little_is_refused(server: FakeServer, client: Client, words: tuple[str, ...]) -> None:
    assert client("rotations", "run", *words, stdin=b"{}").code == 2
    assert server.asked == []


def test_list_and_show(server: FakeServer, client: Client) -> None:
    server.on("GET", ROTATIONS, {"items": [DONE], "next_cursor": None})
    server.on("GET", f"{ROTATIONS}/rot_1", DONE)
    words = ("--key", "db/reporting", "--schedule", "rsc_1", "-o", "raw")
    assert client("rotations", "list", *words).text == "rot_1\n"
    assert {"key": "db/reporting", "schedule_id": "rsc_1"}.items() <= server.asked[0].query.items()
    assert client("rotations", "show", "rot_1", "-o", "raw").text == "completed\n"


def test_create_sends_times_in_seconds(server: FakeServer, client: Client) -> None:
    server.on("POST", SCHEDULES, SCHEDULE, 201)
    what = ("--name", "weekly", "--key", "db/reporting", "--provider", "app-db", "--old-ref", "reporting")
    when = ("--every", "7d", "--window", "22:00-04:00", "--timezone", "Europe/Vienna", "--grace", "1h", "--paused")
    assert client("secrets", "rotation-schedules", "create", *what, *when, "-o", "raw").text == "rsc_1\n"
    assert server.asked[0].body == BODY | {
        "name": "weekly",
        "interval_seconds": 604800,
        "window": "22:00-04:00",
        "timezone": "Europe/Vienna",
        "grace_seconds": 3600,
        "enabled": False,
    }


def test_create_takes_a_whole_body(server: FakeServer, client: Client) -> None:
    server.on("POST", SCHEDULES, SCHEDULE, 201)
    assert client("rotation-schedules", "create", "-f", "-", stdin=b'{"cron":"0 3 * * *"}').code == 0
    assert server.asked[0].body == {"cron": "0 3 * * *"}
    assert client("rotation-schedules", "create", "--every", "1d").code == 2
    assert client("rotation-schedules", "create", "-f", "-", "--every", "1d", stdin=b"{}").code == 2


@pytest.mark.parametrize(
    "words, body",
    [
        (("change", "rsc_1", "--cron", "0 3 * * *"), {"cron": "0 3 * * *"}),
        (("change", "rsc_1", "--grace", "5m", "--name", "n"), {"grace_seconds": 300, "name": "n"}),
        (("pause", "rsc_1"), {"enabled": False}),
        (("resume", "rsc_1"), {"enabled": True}),
    ],
)
def test_a_change_sends_what_is_given(
    server: FakeServer, client: Client, words: tuple[str, ...], body: dict[str, object]
) -> None:
    server.on("PATCH", f"{SCHEDULES}/rsc_1", SCHEDULE)
    assert client("rotation-schedules", *words).code == 0
    assert server.asked[0].body == body


def test_a_change_of_nothing_is_refused(server: FakeServer, client: Client) -> None:
    assert client("rotation-schedules", "change", "rsc_1").code == 2
    assert server.asked == []


def test_run_now_list_show_and_remove(server: FakeServer, client: Client) -> None:
    server.on("POST", f"{SCHEDULES}/rsc_1/run", {"schedule_id": "rsc_1", "rotation_id": "rot_7"}, 202)
    server.on("GET", SCHEDULES, {"items": [SCHEDULE], "next_cursor": None})
    server.on("GET", f"{SCHEDULES}/rsc_1", SCHEDULE)
    server.on_raw("DELETE", f"{SCHEDULES}/rsc_1", Prepared(204, b""))
    told = [
        client("rotation-schedules", *words, "-o", "raw").text
        for words in (("run", "rsc_1"), ("list",), ("show", "rsc_1"), ("remove", "rsc_1"))
    ]
    assert told == ["rot_7\n", "rsc_1\n", "rsc_1\n", "rsc_1\n"]
