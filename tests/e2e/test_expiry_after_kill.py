"""Keys end on time though servers are killed in between: once each, wherever the kill fell, on both stores."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.https_client import HttpsClient
from tests.e2e.server import Server, serving, trstctl

KEYS = "/api/v1/ephemeral/api-keys"
TOKENS = "/api/v1/access/api-tokens?subject=job&include_revoked=true&limit=1000"
WHOAMI = "/api/v1/access/whoami"
MANY = 40
ON_TIME = timedelta(seconds=5)
"""From the moment at which a key has expired and a server runs until its end is recorded: ticks come each second."""

Key = Mapping[str, Any]


@pytest.fixture(params=["sqlite", "postgres"])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A configured server, not yet started."""
    store = request.getfixturevalue("postgres_dsn") if request.param == "postgres" else ""
    with serving(tmp_path / "data", store=store) as prepared:
        yield prepared


def minted(client: HttpsClient, seconds: int, number: int = MANY) -> list[Key]:
    body = {"subject": "job", "scopes": ["secrets:list"], "ttl_seconds": seconds}
    keys = [client("POST", KEYS, body) for _ in range(number)]
    assert {answer.status for answer in keys} == {201}
    return [answer.json() for answer in keys]


def restart(server: Server, fail_point: str | None = None) -> None:
    """A new process on the same store, which dies at `fail_point` if one is given."""
    environment = {name: value for name, value in server.environment.items() if name != "TRSTCTL_FAIL_POINT"}
    server.environment = environment | ({"TRSTCTL_FAIL_POINT": fail_point} if fail_point else {})
    server.start()
    if not fail_point:
        server.wait_until_ready()


def wait_past(keys: list[Key]) -> None:
    last = max(datetime.fromisoformat(key["expires_at"]) for key in keys)
    time.sleep(max((last - datetime.now(last.tzinfo)).total_seconds(), 0) + 0.1)


def ends(client: HttpsClient) -> dict[str, datetime | None]:
    """When each key was recorded to have ended."""
    items = client("GET", TOKENS).json()["items"]
    return {item["id"]: item["revoked_at"] and datetime.fromisoformat(item["revoked_at"]) for item in items}


def ended(client: HttpsClient) -> dict[str, datetime]:
    """Wait until all have ended."""
    deadline = time.monotonic() + 20
    while not all((found := ends(client)).values()):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return {key: end for key, end in found.items() if end}


def recorded(client: HttpsClient) -> list[str]:
    """The keys whose end is in the log, by the events of the scheduler, one for each event."""
    events = client("GET", "/api/v1/audit/events?type=api_token.revoked&limit=1000").json()["items"]
    assert {event["body"]["reason"] for event in events} == {"expired"}
    return sorted(event["body"]["token_id"] for event in events)


def works(server: Server, key: Key) -> bool:
    with server.client(key["token"]) as holder:
        return holder("GET", WHOAMI).status == 200


def verified(server: Server) -> bool:
    return trstctl("audit", "verify", "--config", server.folder / "trstctl.yaml").returncode == 0


def test_keys_that_expire_while_no_server_runs_end_as_soon_as_one_does(server: Server) -> None:
    with server.client() as client:
        keys, lasting = minted(client, 3), minted(client, 600, 1)
        assert works(server, keys[0])
    server.kill()
    wait_past(keys)
    began = datetime.now().astimezone()
    restart(server)
    assert not any(works(server, key) for key in keys[:5]), "refused from the first request on"
    assert works(server, lasting[0])
    with server.client() as client:
        deadline = time.monotonic() + 20
        while sum(end is not None for end in ends(client).values()) < MANY:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        found = ends(client)
        assert found.pop(lasting[0]["id"]) is None
        assert max(end for end in found.values() if end) - began < ON_TIME
        assert recorded(client) == sorted(key["id"] for key in keys)
    assert verified(server)


@pytest.mark.parametrize("after", [7, MANY])
def test_server_that_dies_while_it_records_the_ends_leaves_the_rest_to_the_next(after: int, server: Server) -> None:
    with server.client() as client:
        keys = minted(client, 2)
    server.kill()
    wait_past(keys)
    restart(server, f"outbox.done:{after}")
    server.wait()
    restart(server)
    with server.client() as client:
        assert ended(client).keys() == {key["id"] for key in keys}
        assert recorded(client) == sorted(key["id"] for key in keys)
    assert verified(server)


def test_servers_that_die_again_and_again_record_each_end_once(server: Server) -> None:
    with server.client() as client:
        keys = minted(client, 2)
    server.kill()
    wait_past(keys)
    for _ in range(3):
        restart(server, "outbox.done:3")
        server.wait()
    restart(server)
    with server.client() as client:
        ended(client)
        assert recorded(client) == sorted(key["id"] for key in keys)


def test_one_node_ends_on_time_what_the_other_minted_before_it_died(postgres_dsn: str, tmp_path: Path) -> None:
    one = serving(tmp_path / "one", store=postgres_dsn)
    other_folder = tmp_path / "other"
    other_folder.mkdir(mode=0o700)
    shutil.copy(tmp_path / "one" / "kek", other_folder / "kek")
    with one, serving(other_folder, store=postgres_dsn) as other:
        with one.client() as client:
            keys = minted(client, 3)
        one.kill()
        wait_past(keys)
        with other.client() as client:
            found = ended(client)
            for key in keys:
                late = found[key["id"]] - datetime.fromisoformat(key["expires_at"])
                assert timedelta(0) <= late < ON_TIME
            assert recorded(client) == sorted(key["id"] for key in keys)
