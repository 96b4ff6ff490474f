"""Commands that sign and authenticate by transit keys: HMAC, sign, verify."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import NamedTuple

from domain.call import Call
from domain.commands.transit_items import Authenticated, Outcome, Signed, ToSign, ToVerify, Verdict
from domain.commands.transit_using import KeyUse, Told, Use
from domain.errors import DecryptionFailed, Forbidden, Invalid
from domain.results import Done
from domain.transit import format as text_format
from domain.transit.cryptography import Cryptography, SignatureForm
from domain.transit.limits import checked_name
from domain.transit.opened import OpenKey
from domain.transit.uses import TransitAuthenticated, TransitSigned, TransitVerified

_FORM = SignatureForm()


class _Read(NamedTuple):
    """What is compared: its version (0 the newest) and bytes, or what is wrong with it."""

    asked: ToVerify
    version: int
    proof: bytes
    flaw: str = ""


class TransitSigning:
    """Each request is one append; nothing goes out before it."""

    def __init__(self, use: KeyUse, cryptography: Cryptography) -> None:
        self._use = use
        self._cryptography = cryptography

    async def authenticate(
        self,
        call: Call,
        name: str,
        items: Sequence[bytes | Invalid],
        algorithm: str = "sha2-256",
        version: int = 0,
        told: Told | None = None,
    ) -> Done[list[Outcome[Authenticated]]]:
        """HMACs by the key of its own that every version has. Raises `Invalid`, `NotFound`."""
        call.require("keys:sign", checked_name(name))

        def make(key: OpenKey, data: bytes) -> Authenticated:
            number = key.to_encrypt(version)
            return Authenticated(number, key.material(number).authenticate(algorithm, data))

        return await self._use.each(call, name, items, {version}, make, Use(TransitAuthenticated, told=told))

    async def sign(
        self,
        call: Call,
        name: str,
        items: Sequence[ToSign | Invalid],
        form: SignatureForm = _FORM,
        version: int = 0,
        told: Told | None = None,
    ) -> Done[list[Outcome[Signed]]]:
        """Sign each message. Raises `NotFound`."""
        call.require("keys:sign", checked_name(name))

        def make(key: OpenKey, item: ToSign) -> Signed:
            number = key.to_encrypt(version)
            material = key.material(number)
            context = _context(key, item)
            signature = material.sign(item.message, context, form)
            return Signed(number, signature, material.public_der(context), key.row.derived)

        return await self._use.each(call, name, items, {version}, make, Use(TransitSigned, told=told))

    async def verify(
        self,
        call: Call,
        name: str,
        items: Sequence[ToVerify | Invalid],
        form: SignatureForm = _FORM,
        algorithm: str = "sha2-256",
    ) -> Done[list[Outcome[Verdict]]]:
        """Whether each signature, or HMAC, is of its message. What is malformed is not valid. Raises `NotFound`."""
        call.require("keys:verify", checked_name(name))
        read = [item if isinstance(item, Invalid) else _read(item, form) for item in items]
        numbers = {each.version for each in read if isinstance(each, _Read)}

        def compare(key: OpenKey, item: _Read) -> Verdict:
            if item.flaw:
                return Verdict(item.version, valid=False, flaw=item.flaw)
            try:
                number = key.to_decrypt(item.version or key.row.number)
                material = key.material(number)
            except DecryptionFailed as failed:
                return Verdict(item.version, valid=False, flaw=failed.reason)
            asked = item.asked
            if asked.hmac:
                made = material.authenticate(algorithm, asked.message)
                return Verdict(number, hmac.compare_digest(made, item.proof))
            return Verdict(number, material.verify(asked.message, item.proof, _context(key, asked), form))

        return await self._use.each(call, name, read, numbers, compare, Use(TransitVerified, refused=_not_valid))

    async def verify_by(
        self, call: Call, public_der: bytes, items: Sequence[ToVerify | Invalid], form: SignatureForm = _FORM
    ) -> Done[list[Outcome[Verdict]]]:
        """Whether each signature is of its message by this public key (SubjectPublicKeyInfo, DER). Raises `Invalid`."""
        if not call.allows_somewhere("keys:verify"):
            raise Forbidden("this needs the scope keys:verify; ask an operator for a token that has it")

        def compare(item: ToVerify | Invalid) -> Outcome[Verdict]:
            if isinstance(item, Invalid):
                return item
            read = _read(item, form)
            if read.flaw:
                return Verdict(0, valid=False, flaw=read.flaw)
            try:
                return Verdict(0, self._cryptography.verify_by(public_der, item.message, read.proof, form))
            except Invalid as refused:
                return refused

        outcomes = await self._cryptography.apart(lambda: [compare(item) for item in items])
        failed = sum(map(_not_valid, outcomes))
        position = await self._use.fact(call, TransitVerified, count=len(outcomes) - failed, failed=failed)
        return Done(outcomes, position)


def _context(key: OpenKey, item: ToSign | ToVerify) -> bytes:
    return b"" if item.if_derived and not key.row.derived else item.context


def _not_valid(outcome: Outcome[Verdict]) -> bool:
    return isinstance(outcome, Invalid) or not outcome.valid


def _read(item: ToVerify, form: SignatureForm) -> _Read:
    try:
        version, proof = text_format.read_proof(item.proof, url=form.jws and not item.hmac)
    except Invalid:
        return _Read(item, 0, b"", "malformed")
    return _Read(item, version or item.version, proof)
