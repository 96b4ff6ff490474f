"""The table of checks. What is not in it is not checked; the order decides which of two at one position is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, NamedTuple

from domain.verification import chain_checks, closing_checks, sealed_checks
from domain.verification.closing_checks import Evidence
from domain.verification.report import Fault
from domain.verification.sealed_checks import NamedKeys, NamedValues
from domain.verification.segment import Segment

ChainCheck = Callable[[Segment], Iterator[Fault]]
ValueCheck = Callable[[NamedValues], Iterator[Fault]]
KeyCheck = Callable[[NamedKeys], Iterator[Fault]]
ClosingCheck = Callable[[Evidence], Iterator[Fault]]


class Checks(NamedTuple):
    """Checks by name and by when they are made."""

    chain: Mapping[str, ChainCheck]
    """On each segment of the log."""
    values: Mapping[str, ValueCheck]
    """Then on each few sealed values."""
    keys: Mapping[str, KeyCheck]
    """Then on each few data keys."""
    closing: Mapping[str, ClosingCheck]
    """Once, at the end."""

    @property
    def names(self) -> list[str]:
        """All names, in the order of the table."""
        return [*self.chain, *self.values, *self.keys, *self.closing]

    def without(self, name: str) -> Checks:
        """The table with one check removed: to see that it is needed."""
        return Checks(*({each: check for each, check in part.items() if each != name} for part in self))  # type: ignore[arg-type]


CHECKS: Final = Checks(
    chain={
        "shape": chain_checks.shape,
        "position": chain_checks.positions,
        "link": chain_checks.links,
        "hash": chain_checks.hashes,
    },
    values={
        "sealed-digest": sealed_checks.digests,
        "sealed-unnamed": sealed_checks.unnamed_values,
    },
    keys={
        "key-unnamed": sealed_checks.unnamed_keys,
    },
    closing={
        "sealed-absent": closing_checks.absent_values,
        "key-lost": closing_checks.lost_keys,
        "key-kept": closing_checks.kept_keys,
        "body": closing_checks.bodies,
        "checkpoint-form": closing_checks.forms,
        "checkpoint-signature": closing_checks.signatures,
        "checkpoint-size": closing_checks.sizes,
        "checkpoint-head": closing_checks.heads,
        "signing-key": closing_checks.signing_keys,
    },
)
