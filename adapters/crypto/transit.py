"""The primitives of transit encryption behind their port."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from adapters.crypto import transit_backup, transit_hashes, transit_signing
from adapters.crypto.primitives import Bytes
from adapters.crypto.transit_aead import AeadMaterial, DerivedMaterial
from adapters.crypto.transit_asymmetric import (
    RSA_BITS,
    DerivedSigningMaterial,
    RsaMaterial,
    SigningMaterial,
    generated,
    loaded,
    public_pem,
)
from adapters.crypto.transit_material import OpenMaterial, Parts, joined, split
from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.transit.cryptography import Backed, Generated, Material, Part, Shape, SignatureForm
from domain.transit.key_types import KeyType

T = TypeVar("T")

_HMAC_KEY = 32
"""Length of the HMAC key that lies beside a key of another type, in bytes."""


class TransitCryptography:
    """Implements `domain.transit.cryptography.Cryptography`."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, "transit")

    def generate(self, type: KeyType, size: int) -> Generated:  # noqa: A002 - the port's word
        hmac_key = bytearray() if type.name == "hmac" else bytearray(os.urandom(_HMAC_KEY))
        symmetric = type.symmetric or type.name == "hmac"
        key = bytearray(os.urandom(type.size or size)) if symmetric else generated(type.name)
        parts = Parts(hmac_key, key)
        try:
            public = "" if symmetric else public_pem(loaded(type.name, key).public_key())
            return Generated(joined(hmac_key, key), public)
        finally:
            parts.wipe()

    def open(self, shape: Shape, material: Plaintext) -> Material:
        parts = split(material)
        if shape.type.name == "hmac":
            return OpenMaterial(shape, parts.key)
        if shape.type.symmetric:
            return (DerivedMaterial if shape.derived else AeadMaterial)(shape, parts)
        if shape.type.name in RSA_BITS:
            return RsaMaterial(shape, parts)
        return (DerivedSigningMaterial if shape.derived else SigningMaterial)(shape, parts)

    def random(self, count: int) -> bytearray:
        return bytearray(os.urandom(count))

    def digest(self, algorithm: str, data: bytes) -> bytes:
        return transit_hashes.digest(algorithm, data)

    def verify_by(self, public_der: bytes, message: bytes, signature: bytes, form: SignatureForm) -> bool:
        return transit_signing.verify(transit_signing.loaded_public(public_der), message, signature, form)

    def export(self, shape: Shape, material: Plaintext, part: Part) -> str:
        parts = split(material)
        try:
            return _exported(shape, parts, part)
        finally:
            parts.wipe()

    def backup(self, backed: Backed) -> str:
        return transit_backup.written(backed)

    def parsed(self, backup: str) -> Backed:
        return transit_backup.parsed(backup)

    async def apart(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """Finish what is under way, and take nothing more."""
        self._threads.shutdown(wait=True)


def _exported(shape: Shape, parts: Parts, part: Part) -> str:
    kind = shape.type
    if part == "hmac-key":
        return _text(parts.key if kind.name == "hmac" else parts.hmac_key)
    if part == "encryption-key" and kind.symmetric:
        return _text(parts.key)
    if (part == "encryption-key" and kind.encrypts) or (part == "signing-key" and kind.signs):
        return _private(kind.name, parts.key)
    if part == "public-key" and kind.signs and not shape.derived:
        return _public(kind.name, parts.key)
    raise Invalid(f"a key of the type {kind.name} has no {part}")


def _private(name: str, key: bytearray) -> str:
    private = loaded(name, key)
    if isinstance(private, Ed25519PrivateKey):
        return _text(key + private.public_key().public_bytes_raw())
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    return pem.decode().strip()


def _public(name: str, key: bytearray) -> str:
    public = loaded(name, key).public_key()
    return _text(public.public_bytes_raw()) if isinstance(public, Ed25519PublicKey) else public_pem(public).strip()


def _text(data: Bytes) -> str:
    return base64.b64encode(data).decode()
