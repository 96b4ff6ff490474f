"""Checkpoints of the log: how many events it had and what its head was, signed (C2SP tlog-checkpoint, one thing apart).

The third line of a tlog-checkpoint is the root of a Merkle tree; ours is the hash of the last event of the chain.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from domain.errors import Invalid
from domain.signed_note import NoteKey, Sign, SignedNote, decoded_base64, encoded_base64, parsed_note, signed

_SIZE: Final = re.compile(r"(0|[1-9][0-9]{0,18})\Z", re.ASCII)


class Checkpoint(NamedTuple):
    """The log `origin` had `size` events, and the hash of the last was `head` (`GENESIS` if it had none)."""

    origin: str
    size: int
    head: bytes

    @property
    def text(self) -> str:
        """What is signed: three lines, each ended by a line feed."""
        return f"{self.origin}\n{self.size}\n{encoded_base64(self.head)}\n"


class SignedCheckpoint(NamedTuple):
    """A checkpoint with the note it was read from; whether it is signed by whom it should be is still to be asked."""

    checkpoint: Checkpoint
    note: SignedNote


def signed_checkpoint(size: int, head: bytes, key: NoteKey, sign: Sign) -> str:
    """The signed note that states this head. The log's origin is the key's name."""
    if size < 0 or len(head) != 32:
        raise Invalid("a checkpoint states a number of events and a hash of 32 bytes")
    return signed(Checkpoint(key.name, size, head).text, key, sign)


def parsed_checkpoint(note: str) -> SignedCheckpoint:
    """The checkpoint that a note states; raises `Invalid` unless it is exactly three lines of the right form."""
    parsed = parsed_note(note)
    lines = parsed.text.split("\n")
    if len(lines) != 4 or not lines[0]:
        raise Invalid("a checkpoint has three lines: origin, size, head")
    origin, size, head, _ = lines
    if not _SIZE.match(size) or int(size) >= 1 << 63:
        raise Invalid("the size in a checkpoint is a decimal number without leading zeros")
    digest = decoded_base64(head, "the head in a checkpoint")
    if len(digest) != 32:
        raise Invalid("the head in a checkpoint has 32 bytes")
    return SignedCheckpoint(Checkpoint(origin, int(size), digest), parsed)
