"""Keys with a certificate that names them and ends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from adapters.crypto import certificate_name, ed25519_generate, rsa_key_until

NOW = datetime(2026, 3, 1, 12, 0, 0, 999_999, UTC)


def test_a_certificate_names_its_key_and_ends_with_it() -> None:
    pem, private = rsa_key_until("trst-read-ada", NOW, NOW + timedelta(hours=1))
    certificate = x509.load_pem_x509_certificate(pem)
    key = serialization.load_pem_private_key(bytes(private), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    assert key.key_size == 2048
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(certificate)
    assert certificate.version is x509.Version.v3
    assert certificate.not_valid_before_utc <= NOW - timedelta(minutes=4)
    assert certificate.not_valid_after_utc == datetime(2026, 3, 1, 13, 0, 0, tzinfo=UTC), "never after the end"
    assert certificate_name(pem) == "trst-read-ada"


def test_no_two_keys_are_alike() -> None:
    pairs = [rsa_key_until("a", NOW, NOW + timedelta(hours=1)) for _ in range(2)]
    assert pairs[0][1] != pairs[1][1]


@pytest.mark.parametrize(
    "pem",
    [b"", b"text", ed25519_generate(), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    ids=["nothing", "text", "a key", "no DER"],
)
def test_what_is_no_certificate_names_nothing(pem: bytes) -> None:
    assert certificate_name(pem) == ""
