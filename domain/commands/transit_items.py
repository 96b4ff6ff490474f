"""What transit commands are given and what they answer with, item by item.

A face that cannot read an item puts the error in the item's place: it is told there again, and counted as refused.
A context with a key that is not derived is refused; with `if_derived` it is left out, as clients of Vault expect it.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, TypeVar

from domain.errors import Invalid
from domain.plaintext import Plaintext

T = TypeVar("T")

Outcome: TypeAlias = T | Invalid
"""What became of an item: its result, or why it was refused."""


def told_of(error: Invalid) -> Invalid:
    """The error without what it was raised in: frames that hold the plaintext, and would be held by it."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


def another(error: Invalid) -> Invalid:
    """One like it, for who holds it to raise: an error that its own frames hold, and they it, lives on with them."""
    made = type(error).__new__(type(error), *error.args)
    made.__dict__.update(error.__dict__)
    return made


class ToEncrypt(NamedTuple):
    """A plaintext, which stays the caller's to wipe. `version` 0 is the newest."""

    plaintext: Plaintext
    aad: bytes = b""
    context: bytes = b""
    version: int = 0
    if_derived: bool = False


class ToDecrypt(NamedTuple):
    """A ciphertext as it was written, and the version to bring it to if it is rewrapped (0: the newest)."""

    ciphertext: str
    aad: bytes = b""
    context: bytes = b""
    version: int = 0
    if_derived: bool = False


class ToSign(NamedTuple):
    """A message, or its hash if the form of signatures says so."""

    message: bytes
    context: bytes = b""
    if_derived: bool = False


class ToVerify(NamedTuple):
    """A message and what is to be compared with it: a signature, or an HMAC if `hmac`.

    `version` is meant if `proof` has none before it; 0 is the newest.
    """

    message: bytes
    proof: str
    context: bytes = b""
    hmac: bool = False
    version: int = 0
    if_derived: bool = False


class Encrypted(NamedTuple):
    """The version of the key, and nonce, ciphertext and tag, or what RSA makes. `domain.transit.format` writes it."""

    version: int
    payload: bytes


class Decrypted(NamedTuple):
    """The version that it was encrypted with, and the plaintext, which the receiver wipes."""

    version: int
    plaintext: Plaintext


class DataKey(NamedTuple):
    """A data key: encrypted, and in the clear unless that was not wanted; the receiver wipes it."""

    version: int
    payload: bytes
    plaintext: Plaintext | None


class Authenticated(NamedTuple):
    """The version of the key, and the HMAC."""

    version: int
    hmac: bytes


class Signed(NamedTuple):
    """The version of the key, the signature, and the public key (SubjectPublicKeyInfo, DER).

    That is the context's own if the key is `derived`.
    """

    version: int
    signature: bytes
    public_der: bytes
    derived: bool = False


class Verdict(NamedTuple):
    """Whether it is valid. `flaw` says what kept it from being compared at all: `too new`, `too old`, `malformed`."""

    version: int
    valid: bool
    flaw: str = ""
