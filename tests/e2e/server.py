"""Real servers: `trstctl dev` and `trstctl serve` as processes, with their data in a folder of the test's own."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import msgspec
import yaml

from cli.server import dev
from cli.server.config import Settings
from cli.server.migrating import migrated
from tests.e2e.https_client import HttpsClient

TRSTCTL: Final = Path(sys.executable).with_name("trstctl")
CLIENT: Final = Path(sys.executable).with_name("trstctl-cli")
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 40.0
_TOKEN: Final = re.compile(r"^export TRSTCTL_TOKEN=(\S+)$", re.MULTILINE)


def clean_environment(**more: str) -> dict[str, str]:
    """Ours without what configures trstctl or the allocator, and with `more`."""
    steering = ("TRSTCTL_", "PYTHONMALLOC", "GLIBC_TUNABLES", "MALLOC_")
    return {name: value for name, value in os.environ.items() if not name.startswith(steering)} | more


def trstctl(*words: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A command of the operator, run to its end, with `more` in its environment."""
    environment = clean_environment(**more)
    return subprocess.run([TRSTCTL, *words], env=environment, capture_output=True, text=True, timeout=60, check=False)


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int, certificate: Path, path: str) -> bool:
    """Whether a server on `port` answers `path` with 200 now."""
    if not certificate.exists():
        return False
    try:
        with HttpsClient(port, certificate, None, timeout=5) as anybody:
            return anybody("GET", path).status == 200
    except (OSError, http.client.HTTPException):
        return False


class Server:
    """A server's process. A context manager: entering waits until it is ready, leaving stops it."""

    def __init__(self, words: Sequence[str | Path], folder: Path, port: int, environment: Mapping[str, str]) -> None:
        self.words = words
        self.folder = folder
        self.port = port
        self.environment = environment
        self.output = folder.with_name(f"{folder.name}.log")
        """Standard output and error of every start, one after the other."""
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        self.wait_until_ready()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.process and self.process.poll() is None:
            self.stop()

    def start(self) -> None:
        """Start the process; nothing is waited for."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [TRSTCTL, *self.words], env=self.environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
            )

    @property
    def pid(self) -> int:
        assert self.process, "not started"
        return self.process.pid

    @property
    def token(self) -> str:
        """The operator's, as `dev.env` has it."""
        match = _TOKEN.search((self.folder / "dev.env").read_text())
        assert match, "dev.env has no token"
        return match[1]

    def client(self, token: str | None = None) -> HttpsClient:
        """A new connection, as the operator or with another token."""
        return HttpsClient(self.port, self.folder / "tls.crt", token or self.token)

    def wait_until_ready(self, path: str = "/readyz") -> float:
        """Until `path` answers 200 over TLS; how long that took, in seconds. Raises `RuntimeError` if it ends first."""
        began = time.monotonic()
        while not self.is_ready(path):
            assert self.process, "not started"
            if self.process.poll() is not None or time.monotonic() - began > START_SECONDS:
                raise RuntimeError(f"the server did not become ready:\n{self.output.read_text()[-4000:]}")
            time.sleep(0.02)
        return time.monotonic() - began

    def is_ready(self, path: str = "/readyz") -> bool:
        """Whether it answers `path` with 200 now."""
        return answers(self.port, self.folder / "tls.crt", path)

    def processes(self) -> list[int]:
        """The ids of the process and of all that descend from it."""
        parents: dict[int, int] = {}
        for entry in Path("/proc").iterdir():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split() if entry.name.isdigit() else None
            except (FileNotFoundError, ProcessLookupError):
                continue
            if fields:
                parents[int(entry.name)] = int(fields[1])
        found = [self.pid]
        for each in found:
            found.extend(child for child, parent in parents.items() if parent == each)
        return found

    def stop(self) -> int:
        """Ask it to stop, and wait; its exit code."""
        os.kill(self.pid, signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """`kill -9`."""
        os.kill(self.pid, signal.SIGKILL)
        self.wait()

    def wait(self) -> int:
        """Until the process has ended; its exit code."""
        assert self.process, "not started"
        return self.process.wait(STOP_SECONDS)

    def log(self) -> list[dict[str, Any]]:
        """What it said about itself, in lines of JSON."""
        return [json.loads(line) for line in self.output.read_text().splitlines() if line.startswith("{")]

    def resident_mib(self) -> float:
        """Resident memory now, in MiB."""
        match = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
        assert match
        return int(match[1]) / 1024


def dev_server(folder: Path, **more: str) -> Server:
    """`trstctl dev` on `folder`, with `more` in its environment."""
    port = free_port()
    return Server(["dev", "--data-dir", folder, "--port", str(port)], folder, port, clean_environment(**more))


def serving(folder: Path, configuration: Mapping[str, Any] | None = None, *, store: str = "", **more: str) -> Server:
    """`trstctl serve` with a configuration file, on a folder with a key, a certificate, a tenant and a token.

    `store` is the address of a database to migrate and use; without it the store is embedded. `configuration` is
    merged, section by section, over one that works.
    """
    port = free_port()
    made = dev.prepared_settings(folder, port)
    asyncio.run(_prepared(msgspec.structs.replace(made, store=store)))
    written: dict[str, Any] = {
        "listen": f"127.0.0.1:{port}",
        "data_dir": str(folder),
        "tls": {"cert_file": made.tls.cert_file, "key_file": made.tls.key_file},
        "secrets": {"enable_api": True, "kek_file": made.secrets.kek_file},
    }
    if store:
        written["store"] = store
    for name, value in (configuration or {}).items():
        written[name] = written.get(name, {}) | value if isinstance(value, Mapping) else value
    file = folder / "trstctl.yaml"
    file.write_text(yaml.safe_dump(written))
    return Server(["serve", "--config", file], folder, port, clean_environment(**more))


async def _prepared(settings: Settings) -> None:
    await migrated(settings)
    await dev.prepare_store(settings)
