"""`trstctl attention` beside a running server, on both stores."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.server.compose import open_runtime
from cli.server.opening import settings_of
from tests.e2e.https_client import HttpsClient
from tests.e2e.server import Server, serving, trstctl
from tests.parked_work import parked

KEYS = "/api/v1/ephemeral/api-keys"
TOKENS = "/api/v1/access/api-tokens?include_revoked=true"
KEY = {"subject": "job", "scopes": ["secrets:list"], "ttl_seconds": 4}
ATTENTION = "/api/v1/operations/attention"


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    store = request.getfixturevalue("postgres_dsn") if request.param == "postgres" else ""
    # The server does not look by itself while the test parks the work.
    with serving(tmp_path / "data", {"process": {"tick_seconds": 3}}, store=store) as running:
        yield running


def operate(server: Server, *words: str) -> str:
    done = trstctl("attention", *words, "--config", server.folder / "trstctl.yaml")
    assert done.returncode == 0, done.stderr
    return done.stdout


def stuck(server: Server, client: HttpsClient) -> tuple[str, str]:
    """Work that needs a person, and the key it is about."""
    key = client("POST", KEYS, KEY).json()
    tenant = client("GET", "/api/v1/access/whoami").json()["tenant"]

    async def park() -> str:
        async with open_runtime(settings_of(server.folder / "trstctl.yaml", None)) as runtime:
            return await parked(runtime.views.due_work, runtime.committer, tenant, key["id"])

    return asyncio.run(park()), key["id"]


def wait_for(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def told(client: HttpsClient, series: str) -> bool:
    return series in client("GET", "/metrics").body.decode().splitlines()


def test_work_is_listed_tried_again_and_closed(server: Server) -> None:
    with server.client() as client:
        assert json.loads(operate(server, "list", "-o", "json")) == []
        tried, key_id = stuck(server, client)
        closed, _ = stuck(server, client)
        rows: list[dict[str, Any]] = json.loads(operate(server, "list", "-o", "json"))
        assert {row["id"] for row in rows} == {tried, closed}
        assert {(row["tenant"], row["kind"], row["error"]) for row in rows} == {
            ("default", "api_token.expire", "backend-unavailable")
        }
        assert tried in "".join(operate(server, "list").split())
        wait_for(lambda: told(client, 'trstctl_needs_attention{kind="api_token.expire"} 2.0'))
        operate(server, "retry", tried)
        operate(server, "resolve", closed, "--reason", "looked into")
        wait_for(lambda: _revoked(client, key_id))
        assert client("GET", ATTENTION).json()["items"] == []
        wait_for(lambda: told(client, 'trstctl_needs_attention{kind="api_token.expire"} 0.0'))
        assert told(client, 'trstctl_deliveries_total{kind="api_token.expire",outcome="done"} 1.0')


def _revoked(client: HttpsClient, key_id: str) -> bool:
    return any(item["id"] == key_id and item["revoked_at"] for item in client("GET", TOKENS).json()["items"])


def test_a_mistake_is_told(server: Server) -> None:
    config = ("--config", server.folder / "trstctl.yaml")
    unknown = trstctl("attention", "retry", "nothing", *config)
    assert (unknown.returncode, unknown.stderr) == (
        1, "trstctl: there is no work 'nothing' left to do; see 'trstctl attention list'\n"
    )  # fmt: skip
    assert trstctl("attention", "resolve", "nothing", *config).returncode == 2
