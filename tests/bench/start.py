"""How long a start takes, and how much memory an idle server holds."""

from __future__ import annotations

from pathlib import Path
from statistics import median

from tests.bench.processes import product
from tests.bench.report import Report


def run(report: Report, folder: Path, *, rounds: int) -> None:
    """The first start makes key, certificate, tenant and token; the later ones find them."""
    with product(folder) as server:
        report.row("first start until /readyz", f"{server.ready_after:.2f} s")
    later, memory = [], 0.0
    for _ in range(rounds):
        with product(folder) as server:
            later.append(server.ready_after)
            memory = server.resident_mib()
    report.row("later start until /readyz", f"{median(later):.2f} s")
    report.row("memory of an idle server", f"{memory:.0f} MiB")
