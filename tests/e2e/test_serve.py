"""`trstctl serve` and `trstctl dev` as processes: how they start, stop, and what they tell meanwhile."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import ssl
import threading
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from adapters.crypto import self_signed_certificate
from tests.e2e.https_client import STORE
from tests.e2e.server import Server, answers, dev_server, serving, trstctl

VALUE = "s3cr3t-of-this-test"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


def status(server: Server, path: str) -> int:
    with server.client() as client:
        return client("GET", path).status


def stored(server: Server, path: str) -> int:
    with server.client() as client:
        return client.put(path, VALUE)


def test_dev_writes_the_clients_environment_before_it_is_ready(folder: Path) -> None:
    with dev_server(folder) as server:
        assert (folder / "dev.env").stat().st_mode & 0o777 == 0o600
        assert (folder / "dev.env").stat().st_mtime < time.time()
        assert stored(server, "db/password") == 1
        assert server.stop() == 0


def test_dev_prints_lines_to_paste_and_no_token(folder: Path) -> None:
    with dev_server(folder) as server:
        token = server.token
    printed = server.output.read_text()
    assert f". {folder}/dev.env" in printed
    assert "trstctl-cli secrets put" in printed
    assert "curl " in printed
    assert token not in printed


def test_a_second_start_keeps_data_and_token(folder: Path) -> None:
    with dev_server(folder) as server:
        token = server.token
        stored(server, "db/password")
    with dev_server(folder) as server, server.client() as client:
        assert server.token == token
        assert client.get("db/password") == VALUE


def test_a_port_that_is_taken_is_told_in_one_line_and_nothing_is_made(folder: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = trstctl("dev", "--data-dir", folder, "--port", str(other.getsockname()[1]))
    assert result.returncode == 2
    assert re.fullmatch(r"trstctl: listen: 127.0.0.1:\d+: Address already in use; .*another port\n", result.stderr)
    assert not folder.exists()


def test_the_process_is_hardened(folder: Path) -> None:
    with dev_server(folder) as server:
        process = Path(f"/proc/{server.pid}")
        # glibc ends each tunable in place when it reads them.
        environment = re.split("[\0:]", (process / "environ").read_text())
        assert "PYTHONMALLOC=malloc" in environment
        assert "GLIBC_TUNABLES=glibc.malloc.perturb=165" in environment
        assert "glibc.malloc.tcache_count=0" in environment
        assert re.search(r"Max core file size +0 +0 ", (process / "limits").read_text())


def test_hardening_switched_off_is_told_loudly(folder: Path) -> None:
    with dev_server(folder, TRSTCTL_HARDENING="off") as server:
        environment = Path(f"/proc/{server.pid}/environ").read_text()
    assert "PYTHONMALLOC" not in environment
    warned = [line for line in server.log() if line["logger"] == "trstctl.hardening"]
    assert [(line["level"], line["message"][:17]) for line in warned] == [("warning", "HARDENING IS OFF:")]


def test_an_idle_connection_does_not_hold_up_the_stop(folder: Path) -> None:
    with dev_server(folder) as server, server.client() as client:
        client.put("db/password", VALUE)
        began = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - began < 10


def written_until_stopped(server: Server, name: str, acknowledged: list[str]) -> None:
    """Store one secret after the other until the server is gone."""
    with server.client() as client:
        for number in range(100_000):
            try:
                answer = client("POST", f"{STORE}/{name}/{number}", {"value": VALUE})
            except (OSError, http.client.HTTPException):
                return
            if answer.status != 201:
                return
            acknowledged.append(f"{name}/{number}")


def test_after_a_stop_nothing_acknowledged_is_lost_and_the_store_is_closed(folder: Path) -> None:
    acknowledged: list[str] = []
    with dev_server(folder) as server:
        names = [f"writer-{number}" for number in range(8)]
        writers = [threading.Thread(target=written_until_stopped, args=(server, name, acknowledged)) for name in names]
        for writer in writers:
            writer.start()
        time.sleep(1)
        assert server.stop() == 0
        for writer in writers:
            writer.join()
    assert len(acknowledged) > 20
    assert not (folder / "trstctl.db-wal").exists(), "closed in order"
    with dev_server(folder) as server, server.client() as client:
        assert [path for path in acknowledged if client.get(path) != VALUE] == []


def test_a_request_in_flight_is_answered(folder: Path) -> None:
    body = b'{"value":"in flight"}'
    with dev_server(folder) as server, raw(server) as connection:
        head = f"POST {STORE}/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.token}\r\n"
        connection.sendall(f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n".encode())
        connection.sendall(body[:5])
        time.sleep(0.3)
        os.kill(server.pid, signal.SIGTERM)
        time.sleep(0.3)
        connection.sendall(body[5:])
        began = time.monotonic()
        assert connection.recv(100).startswith(b"HTTP/1.1 201 ")
        assert server.wait() == 0
        assert time.monotonic() - began < 10


def test_a_second_signal_does_not_wait_for_clients(folder: Path) -> None:
    with dev_server(folder) as server, raw(server) as connection:
        head = f"POST {STORE}/a HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {server.token}\r\n"
        connection.sendall(f"{head}content-length: 9\r\n\r\n".encode())
        time.sleep(0.3)
        began = time.monotonic()
        os.kill(server.pid, signal.SIGINT)
        time.sleep(0.5)
        os.kill(server.pid, signal.SIGINT)
        assert server.wait() == 0
        assert time.monotonic() - began < 10


def raw(server: Server) -> ssl.SSLSocket:
    """A connection to write to as one likes."""
    context = ssl.create_default_context(cafile=str(server.folder / "tls.crt"))
    return context.wrap_socket(socket.create_connection(("localhost", server.port)), server_hostname="localhost")


def test_the_answer_does_not_say_what_serves_it(folder: Path) -> None:
    with dev_server(folder) as server, server.client() as client:
        assert "server" not in client("GET", "/healthz").headers


def test_messages_are_json_lines_with_request_ids_and_without_values(folder: Path) -> None:
    with serving(folder) as server, server.client() as client:
        client.put("db/password", VALUE)
        answer = client("GET", f"{STORE}/db/password")
        token = server.token
    lines = server.log()
    assert len(lines) == len(server.output.read_text().splitlines()), "nothing else is printed"
    told = [line for line in lines if line.get("request_id") == answer.headers["x-request-id"]]
    assert [(line["level"], line["status"], line["method"]) for line in told] == [("info", 200, "GET")]
    assert VALUE not in server.output.read_text()
    assert token not in server.output.read_text()


def test_metrics_tell_of_requests_by_route(folder: Path) -> None:
    with dev_server(folder) as server, server.client() as client:
        client.put("db/password", VALUE)
        text = client("GET", "/metrics").body.decode()
    series = r'^trstctl_http_requests_total\{method="POST",route="[^"]*store[^"]*",status="201"\} 1\.0$'
    assert re.search(series, text, re.MULTILINE)
    assert re.search(r"^trstctl_log_head [1-9]", text, re.MULTILINE)
    assert "db/password" not in text


def test_a_renewed_certificate_is_served_after_sighup_and_a_broken_one_is_not(folder: Path) -> None:
    with serving(folder) as server:
        certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 30)
        (folder / "tls.crt").write_bytes(certificate)
        (folder / "tls.key").write_bytes(key)
        assert not answers(server.port, folder / "tls.crt", "/healthz"), "the old one is served still"
        hang_up(server, "the certificate was read again")
        assert status(server, "/healthz") == 200
        (folder / "tls.key").write_bytes(b"broken")
        hang_up(server, "the certificate was not read again")
        assert status(server, "/healthz") == 200


def hang_up(server: Server, said: str) -> None:
    """Send SIGHUP and wait until the server has said so."""
    os.kill(server.pid, signal.SIGHUP)
    until = time.monotonic() + 10
    while not [line for line in server.log() if line["message"].startswith(said)]:
        assert time.monotonic() < until, server.output.read_text()
        time.sleep(0.02)


def test_the_supervisor_is_told_when_it_is_ready_and_when_it_stops(folder: Path) -> None:
    name = f"trstctl-{os.getpid()}-{folder.parent.name}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(f"\0{name}")
        supervisor.settimeout(20)
        with serving(folder, NOTIFY_SOCKET=f"@{name}") as server:
            assert supervisor.recv(100) == b"READY=1"
            server.stop()
            assert supervisor.recv(100) == b"STOPPING=1"
