"""A real Redis of our own: in a temporary folder, on a free port, stopped by its process id."""

from __future__ import annotations

import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from adapters.crypto import self_signed_certificate

START_SECONDS = 10


@dataclass
class RedisServer:
    """One running server, and its default user's password. With `tls` it has an ACL file, too."""

    folder: Path
    port: int
    password: str
    tls: bool
    process: subprocess.Popen[bytes] | None = None

    def connect(self, username: str = "default", password: str | None = None, port: int = 0) -> redis.Redis:
        """A client that connects when first used, as the default user if not told otherwise."""
        given: dict[str, Any] = {"ssl": True, "ssl_ca_certs": str(self.folder / "tls.crt")} if self.tls else {}
        return redis.Redis(
            "127.0.0.1",
            port or self.port,
            username=username,
            password=password or self.password,
            decode_responses=True,
            protocol=2,
            socket_timeout=5,
            retry=Retry(NoBackoff(), 0),
            **given,
        )

    def start(self) -> None:
        """Start it with what its folder holds, and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            command = ["redis-server", str(self.folder / "redis.conf")]
            self.process = subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self.connect() as client:
                    client.ping()
            except redis.ConnectionError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"Redis did not start: {(self.folder / 'server.log').read_text()}") from error
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """End it, at worst by force."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(START_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def running_redis(*, tls: bool = False) -> Iterator[RedisServer]:
    """Start a server, and stop it and remove its folder at the end; raises `RuntimeError` saying what is missing."""
    if shutil.which("redis-server") is None:
        raise RuntimeError("these tests need Redis's server program; on Debian: apt-get install redis-server")
    folder = Path(tempfile.mkdtemp(prefix="trstctl-redis-"))
    server = RedisServer(folder, _free_port(), secrets.token_hex(16), tls)
    try:
        _configure(server)
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder)


def _configure(server: RedisServer) -> None:
    default = f"user default on >{server.password} ~* &* +@all"
    lines = ["bind 127.0.0.1", 'save ""', f"dir {server.folder}"]
    if server.tls:
        certificate, key = self_signed_certificate("localhost", datetime.now(UTC), 2)
        (server.folder / "tls.crt").write_bytes(certificate)
        (server.folder / "tls.key").write_bytes(key)
        (server.folder / "users.acl").write_text(f"{default}\n")
        lines += ["port 0", f"tls-port {server.port}", "tls-cert-file tls.crt", "tls-key-file tls.key"]
        lines += ["tls-auth-clients no", "aclfile users.acl"]
    else:
        lines += [f"port {server.port}", default]
    (server.folder / "redis.conf").write_text("\n".join(lines))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
