"""Vault's surface at 1, 16 and 64 connections, beside the yardstick in the same run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from tests.bench.load import Load, measure
from tests.bench.processes import Server, product, yardstick
from tests.bench.report import Report
from tests.bench.vault_load import OPERATIONS, Operation, Target, prepare

CONNECTIONS: Final = (1, 16, 64)
Pair = tuple[Load, Load]
"""The yardstick's burst and ours, one after the other."""


def run(
    report: Report, folder: Path, *, seconds: int, rounds: int, connections: Sequence[int] = CONNECTIONS
) -> dict[tuple[str, int], list[Pair]]:
    """Prints one row an operation and number of connections; ratios are medians over `rounds` pairs."""
    with product(folder) as server, yardstick(folder) as echo:
        prepare(Target(server.address, server.token, server.certificate))
        found = {}
        for operation in OPERATIONS:
            for count in connections:
                pairs = [_pair(echo, server, operation, count, seconds) for _ in range(rounds)]
                found[operation.name, count] = pairs
                report.row(f"{operation.name}, {count} connections", figures(pairs, operation.items))
        for count in connections:
            report.row(
                f"a batch beside single ones, {count} connections", f"{batches(found, count):.1f} times the items"
            )
        return found


def _pair(echo: Server, server: Server, operation: Operation, connections: int, seconds: int) -> Pair:
    theirs = measure(echo, operation.bare(), connections, seconds)
    return theirs, measure(server, operation.script(server.token), connections, seconds)


def figures(pairs: Sequence[Pair], items: int = 1) -> str:
    """What a row says: how many a second, the ratios to the yardstick, how long, how much CPU."""
    rate = median(ours.rate / theirs.rate for theirs, ours in pairs)
    cpu = median(theirs.cpu / ours.cpu for theirs, ours in pairs)
    mine = [ours for _, ours in pairs]
    a_second = median(each.rate for each in mine)
    many = f" = {a_second * items:,.0f} items/s" if items > 1 else ""
    return (
        f"{a_second:,.0f}/s{many} (ratio to the yardstick {rate:.3f}), p50 {median(each.p50 for each in mine):.1f} ms,"
        f" p99 {median(each.p99 for each in mine):.1f} ms, CPU {median(each.cpu for each in mine):.0f} us a request"
        f" (yardstick's share of it {cpu:.3f})"
    )


def batches(found: dict[tuple[str, int], list[Pair]], connections: int) -> float:
    """How many more items a second batches do than single requests."""
    *_, single, batch = OPERATIONS
    rates = [
        median(ours.rate * operation.items for _, ours in found[operation.name, connections])
        for operation in (single, batch)
    ]
    return rates[1] / rates[0]
