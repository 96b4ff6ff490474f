"""Checks made when the whole log has been read: against checkpoints, and of what should have been found by then."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from domain.checkpoint import SignedCheckpoint, parsed_checkpoint
from domain.errors import Invalid
from domain.signed_note import NoteKey, VerifySignature, signed_by
from domain.verification.report import Fault
from domain.verification.segment import Head
from domain.verification.source import HeldCheckpoint
from domain.verification.statements import Statements


class Evidence(NamedTuple):
    """All there is when the log has been read."""

    head: Head
    log: Statements
    checkpoints: Sequence[tuple[str, SignedCheckpoint]]
    malformed: Sequence[tuple[str, str]]
    """Sources of checkpoints that are none, and why."""
    marks: dict[int, bytes]
    """The hash stored at each position that a checkpoint names, where there is one."""
    key: NoteKey | None
    verify_signature: VerifySignature
    has_sealed: bool


def sorted_out(held: Sequence[HeldCheckpoint]) -> tuple[list[tuple[str, SignedCheckpoint]], list[tuple[str, str]]]:
    """The checkpoints by size, and those that are none."""
    good, malformed = [], []
    for source, note in held:
        try:
            good.append((source, parsed_checkpoint(note)))
        except Invalid as error:
            malformed.append((source, error.message))
    good.sort(key=lambda each: each[1].checkpoint.size)
    return good, malformed


def key_for(evidence: Evidence, origin: str) -> NoteKey | None:
    """The key to trust: the one handed in, else the one whose creation is in the log."""
    if evidence.key:
        return evidence.key
    named = evidence.log.signing_keys
    return NoteKey(origin, named[0].public) if named else None


def forms(evidence: Evidence) -> Iterator[Fault]:
    """Whatever is kept as a checkpoint is one."""
    for source, reason in evidence.malformed:
        yield Fault(None, f"{source} is not a checkpoint: {reason}")


def signatures(evidence: Evidence) -> Iterator[Fault]:
    """A checkpoint is signed by the log's key, under the log's name."""
    for source, (checkpoint, note) in evidence.checkpoints:
        key = key_for(evidence, checkpoint.origin)
        good = key and checkpoint.origin == key.name and signed_by(note, key, evidence.verify_signature)
        if key and not good:
            yield Fault(checkpoint.size, f"{source} is not signed by {key.name}+{key.id.hex()}")


def sizes(evidence: Evidence) -> Iterator[Fault]:
    """The log is at least as long as it was when the checkpoint was signed."""
    end = evidence.head.position
    for source, (checkpoint, _) in evidence.checkpoints:
        if checkpoint.size > end:
            what = f"the log ends at {end}, but had {checkpoint.size} events when {source} was signed: the tail was cut"
            yield Fault(end + 1, what)


def heads(evidence: Evidence) -> Iterator[Fault]:
    """The event at the checkpoint's size has the hash that was signed."""
    matched = 0
    for source, (checkpoint, _) in evidence.checkpoints:
        if checkpoint.size > evidence.head.position:
            return
        if evidence.marks.get(checkpoint.size) == checkpoint.head:
            matched = checkpoint.size
            continue
        what = f"it is not the event that {source} signed: something from {matched + 1} to here was rewritten"
        yield Fault(checkpoint.size, what)


def signing_keys(evidence: Evidence) -> Iterator[Fault]:
    """The key that checkpoints are checked with is the one whose creation is in the log."""
    public = evidence.key.public if evidence.key else None
    for position, named in evidence.log.signing_keys:
        public = public or named
        if named != public:
            what = "it names another key as signing checkpoints than the one they were checked with"
            yield Fault(position, what)


def absent_values(evidence: Evidence) -> Iterator[Fault]:
    """A sealed value is there unless an event says that its key was destroyed."""
    if evidence.has_sealed:
        for (_, seal_id), sealing in evidence.log.sealings.items():
            if not sealing.has_value and evidence.log.destroyed_at(sealing) is None:
                yield Fault(sealing.position, f"the sealed value {seal_id} that this event names is not there")


def lost_keys(evidence: Evidence) -> Iterator[Fault]:
    """The data key of a sealed value is there unless an event says that it was destroyed."""
    if evidence.has_sealed:
        for (_, seal_id), sealing in evidence.log.sealings.items():
            if sealing.has_value and not sealing.has_key and evidence.log.destroyed_at(sealing) is None:
                yield Fault(sealing.position, f"the data key of {seal_id} is gone, but no event destroyed it")


def kept_keys(evidence: Evidence) -> Iterator[Fault]:
    """A data key that an event says was destroyed is not there."""
    for (_, seal_id), sealing in evidence.log.sealings.items():
        if sealing.has_key and (destroyed_at := evidence.log.destroyed_at(sealing)) is not None:
            yield Fault(destroyed_at, f"this event destroyed the data key of {seal_id}, but it is there")


def bodies(evidence: Evidence) -> Iterator[Fault]:
    """A body that speaks of sealed values or keys can be read."""
    for position, kind in evidence.log.unreadable:
        yield Fault(position, f"the body of this {kind} does not say what it must")
