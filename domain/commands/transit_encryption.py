"""Commands that encrypt and decrypt by transit keys: encrypt, decrypt, rewrap, and data keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.call import Call
from domain.commands.transit_items import DataKey, Decrypted, Encrypted, Outcome, ToDecrypt, ToEncrypt, another
from domain.commands.transit_using import KeyUse, Told, Use
from domain.errors import DecryptionFailed, Invalid
from domain.plaintext import Plaintext
from domain.results import Done
from domain.transit import format as text_format
from domain.transit.cryptography import Cryptography
from domain.transit.limits import checked_name
from domain.transit.opened import OpenKey
from domain.transit.uses import DataKeyMade, TransitDecrypted, TransitEncrypted, TransitRewrapped

BITS: Final = (128, 256, 512)
"""Lengths of data keys."""


class _Read:
    """A ciphertext, read once however often it is tried."""

    __slots__ = ("asked", "payload", "version")

    def __init__(self, asked: ToDecrypt) -> None:
        self.asked = asked
        self.version, self.payload = text_format.read(asked.ciphertext)


class TransitEncryption:
    """Each request is one append; nothing goes out before it."""

    def __init__(self, use: KeyUse, cryptography: Cryptography) -> None:
        self._use = use
        self._cryptography = cryptography

    async def encrypt(
        self, call: Call, name: str, items: Sequence[ToEncrypt | Invalid], told: Told | None = None
    ) -> Done[list[Outcome[Encrypted]]]:
        """Encrypt each; an item is refused for a version, context or aad that cannot be. Raises `NotFound`."""
        call.require("keys:encrypt", checked_name(name))
        numbers = {item.version for item in items if not isinstance(item, Invalid)}
        use = Use(TransitEncrypted, encrypts=True, told=told)
        return await self._use.each(call, name, items, numbers, _encrypted, use)

    async def decrypt(
        self, call: Call, name: str, items: Sequence[ToDecrypt | Invalid]
    ) -> Done[list[Outcome[Decrypted]]]:
        """Decrypt each, for the caller to wipe; an item is refused with `DecryptionFailed`. Raises `NotFound`."""
        call.require("keys:decrypt", checked_name(name))
        read = [_read(item) for item in items]
        numbers = {each.version for each in read if isinstance(each, _Read)}
        return await self._use.each(call, name, read, numbers, _decrypted, Use(TransitDecrypted))

    async def rewrap(
        self, call: Call, name: str, items: Sequence[ToDecrypt | Invalid], told: Told | None = None
    ) -> Done[list[Outcome[Encrypted]]]:
        """Bring each ciphertext to another version, the newest if none is named; no plaintext goes out.

        So it takes the scope to encrypt, and not that to decrypt. Raises `NotFound`.
        """
        call.require("keys:encrypt", checked_name(name))
        read = [_read(item) for item in items]
        numbers = {number for each in read if isinstance(each, _Read) for number in (each.version, each.asked.version)}
        use = Use(TransitRewrapped, encrypts=True, told=told)
        return await self._use.each(call, name, read, numbers, _rewrapped, use)

    async def data_key(
        self, call: Call, name: str, bits: int, wanted: ToEncrypt, *, wrapped: bool, told: Told | None = None
    ) -> Done[DataKey]:
        """A fresh key to encrypt with elsewhere, encrypted; unless `wrapped`, in the clear too, for the caller to wipe.

        Aad, context and version are taken from `wanted`. Raises `Invalid`, `NotFound`.
        """
        call.require("keys:encrypt", checked_name(name))
        if bits not in BITS:
            raise Invalid("a data key has 128, 256 or 512 bits")

        def make(key: OpenKey, item: ToEncrypt) -> DataKey:
            fresh = Plaintext(self._cryptography.random(bits // 8))
            try:
                version, payload = _encrypted(key, item._replace(plaintext=fresh))
            except BaseException:
                fresh.wipe()
                raise
            if wrapped:
                fresh.wipe()
            return DataKey(version, payload, None if wrapped else fresh)

        use = Use(DataKeyMade, encrypts=True, more={"how": "wrapped" if wrapped else "plaintext"}, told=told)
        done = await self._use.each(call, name, [wanted], {wanted.version}, make, use)
        return Done(only(done.result), done.position)


def only(outcomes: Sequence[Outcome[DataKey]]) -> DataKey:
    """The one result; raises what it was refused with."""
    (outcome,) = outcomes
    if isinstance(outcome, Invalid):
        raise another(outcome)
    return outcome


def _read(item: ToDecrypt | Invalid) -> _Read | Invalid:
    if isinstance(item, Invalid):
        return item
    try:
        return _Read(item)
    except DecryptionFailed as refused:
        return refused


def _encrypted(key: OpenKey, item: ToEncrypt) -> Encrypted:
    number = key.to_encrypt(item.version)
    context = b"" if item.if_derived and not key.row.derived else item.context
    return Encrypted(number, key.material(number).encrypt(item.plaintext, item.aad, context))


def _decrypted(key: OpenKey, item: _Read) -> Decrypted:
    material, asked = key.material(key.to_decrypt(item.version)), item.asked
    context = b"" if asked.if_derived and not key.row.derived else asked.context
    return Decrypted(item.version, material.decrypt(item.payload, asked.aad, context))


def _rewrapped(key: OpenKey, item: _Read) -> Encrypted:
    with _decrypted(key, item).plaintext as plaintext:
        # What is bound to the ciphertext stays bound to it.
        asked = item.asked
        return _encrypted(key, ToEncrypt(plaintext, asked.aad, asked.context, asked.version, asked.if_derived))
