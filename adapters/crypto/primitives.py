"""The cryptographic primitives that sealing, checkpoints and TLS use.

AES-256-GCM (NIST SP 800-38D) into buffers that can be wiped, Argon2id (RFC 9106), Ed25519 (RFC 8032), self-signed X.509
(RFC 5280).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from domain.errors import KeyUnavailable, LogBroken

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16

Bytes = bytes | bytearray | memoryview

os.urandom(1)  # returns once the kernel's generator is seeded (PEP 524): from then on /dev/urandom is as good

_LOCAL_NAMES = ("localhost", "127.0.0.1", "::1")
_OTHER_USAGES = (
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


class AeadKey:
    """An AES-256-GCM key ready for use. It owns `key`, and wipes it in `wipe()` or when nobody holds it any more.

    Sealed form: nonce (12 bytes, random) ‖ ciphertext ‖ tag (16 bytes). With random nonces one key is good for 2^32
    encryptions (SP 800-38D, 8.3).
    """

    __slots__ = ("_gcm", "_key")

    def __init__(self, key: bytearray) -> None:
        self._key = key
        self._gcm: AESGCM | None = None
        if len(key) != KEY_BYTES:  # AES-GCM would take 16 and 24 too
            raise LogBroken(f"a key of {len(key)} bytes; it has {KEY_BYTES}")
        self._gcm = AESGCM(key)

    def encrypt(self, plaintext: Bytes, aad: bytes) -> bytes:
        """Nonce, ciphertext and tag; `plaintext` stays the caller's to wipe. Raises `KeyUnavailable` after `wipe()`."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, plaintext, aad)  # its copies are of ciphertext, so need no wiping

    def decrypt(self, sealed: Bytes, aad: bytes) -> bytearray:
        """The plaintext, for the caller to wipe; raises `LogBroken` unless all bits and the AAD are as sealed."""
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise LogBroken("the sealed bytes are shorter than a nonce and a tag")
        plaintext = bytearray(len(sealed) - NONCE_BYTES - TAG_BYTES)
        try:
            self._cipher().decrypt_into(sealed[:NONCE_BYTES], memoryview(sealed)[NONCE_BYTES:], aad, plaintext)
        except InvalidTag:
            plaintext[:] = bytes(len(plaintext))  # the unverified bytes were already written there
            raise LogBroken("the authentication tag does not match") from None
        return plaintext

    def wipe(self) -> None:
        """Overwrite the key with zeros and let OpenSSL cleanse its copy; the key is of no use afterwards."""
        self._gcm = None
        self._key[:] = bytes(len(self._key))

    def _cipher(self) -> AESGCM:
        if self._gcm is None:
            raise KeyUnavailable("this key was wiped: the server is stopping")
        return self._gcm

    def __del__(self) -> None:
        if self._gcm is not None:
            self.wipe()

    def __repr__(self) -> str:
        return "AeadKey(<redacted>)"


def fresh_key() -> bytearray:
    """32 random bytes straight into a wipeable buffer; `os.urandom` would leave a copy in an immutable `bytes`."""
    key = bytearray(KEY_BYTES)
    if os.readv(_random(), [key]) != KEY_BYTES:
        raise KeyUnavailable("the system's random generator gave too few bytes")
    return key


@cache
def _random() -> int:
    """The kernel's generator, opened once."""
    return os.open("/dev/urandom", os.O_RDONLY | os.O_CLOEXEC)


def slow_key(passphrase: Bytes, salt: bytes) -> bytearray:
    """A key of 32 bytes from a passphrase, to be wiped: Argon2id with 3 passes over 64 MiB, some 0.2 s of a core.

    Passes and memory are the second choice of RFC 9106, section 4. Other threads run meanwhile. One lane, for with more
    OpenSSL shares threads among all derivations of the process, and two at once wait for each other for ever.
    """
    key = bytearray(KEY_BYTES)
    derivation = Argon2id(salt=salt, length=KEY_BYTES, iterations=3, lanes=1, memory_cost=64 * 1024)
    derivation.derive_into(passphrase, key)  # type: ignore[arg-type]  # any buffer will do; the library is typed narrower
    return key


def ed25519_generate() -> bytes:
    """A new private seed of 32 bytes."""
    return Ed25519PrivateKey.generate().private_bytes_raw()


def ed25519_public(seed: Bytes) -> bytes:
    """The public key, 32 bytes, of a private seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def ed25519_sign(seed: Bytes, message: bytes) -> bytes:
    """The signature, 64 bytes, of `message`."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def ed25519_verify(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` is of `message` by the holder of `public`; False too for a key that is none."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def self_signed_certificate(hostname: str, now: datetime, days: int) -> tuple[bytes, bytearray]:
    """A TLS server certificate that vouches for itself, and its ECDSA P-256 key (PKCS #8, to be wiped), both PEM.

    Good for localhost, 127.0.0.1, ::1 and `hostname` (a DNS name or an IP address). Valid from an hour before `now`, so
    that a client whose clock is a little behind accepts it. It is no CA: to trust it is to trust nothing else by it.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "trstctl self-signed")])
    builder = (
        x509.CertificateBuilder(issuer_name=subject, subject_name=subject, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=days))
    )
    names = dict.fromkeys((*_LOCAL_NAMES, hostname))
    for extension, critical in _server_extensions(names, key.public_key()):
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return certificate, bytearray(_private_pem(key))


def rsa_key_until(common_name: str, now: datetime, end: datetime) -> tuple[bytes, bytearray]:
    """A certificate that says no more than a name and an end, and its new RSA key of 2048 bits (PKCS #8), both PEM.

    It vouches for itself and for nothing. Valid from five minutes before `now`, for clocks that are behind, until `end`
    (whole seconds). The caller wipes the key.
    """
    key = rsa.generate_private_key(65_537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(end)
    )
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    return certificate, bytearray(_private_pem(key))


def certificate_name(pem: Bytes) -> str:
    """The common name of the first certificate in `pem`, or nothing if there is none of either."""
    try:
        names = x509.load_pem_x509_certificate(bytes(pem)).subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    except ValueError:
        return ""
    return str(names[0].value) if names else ""


def _server_extensions(
    names: Iterable[str], public: ec.EllipticCurvePublicKey
) -> list[tuple[x509.ExtensionType, bool]]:
    usage = x509.KeyUsage(digital_signature=True, **dict.fromkeys(_OTHER_USAGES, False))
    return [
        (x509.SubjectAlternativeName([_general_name(name) for name in names]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False),
    ]


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
