"""Material with known keys, and the places at which chance is taken out."""

from __future__ import annotations

import pytest

from adapters.crypto.transit import TransitCryptography
from adapters.crypto.transit_material import joined
from domain.plaintext import Plaintext
from domain.transit.cryptography import Material, Shape
from domain.transit.key_types import TYPES

CRYPTOGRAPHY = TransitCryptography()


def shape(name: str, *, derived: bool = False, convergent: bool = False) -> Shape:
    return Shape(TYPES[name], derived=derived, convergent=convergent)


def known(of: Shape, key: bytes, hmac_key: bytes = b"h" * 32) -> Material:
    """Material whose key is known."""
    return CRYPTOGRAPHY.open(of, joined(b"" if of.type.name == "hmac" else hmac_key, key))


def fresh(of: Shape, size: int = 32) -> Material:
    """Material of chance."""
    return CRYPTOGRAPHY.open(of, CRYPTOGRAPHY.generate(of.type, size).material)


def text(data: bytes) -> Plaintext:
    return Plaintext(bytearray(data))


def fixed_nonce(monkeypatch: pytest.MonkeyPatch, nonce: bytes) -> None:
    monkeypatch.setattr("adapters.crypto.transit_aead.os.urandom", lambda count: nonce[:count])
