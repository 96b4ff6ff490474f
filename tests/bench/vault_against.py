"""The identical load on another server with Vault's surface and on ours, in turn: ratios, operation by operation.

The other is somebody's own, already running; say nothing of what it does that ours does not, or the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench.load import Load, Server, measure
from tests.bench.processes import product
from tests.bench.report import Report
from tests.bench.vault_load import OPERATIONS, Operation, Target, prepare
from tests.bench.vault_speed import CONNECTIONS


class Other:
    """A server of which only its address is known. Its processor time is not."""

    token = ""
    """What is shown to it stands in the script, as for ours."""

    def __init__(self, target: Target) -> None:
        self.address = target.address

    def cpu_seconds(self) -> float:
        """Not known."""
        return float("nan")


def run(
    report: Report, folder: Path, other: Target, *, seconds: int, rounds: int, connections: Sequence[int] = CONNECTIONS
) -> None:
    """Prints one row an operation and number of connections; ratios are medians over `rounds` pairs."""
    with product(folder) as server:
        prepare(Target(server.address, server.token, server.certificate))
        prepare(other)
        theirs = Other(other)
        for operation in OPERATIONS:
            for count in connections:
                pairs = [
                    (
                        _burst(theirs, other.token, operation, count, seconds),
                        _burst(server, server.token, operation, count, seconds),
                    )
                    for _ in range(rounds)
                ]
                report.row(f"{operation.name}, {count} connections", compared(pairs))


def _burst(server: Server, token: str, operation: Operation, connections: int, seconds: int) -> Load:
    return measure(server, operation.script(token), connections, seconds)


def compared(pairs: Sequence[tuple[Load, Load]]) -> str:
    """What a row says: both rates, their ratio, both p99."""
    theirs, ours = [each for each, _ in pairs], [each for _, each in pairs]
    ratio = median(mine.rate / other.rate for other, mine in pairs)
    return (
        f"ours {median(each.rate for each in ours):,.0f}/s, the other {median(each.rate for each in theirs):,.0f}/s,"
        f" ratio {ratio:.2f}; p99 {median(each.p99 for each in ours):.1f} and"
        f" {median(each.p99 for each in theirs):.1f} ms"
    )
