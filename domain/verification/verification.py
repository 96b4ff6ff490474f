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
from domain.verification.sealed_checks import NamedKeys
from domain.verification.segment import Head, Segment
from domain.verification.source import HeldCheckpoint, LogSource, SealedStore
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
    if sealed is not None:
        verification.read_sealed(sealed)
    return verification.report()


class Verification:
    """Gathers findings: `read` the whole log, `read_sealed` the sealed values if there are any, then `report` once."""

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
        self._has_sealed = False

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

    def read_sealed(self, store: SealedStore) -> None:
        """Check all sealed values and data keys against the whole log, which was read before."""
        named_by, replies = self._log.sealings.get, store.replies()
        self._has_sealed = True
        for values in store.sealed_values():
            named = [(value, named_by(value.id)) for value in values if value.id not in replies]
            for name, check in self._checks.values.items():
                self._add(name, check(named))
            for _, sealing in named:
                if sealing:
                    sealing.has_value = True
            self._sealed += len(named)
        for keys in store.data_keys():
            self._read_keys([(key, named_by(key)) for key in keys if key not in replies])

    def _read_keys(self, named: NamedKeys) -> None:
        for name, check in self._checks.keys.items():
            self._add(name, check(named))
        for _, sealing in named:
            if sealing:
                sealing.has_key = True

    def report(self) -> Report:
        """Make the last checks and say what was found."""
        evidence = Evidence(
            self._head, self._log, self._checkpoints, self._malformed, self._marks, self._key, self._verify_signature,
            self._has_sealed,
        )  # fmt: skip
        for name, check in self._checks.closing.items():
            self._add(name, check(evidence))
        findings = sorted((each for found in self._found.values() for each in found), key=self._rank)
        if not findings and any(key_for(evidence, each.checkpoint.origin) is None for _, each in self._checkpoints):
            raise Misconfigured("there is no key to check the checkpoints with; name it with --key")
        return self._reported(findings)

    def _reported(self, findings: list[Finding]) -> Report:
        return Report(
            intact=not findings,
            events=self._events,
            head=self._head.hash.hex(),
            withheld=self._withheld,
            sealed=self._sealed if self._has_sealed else None,
            checkpoints=len(self._checkpoints) + len(self._malformed),
            covered=self._sizes[-1] if self._sizes else 0,
            first_bad=findings[0] if findings else None,
            findings=tuple(findings),
        )

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
