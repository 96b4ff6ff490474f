"""`run --lease`: issued for the command, kept while it lives, given back when it has ended."""

from __future__ import annotations

import signal
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.unit.client.fake_server import FakeServer
from tests.unit.client.process import children, copies, environment, run, started, until

LEASES = "/api/v1/secrets/leases"
ONE = ("run", "--lease", "DB=app-db/read", "--")
FIELDS = {"username": "trst-a", "password": "s3c$r3t", "port": 5432, "dsn": "postgresql://trst-a:s3c@db/app"}
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)  # the server's clock is nowhere near ours


def lease(number: int = 1, life: float = 900, longest: float = 3600, **members: Any) -> dict[str, Any]:
    return {
        "id": f"lse_{number}",
        "provider": "app-db",
        "role": "read",
        "state": "active",
        "requested_at": BEGAN.isoformat(),
        "issued_at": BEGAN.isoformat(),
        "expires_at": (BEGAN + timedelta(seconds=life)).isoformat().replace("+00:00", "Z"),
        "max_expires_at": (BEGAN + timedelta(seconds=longest)).isoformat(),
        **members,
    }


def issues(server: FakeServer, number: int = 1, life: float = 900, longest: float = 3600) -> None:
    """Have the server issue a lease, and take it back."""
    server.on("POST", LEASES, lease(number, life, longest, credential=FIELDS), 201)
    server.on("POST", f"{LEASES}/lse_{number}/revoke", lease(number, state="revoked"))


def asked(server: FakeServer, ending: str) -> list[Any]:
    """Bodies of the requests to paths that end so."""
    return [each.body for each in server.asked if each.path.endswith(ending)]


def test_the_command_has_the_credential_and_it_is_given_back(server: FakeServer) -> None:
    issues(server)
    done = run([*ONE, "env"], environment(server.url))
    assert (done.returncode, done.stderr) == (0, b"")
    found = {line for line in done.stdout.decode().splitlines() if line.startswith("DB_")}
    assert found == {
        "DB_USERNAME=trst-a",
        "DB_PASSWORD=s3c$r3t",
        "DB_PORT=5432",
        "DB_DSN=postgresql://trst-a:s3c@db/app",
        "DB_LEASE_ID=lse_1",
    }
    assert [(each.path, each.body) for each in server.asked] == [
        (LEASES, {"provider": "app-db", "role": "read"}),
        (f"{LEASES}/lse_1/revoke", {"reason": "the command ended"}),
    ]


def test_leases_go_together_with_secrets_and_have_a_life(server: FakeServer) -> None:
    server.on("POST", "/api/v1/secrets/injections", {"variables": {"KEY": "k"}})
    issues(server, 1)
    issues(server, 2)
    words = ("--secret", "KEY=a/key", "--lease", "A=app-db/read", "--lease", "B=app-db/read", "--lease-ttl", "15m")
    done = run(["run", *words, "--", "sh", "-c", 'echo "$KEY $A_LEASE_ID $B_LEASE_ID"'], environment(server.url))
    assert (done.returncode, done.stdout) == (0, b"k lse_1 lse_2\n")
    assert asked(server, "/leases") == [{"provider": "app-db", "role": "read", "ttl_seconds": 900}] * 2
    keys = {each.headers["Idempotency-Key"] for each in server.asked if each.path != "/api/v1/secrets/injections"}
    assert len(keys) == 4
    assert (len(asked(server, "lse_1/revoke")), len(asked(server, "lse_2/revoke"))) == (1, 1)


@pytest.mark.parametrize("end, code", [("exit 7", 7), ("kill -TERM $$", 143), ("kill -KILL $$", 137)])
def test_however_the_command_ends_the_lease_is_given_back(server: FakeServer, end: str, code: int) -> None:
    issues(server)
    assert run([*ONE, "sh", "-c", end], environment(server.url)).returncode == code
    assert len(asked(server, "/revoke")) == 1


def test_a_signal_to_us_ends_the_command_and_the_lease(server: FakeServer) -> None:
    issues(server)
    with started([*ONE, "sh", "-c", "echo ready; exec sleep 60"], environment(server.url)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
    assert len(asked(server, "/revoke")) == 1


def test_if_the_second_cannot_be_issued_the_first_is_given_back(server: FakeServer) -> None:
    issues(server)
    server.refuse("POST", LEASES, 404, "not-found", detail="there is no role 'x'")
    done = run(["run", "--lease", "A=app-db/read", "--lease", "B=app-db/x", "--", "echo"], environment(server.url))
    assert (done.returncode, done.stdout) == (5, b"")
    assert b"there is no role 'x'" in done.stderr
    assert len(asked(server, "lse_1/revoke")) == 1


def test_if_the_command_cannot_be_run_the_lease_is_given_back(server: FakeServer, tmp_path: Path) -> None:
    issues(server)
    (tmp_path / "broken").write_text("no program")
    (tmp_path / "broken").chmod(0o755)
    assert run([*ONE, str(tmp_path / "broken")], environment(server.url)).returncode == 126
    assert len(asked(server, "/revoke")) == 1


def test_an_answer_without_a_credential_starts_nothing_and_is_given_back(server: FakeServer) -> None:
    server.on("POST", LEASES, lease(replayed=True), 201)
    server.on("POST", f"{LEASES}/lse_1/revoke", lease(state="revoked"))
    done = run([*ONE, "echo"], environment(server.url))
    assert (done.returncode, done.stdout) == (1, b"")
    assert len(asked(server, "/revoke")) == 1


def test_a_lease_is_renewed_by_what_has_passed_until_the_command_ends(server: FakeServer) -> None:
    issues(server, life=3)
    for end in (5, 7, 9, 11):
        server.on("POST", f"{LEASES}/lse_1/renew", lease(life=end))
    done = run([*ONE, "sleep", "5"], environment(server.url))
    assert (done.returncode, done.stderr) == (0, b"")
    extended = [body["extend_seconds"] for body in asked(server, "/renew")]
    assert len(extended) in {1, 2}
    assert set(extended) <= {2, 3}
    assert len(asked(server, "/revoke")) == 1


def test_a_renewal_that_fails_is_tried_again(server: FakeServer) -> None:
    issues(server, life=3)
    for _ in range(3):
        server.refuse("POST", f"{LEASES}/lse_1/renew", 500, "internal", detail="no")
    server.on("POST", f"{LEASES}/lse_1/renew", lease(life=600))
    done = run([*ONE, "sleep", "4"], environment(server.url))
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(asked(server, "/renew")) == 4


def test_at_its_longest_life_it_says_so_once_and_the_command_lives_on(server: FakeServer) -> None:
    issues(server, life=1, longest=1)
    done = run([*ONE, "sh", "-c", "sleep 2; echo alive"], environment(server.url))
    assert (done.returncode, done.stdout) == (0, b"alive\n")
    assert done.stderr.count(b"none live longer") == 1
    assert asked(server, "/renew") == []


def test_a_lease_that_somebody_revoked_is_told_once_and_the_command_lives_on(server: FakeServer) -> None:
    issues(server, life=1)
    server.refuse("POST", f"{LEASES}/lse_1/renew", 409, "conflict", detail="it is not active")
    done = run([*ONE, "sh", "-c", "sleep 2; echo alive"], environment(server.url))
    assert (done.returncode, done.stdout) == (0, b"alive\n")
    assert done.stderr.count(b"renewed no more") == done.stderr.count(b"it is not active") == 1
    assert len(asked(server, "/renew")) == 1


def test_what_could_not_be_given_back_is_told(server: FakeServer) -> None:
    server.on("POST", LEASES, lease(credential=FIELDS), 201)
    server.refuse("POST", f"{LEASES}/lse_1/revoke", 401, "unauthenticated", detail="the token is over")
    done = run([*ONE, "sh", "-c", "exit 3"], environment(server.url))
    assert done.returncode == 3
    assert b"lse_1 of app-db/read could not be given back: the token is over; it ends by itself" in done.stderr


def test_a_backend_that_is_not_rid_of_it_yet_is_told(server: FakeServer) -> None:
    server.on("POST", LEASES, lease(credential=FIELDS), 201)
    server.on("POST", f"{LEASES}/lse_1/revoke", lease(state="revoking"))
    assert b"not seen to be rid of lease lse_1 yet" in run([*ONE, "true"], environment(server.url)).stderr


def test_while_the_server_hangs_signals_pass_and_the_end_is_bounded(server: FakeServer) -> None:
    server.on("POST", LEASES, lease(life=1, credential=FIELDS), 201)
    server.hang("POST", f"{LEASES}/lse_1/renew")
    server.hang("POST", f"{LEASES}/lse_1/revoke")
    with started([*ONE, "sh", "-c", "echo ready; exec sleep 60"], environment(server.url)) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline() == b"ready\n"
        (child,) = children(process.pid)
        until(lambda: bool(asked(server, "/renew")), "renewing")
        process.send_signal(signal.SIGTERM)
        until(lambda: not Path(f"/proc/{child}").exists(), "the command's end")
        until(lambda: bool(asked(server, "/revoke")), "giving back")
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)  # whoever has no patience
        assert process.wait(5) == 143
        assert time.monotonic() - began < 2
        assert b"may not be given back: no answer" in process.stderr.read()


def test_giving_back_waits_a_bounded_time(server: FakeServer) -> None:
    server.on("POST", LEASES, lease(credential=FIELDS), 201)
    server.hang("POST", f"{LEASES}/lse_1/revoke")
    began = time.monotonic()
    done = run([*ONE, "true"], environment(server.url))
    assert 9 < time.monotonic() - began < 15
    assert b"may not be given back: no answer; it ends by itself" in done.stderr


def test_when_we_are_killed_nothing_is_given_back_and_the_command_lives(server: FakeServer) -> None:
    issues(server)
    with started([*ONE, "sh", "-c", "echo ready; read line; echo alive"], environment(server.url)) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        process.kill()
        process.wait(5)
        process.stdin.write(b"\n")
        process.stdin.flush()
        assert process.stdout.readline() == b"alive\n"
    assert asked(server, "/revoke") == []


def test_the_process_that_stays_holds_no_credential(server: FakeServer) -> None:
    marker = "7d4b8f" * 6
    server.on("POST", LEASES, lease(life=1, credential={"password": marker}), 201)
    server.on("POST", f"{LEASES}/lse_1/renew", lease(life=600))
    with started([*ONE, "sh", "-c", "echo ready; cat"], environment(server.url)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        until(lambda: bool(asked(server, "/renew")), "renewing")
        (child,) = children(process.pid)
        assert copies(child, marker) > 0
        assert copies(process.pid, marker) == 0
        assert copies(process.pid, "lse_1") > 0
        assert marker.encode() not in Path(f"/proc/{child}/cmdline").read_bytes()


@pytest.mark.parametrize("fields", [{"preload": "/x"}, {"password": "p\0"}, {"password": ["p"]}])
def test_a_credential_that_no_variable_may_hold_starts_nothing(server: FakeServer, fields: dict[str, Any]) -> None:
    server.on("POST", LEASES, lease(credential=fields), 201)
    server.on("POST", f"{LEASES}/lse_1/revoke", lease(state="revoked"))
    done = run(["run", "--lease", "LD=app-db/read", "--", "echo", "started"], environment(server.url))
    assert (done.returncode != 0, done.stdout) == (True, b"")
    assert len(asked(server, "/revoke")) == 1


def test_a_secret_and_a_lease_of_one_name_start_nothing(server: FakeServer) -> None:
    server.on("POST", "/api/v1/secrets/injections", {"variables": {"DB_PORT": "1"}})
    issues(server)
    done = run(["run", "--secret", "DB_PORT=a/b", "--lease", "DB=app-db/read", "--", "echo"], environment(server.url))
    assert (done.returncode, done.stdout) == (2, b"")
    assert b"both set DB_PORT" in done.stderr
    assert len(asked(server, "/revoke")) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("--lease", "DB"),
        ("--lease", "DB=app-db"),
        ("--lease", "D B=a/b"),
        ("--lease", "1=a/b"),
        ("--lease", "A=a/b", "--lease", "A=a/c"),
        ("--lease", "A=a/b", "--lease-ttl", "soon"),
        ("--lease", "A=a/b", "--idempotency-key", "k"),
        ("--lease", "A=a/b", "--name-style", "keep"),
        ("--secret", "A=b", "--lease-ttl", "1m"),
    ],
)
def test_a_wrong_wish_for_leases_is_refused(server: FakeServer, words: tuple[str, ...]) -> None:
    assert run(["run", *words, "--", "true"], environment(server.url)).returncode == 2
    assert server.asked == []


def test_the_command_starts_with_the_signals_we_were_started_with(server: FakeServer) -> None:
    issues(server)
    show = "grep -E '^Sig(Blk|Ign|Cgt)' /proc/self/status; ls /proc/self/fd | wc -l"
    plain = subprocess.run(["sh", "-c", show], capture_output=True, check=True, stdin=subprocess.PIPE).stdout
    assert run([*ONE, "sh", "-c", show], environment(server.url)).stdout == plain
