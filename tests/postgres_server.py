"""A real PostgreSQL of our own: in a temporary folder, on a free port, stopped by its process id.

A fresh database costs a `CREATE DATABASE` (about 30 ms). Nothing outside the folder is touched.
"""

from __future__ import annotations

import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

SUPERUSER: Final = "postgres"
START_SECONDS: Final = 30
_INSTALLED: Final = Path("/usr/lib/postgresql")
_SETTINGS: Final = (
    "listen_addresses=127.0.0.1",
    "max_connections=200",
    "shared_buffers=64MB",
    "log_min_messages=warning",
    "full_page_writes=off",  # a test's crash is a killed process, never a lost power supply
)


class PostgresServer:
    """One running server. `fresh_database` gives the DSN of an empty database that nobody else uses."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes], password: str) -> None:
        self.folder = folder
        self.port = port
        self.process = process
        self._password = password
        self._numbers = itertools.count(1)

    def dsn(self, database: str = "postgres", user: str = SUPERUSER, password: str | None = None) -> str:
        """The address of `database` for `user`; without a password, the superuser's is used."""
        return f"postgresql://{user}:{password or self._password}@127.0.0.1:{self.port}/{database}"

    def fresh_database(self) -> str:
        """Create an empty database and return its DSN, as superuser."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        return self.dsn(name)

    def drop_database(self, dsn: str) -> None:
        """Remove a database of `fresh_database`, closing whatever connections are left."""
        name = dsn.rpartition("/")[2]
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a server, and stop it and remove its folder at the end; raises `RuntimeError` saying what is missing."""
    binaries = programs_folder()
    folder = Path(tempfile.mkdtemp(prefix="trstctl-pg-"))
    try:
        _hand_over(folder)
        password = _initialise(binaries, folder)
        server = _start(binaries, folder, password)
        try:
            _wait_until_ready(server)
            yield server
        finally:
            _stop(server.process)
    finally:
        shutil.rmtree(folder)


def programs_folder() -> Path:
    """The newest installation's folder of programs."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).parent] if on_path else sorted(_INSTALLED.glob("*/bin"), key=_major)
    if not found:
        raise RuntimeError("these tests need PostgreSQL's server programs; on Debian: apt-get install postgresql")
    return found[-1]


def _major(binaries: Path) -> float:
    return float(binaries.parent.name)


def _account() -> str | None:
    """The user the server runs as: PostgreSQL refuses root, so root hands over to `postgres`."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(SUPERUSER).pw_name
    except KeyError:
        raise RuntimeError("as root these tests need a user named postgres: apt-get install postgresql") from None


def _hand_over(path: Path) -> None:
    account = _account()
    if account is not None:
        shutil.chown(path, account)


def _launch(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    account = _account()
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=log.parent,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=account,
            group=account,
            extra_groups=None if account is None else [],
            start_new_session=True,  # a Ctrl-C at pytest must reach the tests first
        )


def _initialise(binaries: Path, folder: Path) -> str:
    """Make the data folder; returns the superuser's password, which lies in no file afterwards."""
    password = secrets.token_hex(16)
    password_file = folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    _hand_over(password_file)
    log = folder / "initdb.log"
    command = [str(binaries / "initdb"), "-D", str(folder / "data"), "-A", "scram-sha-256", "-U", SUPERUSER]
    command += [f"--pwfile={password_file}", "--no-sync", "--encoding=UTF8", "--locale=C"]
    if _launch(command, log).wait(timeout=START_SECONDS * 2) != 0:
        raise RuntimeError(f"initdb failed: {log.read_text()}")
    password_file.unlink()
    return password


def _start(binaries: Path, folder: Path, password: str) -> PostgresServer:
    port = _free_port()
    command = [str(binaries / "postgres"), "-D", str(folder / "data"), "-p", str(port), "-k", str(folder)]
    for setting in _SETTINGS:
        command += ["-c", setting]
    return PostgresServer(folder, port, _launch(command, folder / "server.log"), password)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_ready(server: PostgresServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(server.dsn(), connect_timeout=5).close()
        except psycopg.OperationalError as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                log = (server.folder / "server.log").read_text()
                raise RuntimeError(f"PostgreSQL did not start: {error}\n{log}") from error
            time.sleep(0.05)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Fast shutdown; at worst kill what we started, and only that."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(timeout=START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
