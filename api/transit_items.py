"""Items of transit encryption from the wire and to it: base64 is read once, and one that is wrong stops no other."""

from __future__ import annotations

from binascii import b2a_base64
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import msgspec
from litestar import Response
from msgspec import UNSET, UnsetType

from api.replies import answer
from api.transit_replies import (
    Authenticated,
    AuthenticatedItem,
    Decrypted,
    DecryptedItem,
    Encrypted,
    EncryptedItem,
    ItemError,
    Signed,
    SignedItem,
    Verdict,
    VerdictItem,
)
from domain.commands import transit_items as done
from domain.commands.transit_items import Outcome, ToDecrypt, ToEncrypt, ToSign, ToVerify, another, told_of
from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.transit.cryptography import SignatureForm
from domain.transit.format import NATIVE, decoded, encoded, encoded_url, written

B = TypeVar("B")
I = TypeVar("I")  # noqa: E741 - an item
R = TypeVar("R")
T = TypeVar("T")


def read(bodies: Iterable[B], one: Callable[[B], I]) -> list[I | Invalid]:
    """Each body as an item, or what is wrong with it in its place."""
    items: list[I | Invalid] = []
    for body in bodies:
        try:
            items.append(one(body))
        except Invalid as error:
            items.append(told_of(error))
    return items


def sole(items: object, given: object, name: str) -> bool:
    """Whether one thing is asked for, and not items; raises `Invalid` unless it is one of both."""
    if (items is UNSET) == (given is UNSET):
        raise Invalid(f"give {name}, or items: one of both")
    return items is UNSET


class Plain(Protocol):
    """What is encrypted."""

    @property
    def plaintext(self) -> str | UnsetType: ...  # noqa: D102 - see api.transit_bodies
    @property
    def aad(self) -> str: ...  # noqa: D102
    @property
    def context(self) -> str: ...  # noqa: D102
    @property
    def version(self) -> int: ...  # noqa: D102


def to_encrypt(body: Plain) -> ToEncrypt:
    """A plaintext in a buffer that can be wiped; raises `Invalid`."""
    plaintext = Plaintext(bytearray(decoded(str(body.plaintext))))
    return ToEncrypt(plaintext, _bytes(body.aad), _bytes(body.context), body.version)


def to_decrypt(body: Any, version: int = 0) -> ToDecrypt:  # noqa: ANN401 - a DecryptBody, a DecryptItem, or of rewrap
    """A ciphertext; raises `Invalid`."""
    return ToDecrypt(body.ciphertext, _bytes(body.aad), _bytes(body.context), version)


def to_rewrap(body: Any) -> ToDecrypt:  # noqa: ANN401 - a RewrapBody or a RewrapItem
    """A ciphertext and the version it is to have; raises `Invalid`."""
    return to_decrypt(body, body.version)


def to_sign(body: Any) -> ToSign:  # noqa: ANN401 - a SignBody or a SignItem
    """A message; raises `Invalid`."""
    return ToSign(decoded(body.message), _bytes(body.context))


def to_verify(body: Any) -> ToVerify:  # noqa: ANN401 - a VerifyBody or a VerifyItem
    """A message with its signature, or data with its HMAC; raises `Invalid` unless it is just one of both."""
    signed = body.message is not UNSET and body.signature is not UNSET
    hashed = body.data is not UNSET and body.hmac is not UNSET
    if signed == hashed:
        raise Invalid("give message and signature, or data and hmac")
    if hashed:
        return ToVerify(decoded(body.data), body.hmac, hmac=True, version=body.version)
    return ToVerify(decoded(body.message), body.signature, _bytes(body.context), version=body.version)


def _bytes(text: str) -> bytes:
    return decoded(text) if text else b""


def form_of(body: Any) -> SignatureForm:  # noqa: ANN401 - a SignBody or a VerifyBody
    """How its signatures are made."""
    return SignatureForm(
        hash_algorithm=body.hash_algorithm,
        prehashed=body.prehashed,
        signature_algorithm=body.signature_algorithm,
        salt_length=body.salt_length,
        jws=body.marshaling == "jws",
    )


def encrypted(result: done.Encrypted) -> Encrypted:
    """A ciphertext for the wire."""
    return Encrypted(ciphertext=written(NATIVE, *result), version=result.version)


def encrypted_items(outcomes: Sequence[Outcome[done.Encrypted]]) -> list[EncryptedItem]:
    """Ciphertexts for the wire."""
    return [
        EncryptedItem(error=_error(each))
        if isinstance(each, Invalid)
        else EncryptedItem(ciphertext=written(NATIVE, *each), version=each.version)
        for each in outcomes
    ]


def decrypted(result: done.Decrypted) -> Decrypted:
    """A plaintext for the wire; its buffer is still to be wiped."""
    return Decrypted(plaintext=result.plaintext.buffer, version=result.version)


def decrypted_items(outcomes: Sequence[Outcome[done.Decrypted]]) -> list[DecryptedItem]:
    """Plaintexts for the wire; their buffers are still to be wiped."""
    return [
        DecryptedItem(error=_error(each))
        if isinstance(each, Invalid)
        else DecryptedItem(plaintext=each.plaintext.buffer, version=each.version)
        for each in outcomes
    ]


def authenticated(result: done.Authenticated) -> Authenticated:
    """An HMAC for the wire."""
    return Authenticated(hmac=encoded(result.hmac), version=result.version)


def authenticated_items(outcomes: Sequence[Outcome[done.Authenticated]]) -> list[AuthenticatedItem]:
    """HMACs for the wire."""
    return [
        AuthenticatedItem(error=_error(each))
        if isinstance(each, Invalid)
        else AuthenticatedItem(hmac=encoded(each.hmac), version=each.version)
        for each in outcomes
    ]


def signed(result: done.Signed, *, jws: bool) -> Signed:
    """A signature for the wire."""
    text = encoded_url(result.signature) if jws else encoded(result.signature)
    return Signed(signature=text, version=result.version, public_der=result.public_der)


def signed_items(outcomes: Sequence[Outcome[done.Signed]], *, jws: bool) -> list[SignedItem]:
    """Signatures for the wire."""
    items = []
    for each in outcomes:
        if isinstance(each, Invalid):
            items.append(SignedItem(error=_error(each)))
        else:
            text = encoded_url(each.signature) if jws else encoded(each.signature)
            items.append(SignedItem(signature=text, version=each.version, public_der=each.public_der))
    return items


def verdict_items(outcomes: Sequence[Outcome[done.Verdict]]) -> list[VerdictItem]:
    """Verdicts for the wire."""
    return [
        VerdictItem(error=_error(each)) if isinstance(each, Invalid) else VerdictItem(valid=each.valid)
        for each in outcomes
    ]


def verdict(result: done.Verdict) -> Verdict:
    """A verdict for the wire."""
    return Verdict(valid=result.valid)


def _error(error: Invalid) -> ItemError:
    return ItemError(code=error.code, detail=error.message)


def first(outcomes: Sequence[Outcome[R]]) -> R:
    """The one outcome; raises what it was refused with."""
    outcome = outcomes[0]
    if isinstance(outcome, Invalid):
        raise another(outcome)
    return outcome


def answer_wiping(result: T, position: int, buffers: Iterable[Plaintext]) -> Response[T]:
    """`result` as JSON, encoded at once, so that the buffers in it are wiped before it goes out."""
    body: Any = msgspec.Raw(msgspec.json.encode(result))
    for buffer in buffers:
        buffer.wipe()
    return answer(body, position)


def wipe_items(items: Iterable[ToEncrypt | Invalid]) -> None:
    """Overwrite what was to be encrypted."""
    for item in items:
        if not isinstance(item, Invalid):
            item.plaintext.wipe()


def shown_bytes(data: bytes | bytearray, form: str) -> str:
    """Base64 or hexadecimal."""
    return data.hex() if form == "hex" else b2a_base64(data, newline=False).decode("ascii")
