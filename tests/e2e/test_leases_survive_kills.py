"""A server killed at each boundary between the log and a backend: whoever comes after leaves nothing behind.

The server is a real one and so is the backend, PostgreSQL. It dies, as by `kill -9`, where its environment says.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.fail_points import POINTS
from tests.backends import postgresql
from tests.backends.postgresql import PostgresWorld
from tests.e2e.https_client import HttpsClient
from tests.e2e.server import Server, serving, trstctl
from tests.postgres_server import PostgresServer

LEASES = "/api/v1/secrets/leases"
ROTATIONS = "/api/v1/secrets/rotations"
WANTED = {"provider": "app-db", "role": "read", "ttl_seconds": 900}
PATIENCE = 30.0
"""Longest that it may take until all is in order again, in seconds: claims, pauses and a busy machine."""


@pytest.fixture(scope="module")
def world() -> Iterator[PostgresWorld]:
    with postgresql.running() as running:
        yield running


def configuration(world: PostgresWorld, folder: Path) -> dict[str, Any]:
    secret = folder / "app-db-password"
    secret.touch(mode=0o600)
    secret.write_text(world.setup.secrets["password"])
    provider = {
        "name": "app-db",
        "kind": "postgresql",
        "tenants": ["*"],
        "connection": world.setup.connection,
        "credentials_file": str(secret),
        "roles": [{"name": "read", "settings": world.setup.role}],
    }
    return {
        "secrets": {"providers": [provider], "provider_timeout_seconds": 1},
        "process": {"tick_seconds": 0.1, "attempt_seconds": 1.5, "first_pause_seconds": 0.2},
    }


class Case:
    """A server that is to die, and what it was about."""

    def __init__(self, server: Server, world: PostgresWorld) -> None:
        self.server = server
        self.world = world

    def dies_at(self, point: str, doing: Callable[[HttpsClient], object]) -> None:
        """Start it with the fail-point, do it, and see it dead."""
        assert point in POINTS
        self.server.environment = {**self.server.environment, "TRSTCTL_FAIL_POINT": point}
        with self.server, suppress(OSError, http.client.HTTPException), self.server.client() as client:
            doing(client)
        self.server.wait()
        assert self.server.process
        assert self.server.process.returncode == -9, "it did not die there"

    def lives_again(self) -> None:
        """Start it without."""
        self.server.environment = {
            name: text for name, text in self.server.environment.items() if name != "TRSTCTL_FAIL_POINT"
        }
        self.server.start()
        self.server.wait_until_ready()

    def eventually(self, holds: Callable[[HttpsClient], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        with self.server.client() as client:
            while not holds(client):
                assert time.monotonic() < deadline, self.server.output.read_text()[-3000:]
                time.sleep(0.1)

    def accounts(self) -> set[str]:
        """What is there of ours."""
        with self.world.connect() as connection:
            found = connection.execute(
                "SELECT rolname FROM pg_roles WHERE rolname LIKE 'trst-%' OR rolname LIKE 'rot-%'"
            )
            return {name for (name,) in found}

    def is_in_order(self) -> None:
        """The log is whole, the read models are what it says, and log and backend say the same."""
        with self.server.client() as client:
            (report,) = client("GET", f"{LEASES}/audit").json()["items"]
            assert (report["orphans"], report["ghosts"], report["error"]) == ([], [], None)
            assert client("POST", "/api/v1/audit/verify").json()["intact"] is True
            assert client("GET", "/api/v1/operations/attention").json()["items"] == []
        self.server.stop()
        replayed = trstctl("replay", "--config", self.server.folder / "trstctl.yaml")
        assert replayed.returncode == 0, replayed.stdout + replayed.stderr


@pytest.fixture
def case(
    request: pytest.FixtureRequest, world: PostgresWorld, postgres_server: PostgresServer, tmp_path: Path
) -> Iterator[Case]:
    folder = tmp_path / "data"
    with _store(getattr(request, "param", "embedded"), postgres_server) as store:
        case = Case(serving(folder, None, store=store), world)
        case.server = serving(folder, configuration(world, folder), store=store)
        yield case
        if case.server.process and case.server.process.poll() is None:
            case.server.kill()
    for name in case.accounts():
        _drop(world, name)


@contextmanager
def _store(kind: str, server: PostgresServer) -> Iterator[str]:
    if kind == "embedded":
        yield ""
        return
    dsn = server.fresh_database()
    yield dsn
    server.drop_database(dsn)


def _drop(world: PostgresWorld, name: str) -> None:
    with world.connect() as connection, suppress(psycopg.Error):
        connection.execute(f'DROP ROLE "{name}"'.encode())


def on(*points: str) -> pytest.MarkDecorator:
    """Each of `points` on the embedded store, and the last one on PostgreSQL as well."""
    cases = [*(("embedded", point) for point in points), ("postgres", points[-1])]
    return pytest.mark.parametrize("case,point", cases, indirect=["case"])


def issued(client: HttpsClient) -> dict[str, Any]:
    answer = client("POST", LEASES, WANTED)
    assert answer.status == 201, answer
    told: dict[str, Any] = answer.json()
    return told


@on("backend.create.before", "backend.create.after")
def test_issue_that_died_leaves_no_account(point: str, case: Case) -> None:
    case.dies_at(point, issued)
    assert len(case.accounts()) == (point == "backend.create.after")
    case.lives_again()
    case.eventually(lambda client: client("GET", LEASES).json()["items"][0]["state"] == "revoked")
    assert case.accounts() == set()
    case.is_in_order()


@on("backend.renew.before", "backend.renew.after")
def test_renewal_that_died_leaves_the_lease_as_it_was(point: str, case: Case) -> None:
    before: dict[str, Any] = {}

    def renewed(client: HttpsClient) -> None:
        before.update(issued(client))
        client("POST", f"{LEASES}/{before['id']}/renew", {"extend_seconds": 600})

    case.dies_at(point, renewed)
    case.lives_again()
    with case.server.client() as client:
        now = client("GET", f"{LEASES}/{before['id']}").json()
        assert (now["state"], now["expires_at"]) == ("active", before["expires_at"])
        assert client("POST", f"{LEASES}/{before['id']}/revoke").json()["state"] == "revoked"
    assert case.accounts() == set()
    case.is_in_order()


@on("outbox.claimed", "backend.remove.before", "outbox.done", "backend.remove.after")
def test_revocation_that_died_is_done_by_who_comes_after(point: str, case: Case) -> None:
    lease: dict[str, Any] = {}

    def revoked(client: HttpsClient) -> None:
        lease.update(issued(client))
        client("POST", f"{LEASES}/{lease['id']}/revoke")

    case.dies_at(point, revoked)
    case.lives_again()
    case.eventually(lambda client: client("GET", f"{LEASES}/{lease['id']}").json()["state"] == "revoked")
    assert case.accounts() == set()
    with pytest.raises(psycopg.OperationalError):
        case.world.connect(lease["credential"])
    case.is_in_order()


def test_failure_whose_record_is_the_last_thing_written_is_tried_again(case: Case) -> None:
    lease: dict[str, Any] = {}

    def revoked(client: HttpsClient) -> None:
        lease.update(issued(client))
        case.world.gate.shut()
        client("POST", f"{LEASES}/{lease['id']}/revoke")

    try:
        case.dies_at("outbox.failed", revoked)
    finally:
        case.world.gate.reopen()
    case.lives_again()
    case.eventually(lambda client: client("GET", f"{LEASES}/{lease['id']}").json()["state"] == "revoked")
    assert case.accounts() == set()
    case.is_in_order()


@pytest.mark.anyio
@on("backend.stage.before", "backend.retire.before", "backend.retire.after", "backend.stage.after")
async def test_rotation_that_died_is_finished_or_undone(point: str, case: Case) -> None:
    old = await case.world.standing()

    def rotated(client: HttpsClient) -> None:
        client.put("db/reporting", str(old["dsn"]))
        client("POST", ROTATIONS, {"provider": "app-db", "key": "db/reporting", "old_ref": old["username"]})

    case.dies_at(point, rotated)
    case.lives_again()
    case.eventually(lambda client: client("GET", ROTATIONS).json()["items"][0]["ended_at"] is not None)
    with case.server.client() as client:
        (rotation,) = client("GET", ROTATIONS).json()["items"]
        assert rotation["rolled_back"] is ("stage" in point)
        assert rotation["completed"] is ("retire" in point)
        stored = client.get("db/reporting")
    await case.world.log_in({"dsn": stored})
    assert case.accounts() == ({rotation["new_ref"]} if rotation["completed"] else set())
    case.is_in_order()


def test_lease_ends_at_the_backend_while_no_server_lives(case: Case) -> None:
    with case.server, case.server.client() as client:
        answer = client("POST", LEASES, {**WANTED, "ttl_seconds": 2})
        credential = answer.json()["credential"]
        case.world.connect(credential).close()
        case.server.kill()
    time.sleep(2.5)
    with pytest.raises(psycopg.OperationalError):
        case.world.connect(credential)
    case.lives_again()
    case.eventually(lambda _: case.accounts() == set())
    case.is_in_order()
