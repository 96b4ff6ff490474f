"""The short way and the router answer alike: every case goes through both, and what comes back is compared."""

from __future__ import annotations

import logging
import re
from itertools import count
from typing import Any, cast

import pytest

from api.app import create_litestar
from api.asgi import ASGIApp
from api.edge import Edge
from api.hot import table
from api.hot.door import HotDoor
from domain.errors import StoreUnavailable
from tests.asgi_client import Answer, AsgiClient
from tests.assembly import Assembly
from tests.integration.api.tenants import STORE, Tenant
from tests.integration.api.transit_calls import TRANSIT, b64, key, sealed

pytestmark = pytest.mark.anyio
_NUMBERS = count()
A = f"{STORE}/app/a"
VALUE = {"value": "x"}
CASES: list[tuple[str, str, object, dict[str, str]]] = [
    ("GET", A, None, {}),
    ("POST", A, {**VALUE, "metadata": {"b": "2", "a": "1"}, "content_type": "text/plain"}, {"idempotency-key": "1"}),
    ("POST", A, {**VALUE, "metadata": {"b": "2", "a": "1"}, "content_type": "text/plain"}, {"idempotency-key": "1"}),
    ("POST", A, {"value": "other"}, {"idempotency-key": "1"}),
    ("POST", A, VALUE, {}),
    ("GET", A, None, {}),
    ("GET", f"{A}?version=1", None, {}),
    ("GET", f"{A}?version=7", None, {}),
    ("GET", f"{A}?version=x&unknown=1", None, {}),
    ("GET", f"{A}?resolve=true", None, {}),
    ("PUT", A, {"value_b64": "/w=="}, {}),
    ("GET", A, None, {}),
    ("PUT", A, {**VALUE, "cas": 1}, {}),
    ("PUT", A, VALUE, {"if-match": '"2"'}),
    ("PUT", A, VALUE, {"if-match": "nonsense"}),
    ("PUT", A, VALUE, {"idempotency-key": "\x7f"}),
    ("PUT", A, {"value": 1}, {}),
    ("PUT", A, {"name": "app/b", "value": "x"}, {}),
    ("PUT", A, None, {}),
    ("PUT", f"{A}?x=1", VALUE, {}),
    ("PUT", A, VALUE, {"content-type": "text/plain"}),
    ("PUT", A, VALUE, {"trstctl-break-glass": ""}),
    ("PUT", f"{STORE}/none", VALUE, {}),
    ("PUT", f"{STORE}/guarded/none", VALUE, {}),
    ("GET", f"{STORE}/..", None, {}),
    ("GET", f"{STORE}/a%20b", None, {}),
    ("GET", f"{STORE}/", None, {}),
    ("GET", f"{STORE}/a//b", None, {}),
    ("GET", f"{STORE}/a/", None, {}),
    ("GET", f"{STORE}/%C3%A4", None, {}),
    ("GET", f"{STORE}/history/app/a", None, {}),
    ("PUT", f"{STORE}/history/app/a", VALUE, {}),
    ("GET", f"{STORE}/destroy", None, {}),
    ("HEAD", A, None, {}),
    ("PATCH", A, VALUE, {}),
    ("DELETE", A, None, {}),
    ("GET", A, None, {}),
    ("GET", A, None, {"authorization": "Bearer nobody"}),
    ("POST", f"{TRANSIT}/encrypt", {"key": "orders", "plaintext": b64("x")}, {}),
    ("POST", f"{TRANSIT}/encrypt", {"key": "orders", "items": [{"plaintext": b64("x")}, {"plaintext": "!"}]}, {}),
    ("POST", f"{TRANSIT}/encrypt", {"key": "none", "plaintext": b64("x")}, {}),
    ("POST", f"{TRANSIT}/encrypt", {"key": "orders"}, {}),
    ("POST", f"{TRANSIT}/encrypt", {"key": "orders", "plaintext": b64("x")}, {"idempotency-key": "2"}),
    ("POST", f"{TRANSIT}/encrypt", {"key": "orders", "plaintext": b64("x")}, {"idempotency-key": "2"}),
    ("POST", f"{TRANSIT}/decrypt", {"key": "orders", "ciphertext": "trv:1:AAAA"}, {}),
    ("GET", f"{TRANSIT}/encrypt", None, {}),
]


def through_the_router(system: Assembly) -> tuple[ASGIApp, Any]:
    services = system.services()
    return Edge(cast("ASGIApp", create_litestar(services)), services, system.vaulting.services(services)), services


def by_the_short_way(system: Assembly) -> tuple[ASGIApp, Any]:
    services = system.services()
    router = cast("ASGIApp", create_litestar(services))
    return Edge(router, services, system.vaulting.services(services), HotDoor(services)), services


DOORS = (by_the_short_way, through_the_router)


def plain(answer: Answer) -> tuple[int, dict[str, str], str]:
    """All of it, but for ids, moments, positions and ciphertexts, which are another's each time."""
    headers = {name: text for name, text in answer.headers.items() if name not in {"x-request-id", "content-length"}}
    if "x-trstctl-position" in headers:
        headers["x-trstctl-position"] = "N"
    text = answer.body.decode().replace(answer.headers["x-request-id"], "ID")
    for pattern in (r"20\d\d-\d\d-\d\dT[0-9:.]+Z", r"trv:1:[A-Za-z0-9+/=]+", r"(apr|tok)_[0-9a-f]+"):
        text = re.sub(pattern, "…", text)
    return answer.status, headers, text


async def asked_all(system: Assembly, door: Any) -> tuple[list[tuple[int, dict[str, str], str]], list[str], list[str]]:
    """What is answered, counted and recorded when all cases are asked through this door."""
    app, services = door(system)
    tenant = await Tenant.begin(system, app, f"door-{next(_NUMBERS)}")
    await key(tenant)
    answers = [plain(await tenant(method, path, body, headers=more)) for method, path, body, more in CASES]
    counted = [line for line in services.metrics.rendered()[0].decode().splitlines() if "requests_total{" in line]
    return answers, sorted(counted), [event["type"] for event in await tenant.events()]


async def test_answers_are_those_of_the_router(system: Assembly) -> None:
    (short, *_), (long, *_) = [await asked_all(system, door) for door in DOORS]
    for case, ours, theirs in zip(CASES, short, long, strict=True):
        assert ours == theirs, case


async def test_log_and_metrics_are_those_of_the_router(system: Assembly) -> None:
    (_, *short), (_, *long) = [await asked_all(system, door) for door in DOORS]
    assert short == long


async def test_log_line_is_that_of_the_router(system: Assembly, caplog: pytest.LogCaptureFixture) -> None:
    lines = []
    for door in DOORS:
        caplog.clear()
        with caplog.at_level(logging.INFO, "trstctl.access"):
            await asked_all(system, door)
        told = [vars(record) for record in caplog.records if record.name == "trstctl.access"]
        lines.append([(each["route"], each["method"], each["status"], each["subject"]) for each in told])
    assert lines[0] == lines[1]


async def test_faults_are_told_as_by_the_router(
    system: Assembly, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = []
    for door in DOORS:
        app, _ = door(system)
        tenant = await Tenant.begin(system, app, f"door-{next(_NUMBERS)}")
        for error in (RuntimeError("told to nobody"), StoreUnavailable("the store could not be written")):
            with monkeypatch.context() as patch:

                async def fail(*_: object, error: Exception = error) -> None:
                    raise error

                patch.setattr(system.reads, "get", fail)
                caplog.clear()
                told.append((plain(await tenant("GET", A)), [record.message for record in caplog.records]))
    assert told[:2] == told[2:]
    assert "told to nobody" not in str(told)


async def test_short_way_is_taken(system: Assembly, monkeypatch: pytest.MonkeyPatch) -> None:
    services = system.services()

    async def router(*_: object) -> None:
        raise AssertionError("the router was asked")

    app = Edge(router, services, system.vaulting.services(services), HotDoor(services))
    tenant = await Tenant.begin(system, system.app(), f"door-{next(_NUMBERS)}")
    await key(tenant)
    ciphertext = await sealed(tenant, "x")
    client = AsgiClient(app, tenant.client.token)
    assert (await client("POST", A, VALUE)).status == 201
    assert (await client("PUT", A, VALUE)).status == 200
    assert (await client("GET", A)).status == 200
    assert (await client("POST", f"{TRANSIT}/decrypt", {"key": "orders", "ciphertext": ciphertext})).status == 200


def test_table_leaves_the_routes_beside_secrets_to_the_router() -> None:
    assert table.find("GET", f"{STORE}/history/app/a") is None
    assert table.find("POST", f"{STORE}/import") is None
    assert table.find("GET", f"{STORE}/") is None
    assert table.find("DELETE", A) is None
