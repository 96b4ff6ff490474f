"""Leases and rotations from the command line, with a real server and a real PostgreSQL behind it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from tests.backends import postgresql
from tests.backends.postgresql import PostgresWorld
from tests.e2e.client_calls import Calls
from tests.e2e.memory import copies, may_look
from tests.e2e.server import CLIENT, serving, trstctl

ORDERS = "SELECT customer FROM orders"


@pytest.fixture(scope="module")
def world() -> Iterator[PostgresWorld]:
    with postgresql.running() as running:
        yield running


@pytest.fixture(scope="module")
def client(world: PostgresWorld, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    """A server with the provider `app-db` of its file, and by the command line the provider `own-db`."""
    folder = tmp_path_factory.mktemp("leases")
    secret = folder / "password"
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
    configuration = {"secrets": {"providers": [provider]}, "process": {"tick_seconds": 0.2}}
    with serving(folder / "data", configuration) as server:
        calls = Calls(server)
        _configure(calls, world, secret)
        yield calls


def _configure(calls: Calls, world: PostgresWorld, secret: Path) -> None:
    connection = [f"--connection={name}={value}" for name, value in world.setup.connection.items()]
    words = ("--kind", "postgresql", *connection, "--credential", f"password={secret}")
    assert calls.json("providers", "set", "own-db", *words)["source"] == "api"
    settings = [f"--setting={name}={json.dumps(value)}" for name, value in world.setup.role.items()]
    ttls = ("--default-ttl", "1h", "--max-ttl", "2h")
    assert calls.json("providers", "roles", "set", "own-db/read", *ttls, *settings)["max_ttl_seconds"] == 7200


def may_log_in(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(ORDERS.encode()).fetchall() == [("Ada",)]
    except psycopg.OperationalError:
        return False


@pytest.mark.parametrize("provider", ["app-db", "own-db"])
def test_a_lease_lives_its_life(client: Calls, provider: str) -> None:
    assert client("providers", "test", provider).code == 0
    issued = client.json("leases", "issue", f"{provider}/read", "--ttl", "15m")
    dsn = issued["credential"]["dsn"]
    assert may_log_in(dsn)
    renewed = client.json("leases", "renew", issued["id"], "--extend", "15m")
    assert renewed["expires_at"] > issued["expires_at"]
    shown = client.json("leases", "show", issued["id"])
    assert (shown["state"], "credential" in shown) == ("active", False)
    assert issued["id"] in client("leases", "list", "--provider", provider, "--state", "active", "-o", "raw").text
    assert client.json("secrets", "leases", "revoke", issued["id"], "--reason", "done")["state"] == "revoked"
    assert not may_log_in(dsn)
    assert issued["credential"]["password"] not in json.dumps(client.json("leases", "list"))


def test_forms_for_scripts_log_in(client: Calls) -> None:
    raw = client("leases", "issue", "app-db/read", "-o", "raw")
    assert may_log_in(raw.text.strip())
    script = 'set -a; eval "$(cat)"; test "$DB_USERNAME" && printf %s "$DB_DSN"'
    dotenv = client("leases", "issue", "app-db/read", "-o", "dotenv", "--env-prefix", "DB").out
    assert may_log_in(
        subprocess.run(["sh", "-c", script], input=dotenv, capture_output=True, check=True).stdout.decode()
    )
    count = client.json("leases", "revoke-all", "--provider", "app-db", "--yes")["revoking"]
    assert count >= 2
    _until(lambda: not may_log_in(raw.text.strip()), "the end of all")


class Running:
    """A command under `run --lease` that waits for a line."""

    def __init__(self, calls: Calls, *words: str) -> None:
        script = 'echo "$$ $DB_DSN $DB_LEASE_ID $DB_PASSWORD"; read -r line; exit 7'
        self.process = subprocess.Popen(
            [CLIENT, "run", "--lease", "DB=app-db/read", *words, "--", "sh", "-c", script],
            env=dict(calls.environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        command, self.dsn, self.lease, self.password = self.process.stdout.readline().split()
        self.command = int(command)

    def end(self) -> str:
        """Let it end; what was said on standard error."""
        _, said = self.process.communicate("\n", timeout=30)
        return said


def test_run_logs_in_while_the_command_lives_and_not_after(client: Calls) -> None:
    running = Running(client)
    assert may_log_in(running.dsn)
    assert running.end() == ""
    assert running.process.returncode == 7
    assert not may_log_in(running.dsn)
    shown = client.json("leases", "show", running.lease)
    assert (shown["state"], shown["cause"]) == ("revoked", "revoked")


def test_run_renews_for_as_long_as_the_command_lives(client: Calls) -> None:
    running = Running(client, "--lease-ttl", "3s")
    time.sleep(6)
    assert may_log_in(running.dsn)
    assert running.end() == ""
    assert not may_log_in(running.dsn)


def test_run_gives_the_first_back_when_there_is_no_second(client: Calls) -> None:
    before = {lease["id"] for lease in client.json("leases", "list")["items"]}
    done = client("run", "--lease", "A=app-db/read", "--lease", "B=app-db/no-such-role", "--", "echo", "started")
    assert (done.code, done.out) == (5, b"")
    (lease,) = [each for each in client.json("leases", "list")["items"] if each["id"] not in before]
    assert lease["state"] == "revoked"


def test_run_that_is_killed_leaves_the_end_to_time(client: Calls) -> None:
    running = Running(client, "--lease-ttl", "4s")
    os.kill(running.process.pid, signal.SIGKILL)
    assert may_log_in(running.dsn)
    assert Path(f"/proc/{running.command}").exists()
    _until(lambda: client.json("leases", "show", running.lease)["state"] == "revoked", "the end by time")
    assert not may_log_in(running.dsn)
    os.kill(running.command, signal.SIGKILL)
    running.end()


def test_the_process_that_stays_holds_no_credential(client: Calls) -> None:
    if not may_look():
        pytest.skip("only root, or CAP_SYS_PTRACE, may search another process's memory")
    running = Running(client, "--lease-ttl", "2s")
    time.sleep(2)  # it has renewed
    wanted = [running.password.encode()]
    assert copies(running.command, wanted) != {}
    assert copies(running.process.pid, wanted) == {}
    running.end()


def test_a_stored_credential_is_rotated_now_and_by_schedule(client: Calls, world: PostgresWorld) -> None:
    old = asyncio.run(world.standing())
    client.json("secrets", "put", "db/reporting", stdin=str(old["dsn"]).encode())
    wish = {"provider": "app-db", "key": "db/reporting", "old_ref": old["username"]}
    told = client.json("secrets", "rotations", "run", "-f", "-", stdin=json.dumps(wish).encode())
    assert (told["completed"], told["rolled_back"], told["failed_phase"]) == (True, False, None)
    assert not may_log_in(str(old["dsn"]))
    first = client("secrets", "get", "db/reporting").text
    assert may_log_in(first)
    what = ("--provider", "app-db", "--key", "db/reporting", "--old-ref", told["new_ref"], "--name", "monthly")
    schedule = client.json("rotation-schedules", "create", *what, "--every", "30d")["id"]
    rotation = client.json("rotation-schedules", "run", schedule)["rotation_id"]
    _until(lambda: client.json("rotations", "show", rotation)["completed"], "the rotation")
    assert [each["id"] for each in client.json("rotations", "list", "--schedule", schedule)["items"]] == [rotation]
    assert not may_log_in(first)
    assert client.json("rotation-schedules", "pause", schedule)["enabled"] is False
    assert client.json("rotation-schedules", "remove", schedule)["removed"] is True


def test_a_rotation_that_fails_leaves_all_as_it_was_and_says_so(client: Calls) -> None:
    client.json("secrets", "put", "db/nobody", stdin=b"postgresql://nobody:x@127.0.0.1:1/app")
    done = client("rotations", "run", "db/nobody", "--provider", "app-db", "--old-ref", "no_such_account", "-o", "json")
    assert done.code != 0
    assert client("secrets", "get", "db/nobody").text == "postgresql://nobody:x@127.0.0.1:1/app"


def test_an_audit_finds_what_the_log_does_not_have_and_the_reverse(client: Calls, world: PostgresWorld) -> None:
    issued = client.json("leases", "issue", "app-db/read")
    file = client.server.folder / "trstctl.yaml"
    assert trstctl("lease", "audit", "--config", file, "--provider", "app-db").returncode == 0
    asyncio.run(world.plant("trst-nobody-knows-me"))
    with world.connect() as connection:
        connection.execute(f'DROP ROLE "{issued["account"]}"'.encode())
    done = trstctl("lease", "audit", "--config", file, "--tenant", "default", "--provider", "app-db", "-o", "json")
    (row,) = json.loads(done.stdout)
    assert (done.returncode, row["orphans"], row["ghosts"]) == (1, ["trst-nobody-knows-me"], [issued["id"]])
    assert client("leases", "audit", "--provider", "app-db").code == 1
    with world.connect() as connection:
        connection.execute(b'DROP ROLE "trst-nobody-knows-me"')
    client.json("leases", "revoke", issued["id"])
    assert client("leases", "audit", "--provider", "app-db").code == 0


def test_an_audit_of_what_cannot_be_reached_or_is_not_there_is_none(client: Calls, world: PostgresWorld) -> None:
    file = client.server.folder / "trstctl.yaml"
    assert trstctl("lease", "audit", "--config", file, "--provider", "nobody").returncode == 1
    world.gate.shut()
    try:
        done = trstctl("lease", "audit", "--config", file, "--provider", "app-db", "-o", "json")
        assert (done.returncode, bool(json.loads(done.stdout)[0]["error"])) == (2, True)
        assert client("leases", "audit", "--provider", "app-db").code == 7
    finally:
        world.gate.reopen()


def _until(what: Callable[[], bool], said: str) -> None:
    deadline = time.monotonic() + 30
    while not what():
        assert time.monotonic() < deadline, f"still not: {said}"
        time.sleep(0.2)
