"""What holds for every request, whatever its route: headers, ids, bounds, switches, and silence about values."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from api.edge import PUBLIC
from api.services import Limits
from domain.errors import StoreUnavailable
from tests.asgi_client import AsgiClient, exchange
from tests.assembly import Assembly
from tests.integration.api.tenants import EVENTS, INJECTIONS, STORE, TOKENS, WHOAMI, Tenant, refused

pytestmark = pytest.mark.anyio


def with_services(tenant: Tenant, **changes: Any) -> AsgiClient:
    """The tenant's client on an API with other services."""
    return AsgiClient(tenant.system.app(**changes), tenant.client.token)


@pytest.fixture
async def answers(acme: Tenant) -> list[Any]:
    """Answers of every kind: good, refused by each layer, replayed, public."""
    await acme.put("a", "x")
    asked: list[tuple[str, str, object]] = [
        ("GET", f"{STORE}/a", None),
        ("GET", STORE, None),
        ("DELETE", f"{STORE}/a", None),
        ("GET", f"{STORE}/a", None),
        ("GET", f"{STORE}/..", None),
        ("POST", f"{STORE}/b", {"value": 1}),
        ("PATCH", f"{STORE}/b", {"value": 1}),
        ("GET", "/no/such/route", None),
        ("OPTIONS", f"{STORE}/b", None),
        *(("GET", path, None) for path in sorted(PUBLIC)),
    ]
    found = [await acme(method, target, body) for method, target, body in asked]
    found.append(await AsgiClient(acme.app)("GET", WHOAMI))
    key = {"idempotency-key": "k"}
    found += [await acme("POST", f"{STORE}/c", {"value": "x"}, headers=key) for _ in range(2)]
    return found


async def test_every_answer_may_be_kept_by_nobody(answers: list[Any]) -> None:
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["strict-transport-security"].startswith("max-age=")


async def test_every_answer_has_a_request_id_of_its_own(answers: list[Any]) -> None:
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert len(set(ids)) == len(ids)


async def test_no_answer_without_content_tells_a_length(answers: list[Any]) -> None:
    for answer in answers:
        if answer.status == 204:
            assert "content-length" not in answer.headers
            assert answer.body == b""


async def test_request_id_is_not_taken_from_the_client(acme: Tenant) -> None:
    answer = await acme("GET", WHOAMI, headers={"x-request-id": "forged"})
    assert answer.headers["x-request-id"] != "forged"


async def test_public_paths_need_no_token(acme: Tenant) -> None:
    client = AsgiClient(acme.app)
    for path in PUBLIC:
        answer = await client("GET", path)
        assert answer.status == (503 if path.endswith("/key") else 200), answer  # this system signs no checkpoints
        assert (await client("POST", path)).status == 405, path


async def test_unknown_route_is_told_as_such(acme: Tenant) -> None:
    for target in ("/", "/api/v1", "/api/v2/secrets/store", "/api/v1/secrets", "/API/v1/secrets/store"):
        refused(await acme("GET", target), 404, "not-found")


async def test_body_over_its_bound_is_refused_before_it_is_read(acme: Tenant) -> None:
    client = with_services(acme, limits=Limits(body_bytes=1000, import_bytes=2000))
    for target, bound in ((f"{STORE}/a", 1000), (f"{STORE}/import", 2000)):
        body = b"x" * (bound + 1)
        refused(await client("POST", target, content=body), 413, "too-large")
        chunked = {"transfer-encoding": "chunked", "content-length": ""}
        refused(await client("POST", target, content=body, headers=chunked), 413, "too-large")
        refused(await client("POST", target, headers={"content-length": str(bound + 1)}), 413, "too-large")
        refused(await client("POST", target, content=b"x" * bound), 400, "invalid")


async def test_slow_body_is_given_up(acme: Tenant) -> None:
    app = acme.system.app(limits=Limits(client_timeout_seconds=0.05))
    sent: list[Any] = []

    async def never() -> Any:
        await asyncio.sleep(60)

    async def send(message: Any) -> None:
        sent.append(message)

    scope: Any = {
        "type": "http", "http_version": "1.0", "method": "POST", "path": f"{STORE}/a", "raw_path": b"",
        "query_string": b"",
        "headers": [(b"authorization", f"Bearer {acme.client.token}".encode()), (b"content-length", b"10")],
    }  # fmt: skip
    async with asyncio.timeout(5):
        await app(scope, never, send)
    assert sent[0]["status"] in {400, 408}


async def test_client_that_goes_away_changes_nothing(acme: Tenant) -> None:
    fields = {"authorization": f"Bearer {acme.client.token}", "content-length": "100"}
    before = await acme.system.head()
    answer = await exchange(acme.app, "POST", f"{STORE}/a", b"", fields)
    assert answer.status == 400
    assert await acme.system.head() == before


async def test_token_that_asks_too_often_is_slowed(acme: Tenant) -> None:
    client = with_services(acme, limits=Limits(requests_per_second=5))
    answers = [await client("GET", WHOAMI) for _ in range(12)]
    limited = [answer for answer in answers if answer.status == 429]
    assert len(limited) >= 5
    refused(limited[0], 429, "too-many-requests")
    assert int(limited[0].headers["retry-after"]) >= 1
    neighbour = AsgiClient(client.app, await acme.system.new_token(acme.id))
    assert (await neighbour("GET", WHOAMI)).status == 200


async def test_secrets_surface_that_is_off_answers_why_and_nothing_else_is_off(acme: Tenant) -> None:
    await acme.put("a", "x")
    before = await acme.system.head()
    client = with_services(acme, secrets_disabled="the secrets API is off; set secrets.enable_api: true")
    for method, target, body in (
        ("GET", f"{STORE}/a", None),
        ("POST", f"{STORE}/b", {"value": "x"}),
        ("GET", STORE, None),
        ("GET", f"{STORE}/", None),
        ("POST", INJECTIONS, {"variables": {"A": "a"}}),
    ):
        problem = refused(await client(method, target, body), 503, "disabled")
        assert "enable_api" in problem["detail"]
    assert (await client("GET", WHOAMI)).status == 200
    assert (await client("GET", TOKENS)).status == 200
    assert (await client("GET", "/healthz")).status == 200
    assert await acme.system.head() == before


async def test_readiness_tells_what_is_wrong(acme: Tenant) -> None:
    async def not_ready() -> dict[str, str]:
        return {"store": "ok", "kek": "the KEK file is missing"}

    answer = await with_services(acme, ready=not_ready)("GET", "/readyz")
    assert answer.status == 503
    assert answer.json()["checks"] == {"store": "ok", "kek": "the KEK file is missing"}
    assert (await acme("GET", "/readyz")).json()["status"] == "ready"


class Failing:
    """Stands in for the log; every append fails."""

    async def append(self, entry: object) -> int:
        raise StoreUnavailable("the store could not be written; nothing was changed")


async def test_read_that_cannot_be_audited_gives_no_value(acme: Tenant) -> None:
    await acme.put("a", "hunter2", "${secret.b}")
    await acme.put("b", "hunter3")
    reads = acme.system.reads  # by which all others append
    log = reads._log
    try:
        reads._log = Failing()
        for method, target, body in (
            ("GET", f"{STORE}/a", None),
            ("GET", f"{STORE}/a?version=1", None),
            ("GET", f"{STORE}/a?resolve=true", None),
            ("GET", f"{STORE}/history/a?version=1", None),
            ("GET", f"{STORE}/export", None),
            ("GET", f"{STORE}/diff/a?from=1&to=2&reveal=true", None),
            ("GET", f"{STORE}/diff/a?from=1&to=2", None),
            ("GET", f"{STORE}/diff?left=a&right=b", None),
            ("POST", INJECTIONS, {"variables": {"A": "a"}}),
        ):
            answer = await acme(method, target, body)
            refused(answer, 503, "store-unavailable")
            assert b"hunter" not in answer.body
            assert answer.headers["retry-after"] == "1"
    finally:
        reads._log = log


async def test_fault_of_ours_is_told_in_no_detail_and_logged_whole(
    acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    async def faulty() -> dict[str, str]:
        raise ZeroDivisionError("hunter2")

    with caplog.at_level(logging.ERROR):
        answer = await with_services(acme, ready=faulty)("GET", "/readyz")
    refused(answer, 500, "internal")
    assert b"hunter2" not in answer.body
    assert b"ZeroDivision" not in answer.body
    assert "ZeroDivisionError" in caplog.text


async def test_no_value_is_in_the_log_files_of_the_store_or_the_messages(
    acme: Tenant, caplog: pytest.LogCaptureFixture
) -> None:
    marker = "hunter2-everywhere-4711"
    with caplog.at_level(logging.DEBUG):
        await acme.put("a", marker, f"{marker}-2")
        await acme("POST", f"{STORE}/a", {"value": marker})
        await acme("POST", f"{STORE}/b", {"value": marker, "unknown": marker})
        await acme("PUT", f"{STORE}/a", {"value": marker}, headers={"idempotency-key": "k"})
        await acme("POST", f"{STORE}/import", {"prefix": "i", "values": {"x": marker}})
        for target in ("a", "history/a?version=1", "export", "diff/a?from=1&to=2&reveal=true", "a?resolve=true"):
            assert marker.encode() in (await acme("GET", f"{STORE}/{target}")).body
        await acme("POST", INJECTIONS, {"variables": {"A": "a"}})
    told = caplog.text + "".join(str(vars(record)) for record in caplog.records)
    assert marker not in told
    for path in acme.system.folder.iterdir():
        assert marker.encode() not in path.read_bytes(), path


async def test_requests_are_counted_by_route_and_never_by_path(acme: Tenant, system: Assembly) -> None:
    from api.metrics import Metrics  # noqa: PLC0415 - only here

    client = with_services(acme, metrics=Metrics("0"))
    await client("POST", f"{STORE}/app/hidden-name", {"value": "x"})
    await client("GET", "/no/such/hidden-name")
    await client("GET", f"{EVENTS}?limit=1")
    text = (await client("GET", "/metrics")).body.decode()
    assert 'trstctl_http_requests_total{method="POST",route="/api/v1/secrets/store/{path}",status="201"} 1.0' in text
    assert 'trstctl_http_requests_total{method="GET",route="/api/v1/audit/events",status="200"} 1.0' in text
    assert "hidden-name" not in text
