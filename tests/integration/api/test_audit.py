"""The audit log as a tenant searches it: by type, time, actor, path and text, and both ways through its pages."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

import pytest

from tests.asgi_client import AsgiClient
from tests.integration.api.tenants import EVENTS, INJECTIONS, STORE, TOKENS, WHOAMI, Tenant, refused

pytestmark = pytest.mark.anyio


async def page(client: AsgiClient | Tenant, **query: object) -> dict[str, Any]:
    text = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    answer = await client("GET", f"{EVENTS}?{text}")
    assert answer.status == 200, answer
    told: dict[str, Any] = answer.json()
    return told


async def positions(client: AsgiClient | Tenant, **query: object) -> list[int]:
    """Positions found, oldest first."""
    return [event["position"] for event in (await page(client, order="asc", limit=1000, **query))["items"]]


@pytest.fixture
async def busy(acme: Tenant) -> Tenant:
    """A tenant with a history."""
    await acme.put("app/db", "one", "two")
    await acme.put("other", "x")
    await acme("GET", f"{STORE}/app/db")
    await (await acme.holding("*", subject="ci"))("GET", f"{STORE}/other")
    await acme("POST", INJECTIONS, {"variables": {"A": "app/db", "B": "other"}})
    await acme("GET", f"{STORE}/diff/app/db?from=1&to=2")
    await acme("DELETE", f"{STORE}/app/db")
    return acme


async def test_what_was_just_done_is_found(acme: Tenant) -> None:
    for number in range(3):
        await acme.put(f"a{number}", "x")
        newest = (await page(acme, limit=1))["items"][0]
        assert (newest["type"], newest["body"]["path"]) == ("secret.version.written", f"a{number}")


async def test_event_is_told_with_its_place_in_the_chain(acme: Tenant) -> None:
    answer = await acme("POST", f"{STORE}/a", {"value": "hunter2"})
    (event,) = (await page(acme, limit=1))["items"]
    ((row),) = await acme.system.rows(
        "SELECT id, stream, version, type, tenant, time, actor, request_id, hash FROM events WHERE position = ?",
        answer.position,
    )
    names = ("id", "stream", "version", "type", "tenant", "time", "actor", "request_id")
    assert tuple(event[name] for name in names) == row[:-1]
    assert (event["position"], event["hash"]) == (answer.position, row[-1].hex())
    assert event["request_id"] == answer.headers["x-request-id"]
    assert event["body"]["path"] == "a"
    assert len(event["body"]["salt"]) == 32
    assert "hunter2" not in str(event)


async def test_events_are_found_by_type(busy: Tenant) -> None:
    every = await busy.events()
    for topic in {event["type"] for event in every}:
        assert await positions(busy, type=topic) == [each["position"] for each in every if each["type"] == topic]
    both = await positions(busy, type="secret.deleted,secret.injected")
    assert both == [each["position"] for each in every if each["type"] in {"secret.deleted", "secret.injected"}]
    assert await positions(busy, type="no.such") == []
    assert await positions(busy) == [each["position"] for each in every]


async def test_events_are_found_by_path(busy: Tenant) -> None:
    found = [event["type"] for event in (await page(busy, path="app/db", order="asc"))["items"]]
    assert found == [
        "secret.created", "secret.version.written", "secret.version.written", "secret.read", "secret.injected",
        "secret.compared", "secret.deleted",
    ]  # fmt: skip
    assert await positions(busy, path="app/*") == await positions(busy, path="app/db")
    assert len(await positions(busy, path="other")) == 4
    assert await positions(busy, path="app") == []


async def test_events_are_found_by_actor(busy: Tenant) -> None:
    (read,) = (await page(busy, actor="ci"))["items"]
    assert (read["type"], read["body"]["path"]) == ("secret.read", "other")
    assert await positions(busy, actor=read["actor"]) == [read["position"]]
    assert len(await positions(busy, actor="ops")) > 5
    assert await positions(busy, actor="nobody") == []


async def test_events_are_found_by_text(busy: Tenant) -> None:
    assert await positions(busy, q="APP/D") == await positions(busy, path="app/db")
    assert await positions(busy, q="injected") == await positions(busy, type="secret.injected")
    assert await positions(busy, q="%") == []
    assert await positions(busy, q="'; DROP TABLE events; --") == []


async def test_events_are_found_by_time_in_any_offset(acme: Tenant) -> None:
    clock = acme.system.clock
    clock.advance(hours=-12)
    marks = []
    for number in range(3):
        await acme.put(f"a{number}", "x")
        clock.advance(hours=1)
        marks.append(clock())
        clock.advance(hours=1)

    async def between(since: datetime, until: datetime) -> set[str]:
        events = (await page(acme, since=since.isoformat(), until=until.isoformat()))["items"]
        return {event["body"]["path"] for event in events}

    assert await between(marks[0], marks[1]) == {"a1"}
    for offset in (timedelta(hours=14), timedelta(hours=-9, minutes=-30)):
        away = timezone(offset)
        assert await between(marks[0].astimezone(away), marks[1].astimezone(away)) == {"a1"}
    exact = (await page(acme, path="a2", limit=1))["items"][0]["time"]
    assert len(await positions(acme, path="a2", since=exact)) == 2
    assert await positions(acme, path="a2", until=exact) == []


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
async def test_cursors_lead_through_everything_and_back(order: str, limit: int, busy: Tenant) -> None:
    wanted = await positions(busy, actor="ops")
    if order == "desc":
        wanted.reverse()
    pages = [await page(busy, order=order, limit=limit, actor="ops")]
    assert pages[0]["previous_cursor"] is None
    while pages[-1]["next_cursor"]:
        pages.append(await page(busy, order=order, limit=limit, actor="ops", cursor=pages[-1]["next_cursor"]))
    assert [event["position"] for each in pages for event in each["items"]] == wanted
    assert all(len(each["items"]) == limit for each in pages[:-1])
    for earlier, later in zip(reversed(pages[:-1]), reversed(pages[1:]), strict=True):
        back = await page(busy, order=order, limit=limit, actor="ops", cursor=later["previous_cursor"])
        assert back["items"] == earlier["items"]
        assert back["next_cursor"] is not None
        assert (back["previous_cursor"] is None) == (earlier is pages[0])


async def test_newest_come_first_unless_asked(busy: Tenant) -> None:
    newest = [event["position"] for event in (await page(busy, limit=5))["items"]]
    assert newest == sorted(newest, reverse=True)
    assert newest[0] == (await busy.events())[-1]["position"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=x", "order=up", "cursor=x", "cursor=next:", "cursor=next:x", "cursor=next:-1",
        "cursor=later:1", "cursor=next:" + "9" * 30, "since=yesterday", "since=2026-06-25", "until=2026-06-25T12:00:00",
        "since=0001-01-01T00:00:00%2B14:00", "type=" + ",".join("x" * 51), "q=" + "x" * 1101, "path=%00", "tenant=x",
        "actor=" + "x" * 1101,
    ],
)  # fmt: skip
async def test_wrong_parameter_is_refused(query: str, acme: Tenant) -> None:
    refused(await acme("GET", f"{EVENTS}?{query}"), 400, "invalid")


async def test_reading_the_log_needs_its_scope_and_verifying_another(acme: Tenant) -> None:
    auditor, operator = await acme.holding("role:auditor"), await acme.holding("secrets:read", "audit:verify")
    for target in (EVENTS, "/api/v1/audit/export"):
        assert (await auditor("GET", target)).status == 200
        refused(await operator("GET", target), 403, "forbidden")
    assert (await operator("POST", "/api/v1/audit/verify")).json()["intact"] is True
    refused(await (await acme.holding("audit:read"))("POST", "/api/v1/audit/verify"), 403, "forbidden")
    refused(await (await acme.holding("audit:verify"))("GET", "/api/v1/audit/checkpoints"), 403, "forbidden")
    refused(await (await acme.holding("audit:read"))("POST", "/api/v1/audit/checkpoints"), 403, "forbidden")


async def test_auditor_sees_who_did_what_and_no_value(busy: Tenant) -> None:
    auditor = await busy.holding("role:auditor")
    assert len(await positions(auditor, path="app/db")) == 7
    for target in (f"{STORE}/other", f"{STORE}/history/other?version=1", f"{STORE}/export"):
        refused(await auditor("GET", target), 403, "forbidden")
    refused(await auditor("POST", INJECTIONS, {"variables": {"A": "other"}}), 403, "forbidden")
    assert (await auditor("GET", WHOAMI)).status == 200
    refused(await auditor("GET", TOKENS), 403, "forbidden")


async def test_refused_requests_leave_no_event(acme: Tenant) -> None:
    before = await acme.events()
    for method, target, body in (
        ("GET", f"{STORE}/a", None), ("POST", f"{STORE}/..", {"value": "x"}), ("DELETE", f"{STORE}/a", None),
        ("GET", EVENTS, None), ("GET", STORE, None), ("GET", WHOAMI, None), ("GET", TOKENS, None),
    ):  # fmt: skip
        await acme(method, target, body)
    assert await acme.events() == before
