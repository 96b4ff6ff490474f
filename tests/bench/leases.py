"""Leases by the hundred thousand, thousands that expire in one second, and PostgreSQL's through the whole server."""

from __future__ import annotations

import itertools
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, Final

import uvloop

from tests.backends.postgresql import PostgresWorld, running
from tests.bench import accounts, lease_store
from tests.bench.lease_load import issue_and_revoke
from tests.bench.memory_server import placed
from tests.bench.probe import Waits, waits
from tests.bench.processes import Server, product
from tests.bench.report import Report
from tests.bench.throughput import STORE
from tests.fakes.memory_backend import PLACES, MemoryBackend

_WITH_MEMORY: Final = (sys.executable, "-m", "tests.bench.memory_server")
_PROVIDERS: Final = "/api/v1/secrets/providers"
_AT_ONCE: Final = 8
"""Attempts under way at once at one backend: the product's own default."""
_YEAR: Final = timedelta(days=365)


def run(report: Report, folder: Path, *, living: int, expiring: int, seconds: int) -> None:
    """`living` leases beside none; `expiring` at once, at each backend; then issued and revoked for `seconds`."""
    _many_alive(report, folder / "many", living)
    bare = uvloop.run(_bare_removals(min(expiring, 2000)))
    report.row("backend in memory, looked at and removed, bare", f"{bare:,.0f} accounts/s")
    _many_expire(report, folder / "memory", expiring, bare)
    with running() as world:
        _many_expire_in_postgresql(report, folder / "expiring", world, expiring)
        _postgresql(report, folder / "postgresql", world, seconds)


def _many_alive(report: Report, folder: Path, living: int) -> None:
    before = _start(folder)
    lease_store.fill(folder, living, expires_at=datetime.now(UTC) + _YEAR)
    after = _start(folder)
    report.row(f"start until /readyz, {living:,} leases beside none", f"{after[0]:.2f} and {before[0]:.2f} s")
    report.row(f"memory, {living:,} leases beside none", f"{after[1]:.0f} and {before[1]:.0f} MiB")


def _start(folder: Path) -> tuple[float, float]:
    """Seconds until it is ready, the median of three; MiB five seconds after that."""
    with product(folder):
        pass
    found = []
    for _ in range(3):
        with product(folder) as server:
            time.sleep(5)
            found.append((server.ready_after, server.resident_mib()))
    return median(each for each, _ in found), max(each for _, each in found)


async def _bare_removals(count: int) -> float:
    placed()
    backend, numbers = MemoryBackend(PLACES["here"]), itertools.count()

    async def one() -> None:
        account: Any = _Named(f"bare-{next(numbers)}")
        await backend.remove(account)
        await backend.present(account)

    return await accounts.per_second(one, count, _AT_ONCE)


class _Named:
    def __init__(self, name: str) -> None:
        self.name = name


def _many_expire(report: Report, folder: Path, expiring: int, bare: float) -> None:
    with product(folder, program=_WITH_MEMORY) as server:
        _configure(server, "memory", {}, {}, {})
    expires_at = _soon(expiring)
    lease_store.fill(folder, expiring, expires_at=expires_at)
    _expire(report, folder, expiring, expires_at, bare)


def _many_expire_in_postgresql(report: Report, folder: Path, world: PostgresWorld, expiring: int) -> None:
    """Roles that are there, so that there is something to remove; the bare figure is of as many more."""
    with product(folder) as server:
        _configure_postgresql(server, world)
    expires_at = _soon(expiring)
    lease_store.fill(folder, expiring, expires_at=expires_at, kind="postgresql", settings=world.setup.role)
    accounts.make_roles(world, lease_store.accounts(folder))
    bare = accounts.bare_removals(world, expiring, _AT_ONCE)
    report.row("DROP ROLE, bare", f"{bare:,.0f} roles/s")
    _expire(report, folder, expiring, expires_at, bare)


def _soon(expiring: int) -> datetime:
    """Late enough for the store to be filled, and the server started and looked at."""
    return datetime.now(UTC) + timedelta(seconds=20 + expiring / 250)


def _expire(report: Report, folder: Path, expiring: int, expires_at: datetime, bare: float) -> None:
    with product(folder, program=_WITH_MEMORY) as server:
        server.ask("POST", f"{STORE}/app/db", {"value": "0123456789abcdef"})
        calm = waits(server, f"{STORE}/app/db", lambda: datetime.now(UTC) > expires_at - timedelta(seconds=0.5))
        time.sleep(max(0.0, (expires_at - datetime.now(UTC)).total_seconds()))
        rate, busy = _while_they_end(server, folder, expiring)
    report.row(f"{expiring:,} leases expire at once there", f"{rate:,.0f} revoked/s, ratio {rate / bare:.2f}")
    _report_waits(report, calm, busy)


def _while_they_end(server: Server, folder: Path, expiring: int) -> tuple[float, Waits]:
    began = time.perf_counter()
    busy = waits(server, f"{STORE}/app/db", lambda: lease_store.left(folder) == 0)
    return expiring / (time.perf_counter() - began), busy


def _report_waits(report: Report, calm: Waits, busy: Waits) -> None:
    for name, before, during in zip(Waits._fields, calm, busy, strict=True):
        figures = f"{during:.1f} ms, before {before:.1f} ms, ratio {during / before:.1f}"
        report.row(f"audited read meanwhile, {name}", figures)


def _configure(
    server: Server, kind: str, connection: dict[str, Any], secrets: dict[str, str], settings: dict[str, Any]
) -> None:
    where = f"{_PROVIDERS}/{lease_store.PROVIDER}"
    server.ask("PUT", where, {"kind": kind, "connection": connection, "credentials": secrets})
    terms = {"default_ttl_seconds": 3600, "max_ttl_seconds": 86_400, "settings": settings}
    server.ask("PUT", f"{where}/roles/{lease_store.ROLE}", terms)


def _configure_postgresql(server: Server, world: PostgresWorld) -> None:
    direct = {**world.setup.connection, "port": world.server.port}
    _configure(server, "postgresql", direct, world.setup.secrets, world.setup.role)


def _postgresql(report: Report, folder: Path, world: PostgresWorld, seconds: int) -> None:
    """In turn with the bare statements: both want the same processors."""
    with product(folder) as server:
        _configure_postgresql(server, world)
        issue_and_revoke(server, folder, connections=_AT_ONCE, seconds=1)
        pairs = [
            (accounts.bare_with_password(world, 100 * seconds, _AT_ONCE), _through(server, folder, seconds))
            for _ in range(3)
        ]
    bare, ours = (median(figures) for figures in zip(*pairs, strict=True))
    report.row(f"CREATE ROLE with a password, DROP ROLE, {_AT_ONCE} at once", f"{bare:,.0f} roles/s")
    ratio = median(through / alone for alone, through in pairs)
    report.row("issued and revoked through the server", f"{ours:,.0f} leases/s, ratio {ratio:.2f}")


def _through(server: Server, folder: Path, seconds: int) -> float:
    return issue_and_revoke(server, folder, connections=_AT_ONCE, seconds=seconds)
