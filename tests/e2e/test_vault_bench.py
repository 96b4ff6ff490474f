"""The benchmark of Vault's surface does what it says: on our server, and on another beside it."""

from __future__ import annotations

import json
import re
import shutil
import ssl
from pathlib import Path

import pytest

from tests.bench import vault_against, vault_speed
from tests.bench.load import Load
from tests.bench.processes import product
from tests.bench.report import Report
from tests.bench.vault_load import BATCH, OPERATIONS, Target, prepare

needs_wrk = pytest.mark.skipif(not shutil.which("wrk"), reason="wrk is not installed")
BARE = Load(rate=1000.0, p50=1.0, p99=2.0, cpu=40.0)
OURS = Load(rate=250.0, p50=4.0, p99=8.0, cpu=160.0)


def test_row_tells_rates_items_and_ratios() -> None:
    row = vault_speed.figures([(BARE, OURS)], 100)
    assert row.startswith("250/s = 25,000 items/s (ratio to the yardstick 0.250)")
    assert "CPU 160 us a request (yardstick's share of it 0.250)" in row


def test_row_beside_another_server_tells_both_and_ours_to_theirs() -> None:
    assert vault_against.compared([(BARE, OURS)]) == ("ours 250/s, the other 1,000/s, ratio 0.25; p99 8.0 and 2.0 ms")


def test_batches_are_compared_by_items() -> None:
    names = [operation.name for operation in OPERATIONS[-2:]]
    assert vault_speed.batches({(name, 64): [(BARE, OURS)] for name in names}, 64) == BATCH


def test_yardstick_is_asked_with_the_same_method_and_body() -> None:
    for operation in OPERATIONS:
        ours, bare = operation.script("t0ken"), operation.bare()
        assert "t0ken" in ours
        assert "t0ken" not in bare
        assert operation.body in ours
        assert ours.splitlines()[-1] == "end"
        assert re.findall(r"wrk.format.*", ours) == re.findall(r"wrk.format.*", bare)
        if operation.body:
            json.loads(operation.body)


def test_server_without_the_engines_is_told_apart_from_one_that_has_them(tmp_path: Path) -> None:
    with product(tmp_path) as server:
        with pytest.raises(OSError, match="was answered with 403"):
            prepare(Target(server.address, "trst_nobody", server.certificate))
        with pytest.raises(ssl.SSLCertVerificationError):
            prepare(Target(server.address, server.token))  # its certificate is nobody's whom we know


@needs_wrk
def test_every_operation_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = vault_speed.run(Report(), tmp_path, seconds=1, rounds=1, connections=[2])
    assert set(found) == {(operation.name, 2) for operation in OPERATIONS}
    assert all(ours.rate > 0 and ours.cpu > 0 for pairs in found.values() for _, ours in pairs)
    assert "transit encrypt, 100 a request, 2 connections" in capsys.readouterr().out


@needs_wrk
def test_another_server_is_measured_beside_ours(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with product(tmp_path / "other") as other:
        target = Target(other.address, other.token, other.certificate)
        vault_against.run(Report(), tmp_path / "ours", target, seconds=1, rounds=1, connections=[2])
    assert len(re.findall(r"ours [\d,]+/s, the other [\d,]+/s, ratio", capsys.readouterr().out)) == len(OPERATIONS)
