"""The table of checks. What is not in it is not checked; the order decides which of two at one position is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from domain.verification import chain_checks, closing_checks, sealed_checks
from domain.verification.closing_checks import Evidence
from domain.verification.report import Fault
from domain.verification.sealed_checks import Claimed
from domain.verification.segment import Segment

ChainCheck = Callable[[Segment], Iterator[Fault]]
SealedCheck = Callable[[Sequence[Claimed]], Iterator[Fault]]
ClosingCheck = Callable[[Evidence], Iterator[Fault]]


class Checks(NamedTuple):
    """Checks by name and by when they are made."""

    chain: Mapping[str, ChainCheck]
    """On each segment of the log."""
    sealed: Mapping[str, SealedCheck]
    """Then on each few sealed values."""
    closing: Mapping[str, ClosingCheck]
    """Once, at the end."""

    @property
    def names(self) -> list[str]:
        """All names, in the order of the table."""
        return [*self.chain, *self.sealed, *self.closing]

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
    sealed={
        "sealed-digest": sealed_checks.digests,
        "sealed-unnamed": sealed_checks.unnamed,
        "key-lost": sealed_checks.lost_keys,
        "key-kept": sealed_checks.kept_keys,
    },
    closing={
        "sealed-absent": closing_checks.absent,
        "body": closing_checks.bodies,
        "checkpoint-form": closing_checks.forms,
        "checkpoint-signature": closing_checks.signatures,
        "checkpoint-size": closing_checks.sizes,
        "checkpoint-head": closing_checks.heads,
        "signing-key": closing_checks.signing_keys,
    },
)
