"""Signed notes: a text, an empty line, and who signed it (C2SP signed-note). Ed25519 signatures only.

Pure: what signs and what verifies is handed in.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from hashlib import sha256
from typing import Final, NamedTuple

from domain.errors import Invalid

MAX_NOTE: Final = 256 * 1024
"""Longest note read, in characters. C2SP asks for room for 16 signatures, of up to 5 kB each."""
MAX_SIGNATURES: Final = 100
_ED25519: Final = b"\x01"
_LINE_START: Final = "\N{EM DASH} "

Sign = Callable[[bytes], bytes]
"""The Ed25519 signature, 64 bytes, of a message."""
VerifySignature = Callable[[bytes, bytes, bytes], bool]
"""Whether (public key, message, signature) fit together."""


class NoteKey(NamedTuple):
    """The name and the Ed25519 public key, 32 bytes, by which signatures are known."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The first four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ public key)."""
        return sha256(self.name.encode() + b"\n" + _ED25519 + self.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The key as verifiers pass it on: `name+keyid+base64(0x01 ‖ public key)`."""
        return f"{self.name}+{self.id.hex()}+{encoded_base64(_ED25519 + self.public)}"


class NoteSignature(NamedTuple):
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes


class SignedNote(NamedTuple):
    """A note whose form is right; whether its signatures are, `signed_by` tells."""

    text: str
    """What was signed, with its last line feed."""
    signatures: tuple[NoteSignature, ...]


def checked_name(name: str) -> str:
    """`name` unchanged if a key may have it; raises `Invalid`."""
    if not name or len(name) > 255 or "+" in name or any(letter.isspace() or letter < " " for letter in name):
        raise Invalid("the name of a note's key has 1 to 255 characters, no white space and no plus sign")
    return name


def parsed_vkey(text: str) -> NoteKey:
    """The key that a vkey names; raises `Invalid`, also if its key id does not fit."""
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    data = decoded_base64(encoded, "a vkey")
    if len(data) != 33 or data[:1] != _ED25519:
        raise Invalid("a vkey is name+keyid+base64 of 0x01 and an Ed25519 public key; this one is not")
    key = NoteKey(checked_name(name), data[1:])
    if key.id.hex() != key_id:
        raise Invalid(
            f"the vkey's id is {key_id!r}, but of this name and key it would be {key.id.hex()}: it was altered"
        )
    return key


def signed(text: str, key: NoteKey, sign: Sign) -> str:
    """The note of `text`, which ends in a line feed, with one signature."""
    signature = encoded_base64(key.id + sign(text.encode()))
    return f"{text}\n{_LINE_START}{checked_name(key.name)} {signature}\n"


def parsed_note(note: str) -> SignedNote:
    """The parts of a note; raises `Invalid` unless every character is as the form has it."""
    if len(note) > MAX_NOTE:
        raise Invalid(f"a signed note has at most {MAX_NOTE} characters")
    if any(letter < " " and letter != "\n" for letter in note):
        raise Invalid("a signed note has no control characters")
    text, gap, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise Invalid(f"a signed note is a text, an empty line, and 1 to {MAX_SIGNATURES} lines of signatures")
    return SignedNote(f"{text}\n", tuple(_signature(line) for line in lines))


def signed_by(note: SignedNote, key: NoteKey, verify: VerifySignature) -> bool:
    """Whether `key` signed the note. Signatures of other keys are left aside, as the form asks."""
    own = [each.signature for each in note.signatures if (each.name, each.key_id) == (key.name, key.id)]
    message = note.text.encode()
    return bool(own) and all(verify(key.public, message, signature) for signature in own)


def _signature(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_LINE_START).partition(" ")
    if not line.startswith(_LINE_START):
        raise Invalid("a note's signature line begins with an em dash and a space")
    data = decoded_base64(encoded, "a note's signature")
    if len(data) <= 4:
        raise Invalid("a note's signature has four bytes of key id, and the signature")
    return NoteSignature(checked_name(name), data[:4], data[4:])


def encoded_base64(data: bytes) -> str:
    """RFC 4648 section 4."""
    return base64.b64encode(data).decode()


def decoded_base64(text: str, what: str) -> bytes:
    """RFC 4648 section 4, and only the spelling that encoding gives; raises `Invalid` that begins with `what`."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid(f"{what} is not base64") from error
    if encoded_base64(data) != text:
        raise Invalid(f"{what} is not base64 in its only spelling")
    return data
