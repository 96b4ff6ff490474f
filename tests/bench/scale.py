"""What growth costs: an import of 10,000; reads and lists at 1,000 and at many secrets; 10,000 versions of one."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Callable
from pathlib import Path
from statistics import median

from tests.bench.load import lua, measure
from tests.bench.processes import Server, product
from tests.bench.report import Report
from tests.bench.throughput import STORE

_AT_ONCE = 10_000


def run(report: Report, folder: Path, *, secrets: int, versions: int, seconds: int) -> None:
    """Fills one store step by step, measuring before and after."""
    with product(folder) as server:
        _import(server, "t0", 1000)
        _settle(server)
        before = _figures(server, seconds)
        report.row("import of 10,000", f"{_timed(lambda: _import(server, 't1', _AT_ONCE)):.2f} s")
        for batch in range(2, secrets // _AT_ONCE + 1):
            _import(server, f"t{batch}", _AT_ONCE)
        _settle(server)
        after = _figures(server, seconds)
        for name, (small, large) in {name: (before[name], after[name]) for name in before}.items():
            report.row(
                f"{name}: {secrets:,} beside 1,000 secrets",
                f"{large:.0f} and {small:.0f} us CPU, ratio {large / small:.2f}",
            )
        _versions(report, server, versions, seconds)


def _versions(report: Report, server: Server, versions: int, seconds: int) -> None:
    server.ask("POST", f"{STORE}/many", {"value": "0123456789abcdef"})
    write = lua("PUT", f"{STORE}/many", '{"value":"0123456789abcdef"}')
    read = lua("GET", f"{STORE}/many")
    first = measure(server, read, 16, seconds).cpu
    while server.ask("GET", f"{STORE}/many")["version"] < versions:
        measure(server, write, 64, 2)
    last = measure(server, read, 16, seconds).cpu
    report.row(
        f"read: {versions:,} versions of it beside 1", f"{last:.0f} and {first:.0f} us CPU, ratio {last / first:.2f}"
    )


def _import(server: Server, folder: str, count: int) -> None:
    values = {f"s{number}": "0123456789abcdef" for number in range(count)}
    server.ask("POST", f"{STORE}/import", {"prefix": folder, "values": values})


def _settle(server: Server) -> None:
    """Wait until the audit index has followed the imports; what it costs is part of the import, not of a read."""
    while True:
        try:
            server.ask("GET", "/api/v1/audit/events?limit=1")
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
        else:
            return


def _figures(server: Server, seconds: int) -> dict[str, float]:
    scripts = {
        "read": lua("GET", f"{STORE}/t0/s%d", spread=1000),
        "list of 100": lua("GET", f"{STORE}?prefix=t0/&limit=100"),
        "list of folders": lua("GET", f"{STORE}?delimiter=/&limit=1"),
    }
    return {
        name: median(measure(server, script, 16, seconds).cpu for _ in range(3)) for name, script in scripts.items()
    }


def _timed(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
