"""A real MariaDB of our own: in a temporary folder, on a free port, stopped by its process id."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pymysql

START_SECONDS: Final = 30


class MariadbServer:
    """One running server; `connect` as its root."""

    def __init__(self, folder: Path, port: int, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.port = port
        self.process = process
        self._password = ""

    def connect(self, **changes: Any) -> pymysql.Connection[Any]:
        """A connection in autocommit mode."""
        login = {"user": "root", "password": self._password, "connect_timeout": 5, "read_timeout": 10}
        return pymysql.connect(**{"host": "127.0.0.1", "port": self.port, "autocommit": True, **login, **changes})

    def protect(self) -> None:
        """Give root a password that lies nowhere else."""
        password = secrets.token_hex(16)
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SET PASSWORD = PASSWORD(%s)", (password,))
        self._password = password


@contextmanager
def running_mariadb(settings: Sequence[str] = (), files: Mapping[str, bytes] | None = None) -> Iterator[MariadbServer]:
    """Start a server, and stop it and remove its folder at the end; raises `RuntimeError` saying what is missing.

    `files` are put into its folder, which `settings` name `{folder}`.
    """
    server_program, installer = shutil.which("mariadbd", path=_PATH), shutil.which("mariadb-install-db", path=_PATH)
    if not server_program or not installer:
        raise RuntimeError("these tests need MariaDB's server; on Debian: apt-get install mariadb-server")
    folder = Path(tempfile.mkdtemp(prefix="trstctl-my-"))
    try:
        _install(installer, folder)
        for name, content in (files or {}).items():
            (folder / name).write_bytes(content)
        server = _start(server_program, folder, settings)
        try:
            _wait_until_ready(server)
            server.protect()
            yield server
        finally:
            _stop(server.process)
    finally:
        shutil.rmtree(folder)


_PATH: Final = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"


def _account() -> str | None:
    """The user the server runs as: it does not like to be root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("mysql").pw_name
    except KeyError:
        raise RuntimeError("as root these tests need a user named mysql: apt-get install mariadb-server") from None


def _install(installer: str, folder: Path) -> None:
    account = _account()
    if account:
        shutil.chown(folder, account)
    command = [installer, "--no-defaults", f"--datadir={folder / 'data'}", "--skip-test-db"]
    command += ["--auth-root-authentication-method=normal", *([f"--user={account}"] if account else [])]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120, cwd=folder)
    if done.returncode != 0:
        raise RuntimeError(f"mariadb-install-db failed: {done.stdout}{done.stderr}")


def _start(program: str, folder: Path, settings: Sequence[str]) -> MariadbServer:
    account = _account()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [program, "--no-defaults", f"--datadir={folder / 'data'}", f"--port={port}", "--bind-address=127.0.0.1"]
    command += [f"--socket={folder / 'socket'}", f"--pid-file={folder / 'pid'}", "--innodb-buffer-pool-size=32M"]
    command += [
        "--skip-log-bin",
        "--skip-name-resolve",
        *(text.format(folder=folder) for text in settings),
        *([f"--user={account}"] if account else []),
    ]
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    return MariadbServer(folder, port, process)


def _wait_until_ready(server: MariadbServer) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server.connect().close()
        except pymysql.MySQLError as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                log = (server.folder / "server.log").read_text()
                raise RuntimeError(f"MariaDB did not start: {error}\n{log}") from error
            time.sleep(0.05)
        else:
            return


def _stop(process: subprocess.Popen[bytes]) -> None:
    """An orderly shutdown; at worst kill what we started, and only that."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=START_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
