"""FerretDB 1.24: a server of others that speaks MongoDB's wire protocol, checks logins, and knows no roles.

tests/backends/ferretdb_build/build.sh makes the program; `.ci/run` calls it where there is Go.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pymongo import MongoClient
from pymongo.errors import PyMongoError

PROGRAM: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "trstctl-tests" / "ferretdb-v1.24.0"
_START_SECONDS: Final = 20


@dataclass
class FerretServer:
    """A running one, and the password of its user `root`."""

    port: int
    password: str

    def connect(self) -> MongoClient[dict[str, Any]]:
        """As root."""
        return MongoClient(
            "127.0.0.1",
            self.port,
            username="root",
            password=self.password,
            authSource="admin",
            authMechanism="SCRAM-SHA-256",
            serverSelectionTimeoutMS=1000,
        )


@contextmanager
def running_ferretdb() -> Iterator[FerretServer]:
    """Start it in a temporary folder, and stop it by its process id; raises `RuntimeError` where it is not built."""
    if not PROGRAM.is_file():
        raise RuntimeError("FerretDB is not built: run tests/backends/ferretdb_build/build.sh, which needs Go 1.22")
    with tempfile.TemporaryDirectory(prefix="trstctl-ferretdb-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = FerretServer(probe.getsockname()[1], secrets.token_hex(16))
        probe.close()
        process = _launch(Path(folder), server)
        try:
            _wait(process, server)
            yield server
        finally:
            process.terminate()
            process.wait(_START_SECONDS)


def _launch(folder: Path, server: FerretServer) -> subprocess.Popen[bytes]:
    (folder / "data").mkdir()
    settings = {
        "HANDLER": "sqlite",
        "SQLITE_URL": f"file:{folder}/data/",
        "STATE_DIR": str(folder),
        "LISTEN_ADDR": f"127.0.0.1:{server.port}",
        "DEBUG_ADDR": "-",
        "TELEMETRY": "disable",
        "LOG_LEVEL": "ERROR",
        "TEST_ENABLE_NEW_AUTH": "true",
        "SETUP_USERNAME": "root",
        "SETUP_PASSWORD": server.password,
        "SETUP_DATABASE": "admin",
    }
    environment = {f"FERRETDB_{name}": value for name, value in settings.items()} | {"DO_NOT_TRACK": "1"}
    with (folder / "server.log").open("wb") as log:
        return subprocess.Popen([PROGRAM], cwd=folder, env=environment, stdout=log, stderr=log, start_new_session=True)


def _wait(process: subprocess.Popen[bytes], server: FerretServer) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            with server.connect() as client:
                client["admin"].command("ping")
        except PyMongoError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"FerretDB did not start: {error}") from error
            time.sleep(0.1)
        else:
            return
