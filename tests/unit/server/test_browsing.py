"""What lists of events tell of each."""

from __future__ import annotations

from typing import Any

import pytest

from cli.server.browsing import LogEvent


def event(actor: str = "ada#tok_1", **body: Any) -> LogEvent:
    return LogEvent(
        position=1,
        id="00",
        stream="s",
        version=1,
        type="t",
        tenant="",
        time="2026-11-23T10:20:30.123456Z",
        actor=actor,
        request_id="r",
        body={"salt": "ff", **body},
        prev_hash="00",
        hash="00",
    )


@pytest.mark.parametrize(
    "body, told",
    [
        ({"how": "get", "number": 3, "path": "db/password"}, "db/password how=get number=3"),
        ({"variables": {"DB_PASSWORD": "db/password"}}, "DB_PASSWORD=db/password"),
        ({"everything": False, "numbers": [1, 2], "path": "a"}, "a numbers=1,2"),
        ({"path": "a", "seal_id": "00", "seal_digest": "11", "metadata": {}}, "a"),
        ({"hash": "22", "scopes": ["secrets:list"], "subject": "ci"}, "scopes=secrets:list subject=ci"),
    ],
)
def test_an_event_tells_a_person_what_it_is_about(body: dict[str, Any], told: str) -> None:
    assert event(**body).about == told


@pytest.mark.parametrize("actor, who", [("ada#tok_1", "ada"), ("operator#", "operator"), ("", "")])
def test_an_event_tells_who_without_the_token(actor: str, who: str) -> None:
    assert event(actor).who == who
