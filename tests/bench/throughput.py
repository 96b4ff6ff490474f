"""Audited reads and durable writes a second, at 1, 16 and 64 connections, beside the yardstick in the same run."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from tests.bench.load import Load, lua, measure
from tests.bench.processes import product, yardstick
from tests.bench.report import Report

STORE = "/api/v1/secrets/store"
_BODY = '{"value":"0123456789abcdef"}'
_NAMES = 1000


def run(report: Report, folder: Path, *, seconds: int, rounds: int) -> None:
    """Prints one row an operation and number of connections; ratios are medians over `rounds` pairs."""
    with product(folder) as server, yardstick(folder) as echo:
        server.ask(
            "POST", f"{STORE}/import", {"prefix": "app", "values": {f"s{n}": "0123456789abcdef" for n in range(_NAMES)}}
        )
        scripts = {
            "audited read": (lua("GET", f"{STORE}/app/s%d", spread=_NAMES), lua("GET", "/")),
            "durable write": (lua("PUT", f"{STORE}/app/s%d", _BODY, spread=_NAMES), lua("PUT", "/", _BODY)),
        }
        for name, (ours, theirs) in scripts.items():
            for connections in (1, 16, 64):
                pairs = [
                    (measure(echo, theirs, connections, seconds), measure(server, ours, connections, seconds))
                    for _ in range(rounds)
                ]
                report.row(f"{name}, {connections} connections", _figures(pairs))
        report.row("memory of the server after that", f"{server.resident_mib():.0f} MiB")


def _figures(pairs: list[tuple[Load, Load]]) -> str:
    rate = median(ours.rate / theirs.rate for theirs, ours in pairs)
    cpu = median(theirs.cpu / ours.cpu for theirs, ours in pairs)
    ours = [each for _, each in pairs]
    theirs = [each for each, _ in pairs]
    p50, p99 = median(each.p50 for each in ours), median(each.p99 for each in ours)
    return (
        f"{median(each.rate for each in ours):,.0f}/s (yardstick {median(each.rate for each in theirs):,.0f}/s,"
        f" ratio {rate:.3f}), p50 {p50:.1f} ms, p99 {p99:.1f} ms,"
        f" CPU {median(each.cpu for each in ours):.0f} us a request (yardstick's share of it {cpu:.3f})"
    )
