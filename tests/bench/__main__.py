"""`make bench`: every figure the documentation states, measured in one run.

`make bench ARGS="--part throughput"` measures a part; `--quick` makes everything smaller. Compare the ratios: machines
differ. With `--against URL --token T` another server with Vault's surface is measured beside ours, and nothing else.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.bench import accounts, leases, proof, scale, start, throughput, vault_against, vault_speed
from tests.bench.report import Report
from tests.bench.vault_load import Target

PARTS = ("start", "throughput", "vault", "scale", "proof", "accounts", "leases")


def main() -> None:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--part", choices=PARTS, action="append", help="only this; may be repeated")
    parser.add_argument("--quick", action="store_true", help="shorter bursts and smaller stores")
    parser.add_argument("--against", metavar="URL", help="another server, such as https://127.0.0.1:8200")
    parser.add_argument("--token", default="", help="what to show to the other server")
    parser.add_argument("--cacert", type=Path, help="the certificate that the other server's is signed by")
    options = parser.parse_args()
    report, quick = Report(), options.quick
    report.machine()
    if options.against:
        other = Target(options.against.rstrip("/"), options.token, options.cacert)
        report.heading(f"ours against {other.address}")
        with tempfile.TemporaryDirectory(prefix="trstctl-bench-") as top:
            vault_against.run(report, Path(top) / "ours", other, seconds=2 if quick else 4, rounds=1 if quick else 3)
        return
    with tempfile.TemporaryDirectory(prefix="trstctl-bench-") as top:
        for part in options.part or PARTS:
            report.heading(part)
            folder = Path(top) / part
            if part == "start":
                start.run(report, folder, rounds=2 if quick else 5)
            elif part == "throughput":
                throughput.run(report, folder, seconds=2 if quick else 4, rounds=1 if quick else 3)
            elif part == "vault":
                vault_speed.run(report, folder, seconds=2 if quick else 4, rounds=1 if quick else 3)
            elif part == "scale":
                counts = (50_000, 1000) if quick else (1_000_000, 10_000)
                scale.run(report, folder, secrets=counts[0], versions=counts[1], seconds=2 if quick else 4)
            elif part == "accounts":
                accounts.run(report, accounts=100 if quick else 500)
            elif part == "leases":
                counts = (20_000, 2000) if quick else (256_000, 10_000)
                leases.run(report, folder, living=counts[0], expiring=counts[1], seconds=3 if quick else 10)
            else:
                proof.run(report, folder, events=50_000 if quick else 500_000)


main()
