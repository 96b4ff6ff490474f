"""Signatures: Ed25519 (RFC 8032), ECDSA (FIPS 186-5), RSA with PSS and PKCS #1 v1.5 (RFC 8017); and RSA-OAEP."""

from __future__ import annotations

from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import (
    NoDigestInfo,
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import load_der_public_key

from adapters.crypto import transit_hashes
from domain.errors import Invalid
from domain.transit.cryptography import SignatureForm

PublicKey = Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey
PrivateKey = Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

OAEP: Final = padding.OAEP(padding.MGF1(hashes.SHA256()), hashes.SHA256(), None)
"""RSA's encryption: OAEP (RFC 8017 section 7.1) with SHA-256 and no label."""


def loaded_public(der: bytes) -> PublicKey:
    """A public key from SubjectPublicKeyInfo in DER; raises `Invalid` if it is none of ours."""
    try:
        key = load_der_public_key(der)
    except Exception:  # noqa: BLE001 - whatever the library finds wrong with it
        raise Invalid("public_der is no public key: SubjectPublicKeyInfo in DER is expected") from None
    if not isinstance(key, Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise Invalid("public_der is no key of Ed25519, ECDSA or RSA")
    return key


def sign(key: PrivateKey, message: bytes, form: SignatureForm) -> bytes:
    """A signature of `message`; raises `Invalid` for a form that cannot be."""
    if isinstance(key, Ed25519PrivateKey):
        _whole(form)
        return key.sign(message)
    try:
        if isinstance(key, ec.EllipticCurvePrivateKey):
            hashed, algorithm = _hashed(message, form)
            made = key.sign(hashed, ec.ECDSA(Prehashed(algorithm)))
            return _side_by_side(made, key.curve) if form.jws else made
        data, scheme, kind = _rsa(message, form, key.key_size, signing=True)
        return key.sign(data, scheme, kind)
    except ValueError as error:
        raise _unfit() from error


def verify(key: PublicKey, message: bytes, signature: bytes, form: SignatureForm) -> bool:
    """Whether `signature` is of `message`; raises `Invalid` for a form that cannot be."""
    try:
        if isinstance(key, Ed25519PublicKey):
            _whole(form)
            key.verify(signature, message)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            hashed, algorithm = _hashed(message, form)
            der = _one_after_other(signature, key.curve) if form.jws else signature
            key.verify(der, hashed, ec.ECDSA(Prehashed(algorithm)))
        else:
            data, scheme, kind = _rsa(message, form, key.key_size, signing=False)
            key.verify(signature, data, scheme, kind)  # type: ignore[arg-type]  # takes NoDigestInfo as `sign` does
    except InvalidSignature:
        return False
    except ValueError as error:
        raise _unfit() from error
    return True


def _whole(form: SignatureForm) -> None:
    if form.prehashed:
        raise Invalid("ed25519 signs the message itself, never its hash: leave out prehashed")


def _hashed(message: bytes, form: SignatureForm) -> tuple[bytes, hashes.HashAlgorithm]:
    """The hash of the message, which it is already if the form says so, and by what it was made."""
    if form.hash_algorithm == "none":
        raise Invalid("hash_algorithm none needs prehashed and signature_algorithm pkcs1v15, with an RSA key")
    algorithm = transit_hashes.algorithm(form.hash_algorithm)
    if not form.prehashed:
        return transit_hashes.digest(form.hash_algorithm, message), algorithm
    if len(message) != algorithm.digest_size:
        raise Invalid(f"a hash by {form.hash_algorithm} has {algorithm.digest_size} bytes; this one has {len(message)}")
    return message, algorithm


def _rsa(
    message: bytes, form: SignatureForm, bits: int, *, signing: bool
) -> tuple[bytes, padding.AsymmetricPadding, Prehashed | NoDigestInfo]:
    if form.signature_algorithm == "pkcs1v15":
        if form.hash_algorithm == "none" and form.prehashed:
            return message, padding.PKCS1v15(), NoDigestInfo()
        hashed, algorithm = _hashed(message, form)
        return hashed, padding.PKCS1v15(), Prehashed(algorithm)
    if form.signature_algorithm != "pss":
        raise Invalid("signature_algorithm is pss or pkcs1v15")
    hashed, algorithm = _hashed(message, form)
    return (
        hashed,
        padding.PSS(padding.MGF1(algorithm), _salt(form, algorithm, bits, signing=signing)),
        Prehashed(algorithm),
    )


def _salt(form: SignatureForm, algorithm: hashes.HashAlgorithm, bits: int, *, signing: bool) -> Any:  # noqa: ANN401 - a number, or what the library has for it
    if form.salt_length == "hash":
        return algorithm.digest_size
    if form.salt_length == "auto":
        return padding.PSS.MAX_LENGTH if signing else padding.PSS.AUTO
    longest = (bits + 6) // 8 - algorithm.digest_size - 2
    if not 1 <= form.salt_length <= longest:
        raise Invalid(f"salt_length is auto, hash, or 1 to {longest} with this key and hash")
    return form.salt_length


def _side_by_side(der: bytes, curve: ec.EllipticCurve) -> bytes:
    """RFC 7518 section 3.4."""
    size = (curve.key_size + 7) // 8
    r, s = decode_dss_signature(der)
    return r.to_bytes(size, "big") + s.to_bytes(size, "big")


def _one_after_other(signature: bytes, curve: ec.EllipticCurve) -> bytes:
    size = (curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(signature[:size], "big"), int.from_bytes(signature[size:], "big"))


def _unfit() -> Invalid:
    return Invalid("this key cannot sign so: its length, the hash and the salt do not go together")
