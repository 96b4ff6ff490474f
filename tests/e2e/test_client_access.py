"""`trstctl-cli access`, `audit`, `whoami` and `run` against a real server."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from statistics import median

import pytest

from tests.e2e.client_calls import Calls
from tests.e2e.server import CLIENT, dev_server

FAR_TOO_LONG = 2.0
"""Seconds that `run` does not add to a program's start, however busy the machine: measured, it is about 0.1."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Calls]:
    with dev_server(tmp_path_factory.mktemp("client") / "data") as server:
        calls = Calls(server)
        for path, value in {"db/password": b"s3cr3t", "app/db/user": b"payments"}.items():
            calls.json("secrets", "put", path, stdin=value)
        calls.json("secrets", "put", "app/db/dsn", stdin=b"postgres://${secret.app/db/user}@db")
        yield calls


def test_a_token_is_issued_used_and_revoked(client: Calls) -> None:
    body = {"subject": "ci-preview", "scopes": ["access:read"], "ttl_seconds": 900}
    issued = client.json("access", "tokens", "create", "-f", "-", stdin=json.dumps(body).encode())
    holder = Calls(client.server, issued["token"])
    assert holder.json("whoami")["subject"] == "ci-preview"
    assert holder("access", "tokens", "create", "--subject", "x", "--scopes", "*").code == 4
    assert issued["id"] in client("access", "tokens", "list", "--subject", "ci-preview", "-o", "raw").text
    assert client("access", "tokens", "revoke", issued["id"], "--reason", "a test").code == 0
    assert holder("whoami").code == 3
    listed = client.json("access", "tokens", "list", "--subject", "ci-preview", "--include-revoked")["items"]
    assert listed[0]["revocation_reason"] == "a test"


def test_the_log_is_shown_verified_and_exported(client: Calls) -> None:
    assert client("audit", "verify", "-o", "raw").text == "intact\n"
    newest = client.json("audit", "events", "--path", "app/db/*", "--type", "secret.version.written", "--limit", "1")
    assert [event["body"]["path"] for event in newest["items"]] == ["app/db/dsn"]
    positions = client("audit", "events", "--oldest-first", "--all", "-o", "raw").text.split()
    assert positions == sorted(positions, key=int)
    lines = client("audit", "export").text.splitlines()
    assert [json.loads(line)["position"] for line in lines] == list(range(1, len(lines) + 1))
    assert "s3cr3t" not in "".join(lines)
    note = client("audit", "checkpoints", "--now", "-o", "raw").text
    assert note in client("audit", "checkpoints", "-o", "raw").text
    assert client("audit", "key", "-o", "raw").text.startswith(note.splitlines()[0])


def test_run_gives_the_secrets_as_the_mission_has_it(client: Calls) -> None:
    done = client("run", "--secret", "DB_PASSWORD=db/password", "--", "env")
    assert done.code == 0
    assert "DB_PASSWORD=s3cr3t\n" in done.text
    words = (
        "run",
        "--resolve",
        "--secret",
        "DATABASE_URL=app/db/dsn",
        "--",
        "sh",
        "-c",
        'printf %s "$DATABASE_URL"; exit 5',
    )
    done = client(*words)
    assert (done.code, done.text) == (5, "postgres://payments@db")


def test_run_of_a_folder_names_the_variables(client: Calls) -> None:
    assert "DB_USER=payments\n" in client("run", "--prefix", "app/", "--", "env").text
    assert "db_user=payments\n" in client("run", "--prefix", "app", "--name-style", "keep", "--", "env").text


def test_run_is_recorded_with_names_and_paths_and_no_value(client: Calls) -> None:
    client("run", "--secret", "SEEN_BY_AUDIT=db/password", "--", "true")
    (event,) = client.json("audit", "events", "--type", "secret.injected", "--limit", "1")["items"]
    assert event["body"]["variables"] == {"SEEN_BY_AUDIT": "db/password"}
    assert "s3cr3t" not in json.dumps(event)


def test_run_of_what_is_not_there_starts_nothing(client: Calls) -> None:
    done = client("run", "--secret", "A=no/such", "--", "echo", "started")
    assert (done.code, done.out) == (5, b"")
    assert "no/such" in done.err


def test_run_passes_a_signal_on(client: Calls) -> None:
    script = "trap 'exit 9' TERM; echo ready; while :; do sleep 0.05; done"
    words = [str(CLIENT), "run", "--secret", "A=db/password", "--", "sh", "-c", script]
    with subprocess.Popen(words, env=client.environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 9


def test_run_starts_soon(client: Calls) -> None:
    def seconds(*words: str) -> float:
        began = time.perf_counter()
        subprocess.run(words, env=client.environment, check=True)
        return time.perf_counter() - began

    plain = median(seconds("true") for _ in range(5))
    ours = median(seconds(str(CLIENT), "run", "--secret", "A=db/password", "--", "true") for _ in range(5))
    assert ours - plain < FAR_TOO_LONG


def test_a_certificate_nobody_vouches_for_is_refused(client: Calls) -> None:
    environment = {name: value for name, value in client.environment.items() if name != "TRSTCTL_CACERT"}
    done = subprocess.run([CLIENT, "whoami"], env=environment, capture_output=True, check=False)
    assert done.returncode == 7
    assert b"TRSTCTL_CACERT" in done.stderr
