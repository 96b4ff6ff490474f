"""One verification: segments of the log, then sealed values, then the report."""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from domain.chain import GENESIS
from domain.errors import Misconfigured
from domain.signed_note import NoteKey, VerifySignature
from domain.verification.checks import CHECKS, Checks
from domain.verification.closing_checks import Evidence, key_for, sorted_out
from domain.verification.report import Fault, Finding, Report
from domain.verification.sealed_checks import Claimed
from domain.verification.segment import Head, Segment
from domain.verification.source import HeldCheckpoint, LogSource, SealedRow
from domain.verification.statements import Statements

MOST_FINDINGS: Final = 20
"""How many findings of each check are told: those at the lowest positions."""

Progress = Callable[[int], None]
"""Told how many further events were read."""


def verify(
    source: LogSource,
    verify_signature: VerifySignature,
    *,
    checkpoints: Sequence[HeldCheckpoint] = (),
    key: NoteKey | None = None,
    checks: Checks = CHECKS,
    progress: Progress = lambda _: None,
) -> Report:
    """Read all of `source` and report. Read `checkpoints` before `source` is opened: a later one might be ahead of it.

    Without `key`, checkpoints are checked with the key that the log names. Raises what `source` raises, and
    `Misconfigured` if nothing is wrong but there was no key to check the checkpoints with.
    """
    verification = Verification(verify_signature, checkpoints=checkpoints, key=key, checks=checks)
    for segment in source.segments():
        verification.read(segment)
        progress(len(segment.positions))
    sealed = source.sealed()
    for rows in sealed or ():
        verification.read_sealed(rows)
    return verification.report(has_sealed=sealed is not None)


class Verification:
    """Gathers findings: `read` the whole log, `read_sealed` all sealed values if there are any, then `report` once."""

    def __init__(
        self,
        verify_signature: VerifySignature,
        *,
        checkpoints: Sequence[HeldCheckpoint] = (),
        key: NoteKey | None = None,
        checks: Checks = CHECKS,
    ) -> None:
        self._verify_signature = verify_signature
        self._checkpoints, self._malformed = sorted_out(checkpoints)
        self._key = key
        self._checks = checks
        self._order = {name: number for number, name in enumerate(checks.names)}
        self._found: dict[str, list[Finding]] = {}
        self._log = Statements()
        self._head = Head()
        self._sizes = sorted({signed.checkpoint.size for _, signed in self._checkpoints})
        self._marks = {0: GENESIS}
        self._events = self._withheld = self._sealed = 0

    def read(self, segment: Segment) -> None:
        """Check the next rows of the log."""
        linked = segment._replace(before=self._head)
        for name, check in self._checks.chain.items():
            self._add(name, check(linked))
        self._log.read(segment.stated)
        self._mark(segment)
        self._events += len(segment.positions)
        self._withheld += segment.withheld
        self._head = Head(segment.positions[-1], segment.hashes[-1])

    def read_sealed(self, rows: Sequence[SealedRow]) -> None:
        """Check some sealed values against the whole log, which was read before."""
        values = [self._claimed(row) for row in rows]
        for name, check in self._checks.sealed.items():
            self._add(name, check(values))
        for row in rows:
            if row.digest is not None:
                self._log.sealings.pop((row.tenant, row.seal_id), None)
                self._sealed += not row.is_reply

    def report(self, *, has_sealed: bool) -> Report:
        """Make the last checks and say what was found; `has_sealed` says whether sealed values were read."""
        evidence = Evidence(
            self._head, self._log, self._checkpoints, self._malformed, self._marks, self._key, self._verify_signature,
            has_sealed,
        )  # fmt: skip
        for name, check in self._checks.closing.items():
            self._add(name, check(evidence))
        findings = sorted((each for found in self._found.values() for each in found), key=self._rank)
        if not findings and any(key_for(evidence, each.checkpoint.origin) is None for _, each in self._checkpoints):
            raise Misconfigured("there is no key to check the checkpoints with; name it with --key")
        return self._reported(findings, has_sealed=has_sealed)

    def _reported(self, findings: list[Finding], *, has_sealed: bool) -> Report:
        return Report(
            intact=not findings,
            events=self._events,
            head=self._head.hash.hex(),
            withheld=self._withheld,
            sealed=self._sealed if has_sealed else None,
            checkpoints=len(self._checkpoints) + len(self._malformed),
            covered=self._sizes[-1] if self._sizes else 0,
            first_bad=findings[0] if findings else None,
            findings=tuple(findings),
        )

    def _claimed(self, row: SealedRow) -> Claimed:
        sealing = self._log.sealings.get((row.tenant, row.seal_id))
        return Claimed(row, sealing, self._log.destroyed_at(sealing) if sealing else None)

    def _mark(self, segment: Segment) -> None:
        """Keep the hashes that checkpoints will be compared with."""
        low, high = min(segment.positions), max(segment.positions)
        if bisect_left(self._sizes, low) < bisect_right(self._sizes, high):
            stored = dict(zip(segment.positions, segment.hashes, strict=True))
            self._marks.update((size, stored[size]) for size in self._sizes if size in stored)

    def _add(self, name: str, faults: Iterable[Fault]) -> None:
        fresh = [Finding(position, name, what) for position, what in faults]
        if fresh:
            kept = self._found.get(name, [])
            self._found[name] = heapq.nsmallest(MOST_FINDINGS, [*kept, *fresh], key=self._rank)

    def _rank(self, finding: Finding) -> tuple[bool, int, int]:
        return finding.position is None, finding.position or 0, self._order[finding.check]
