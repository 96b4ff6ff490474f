"""AES-256-GCM and Ed25519 against published vectors, and what happens to keys and buffers when something is wrong."""

from __future__ import annotations

import os
from typing import Any

import pytest

from adapters.crypto import AeadKey, ed25519_generate, ed25519_public, ed25519_sign, ed25519_verify, fresh_key
from domain.errors import KeyUnavailable, LogBroken

# McGrew and Viega, "The Galois/Counter Mode of Operation", appendix B, test case 16.
GCM_KEY = bytes.fromhex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308")
GCM_NONCE = bytes.fromhex("cafebabefacedbaddecaf888")
GCM_AAD = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
GCM_PLAINTEXT = bytes.fromhex(
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
GCM_CIPHERTEXT = bytes.fromhex(
    "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
)
GCM_TAG = bytes.fromhex("76fc6ece0f4e1768cddf8853bb2d551b")

# RFC 8032, section 7.1, test 2.
ED_SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
ED_PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
ED_SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_decrypt_of_the_published_vector_gives_its_plaintext() -> None:
    sealed = GCM_NONCE + GCM_CIPHERTEXT + GCM_TAG
    assert AeadKey(bytearray(GCM_KEY)).decrypt(sealed, GCM_AAD) == GCM_PLAINTEXT


def test_encrypt_twice_gives_different_bytes() -> None:
    key = AeadKey(fresh_key())
    assert key.encrypt(b"value", b"") != key.encrypt(b"value", b"")


@pytest.mark.parametrize("size", [0, 1, 1 << 20])
def test_encrypt_then_decrypt_gives_the_value_back(size: int) -> None:
    key, value = AeadKey(fresh_key()), bytes(size)
    sealed = key.encrypt(value, b"aad")
    assert len(sealed) == size + 28
    assert key.decrypt(sealed, b"aad") == value


@pytest.mark.parametrize("sealed", [b"", bytes(27), bytes(28)])
def test_decrypt_of_what_was_never_sealed_is_refused(sealed: bytes) -> None:
    with pytest.raises(LogBroken):
        AeadKey(fresh_key()).decrypt(sealed, b"")


def test_decrypt_that_fails_leaves_no_plaintext_behind() -> None:
    key = AeadKey(fresh_key())
    sealed = bytearray(key.encrypt(b"a value that must not stay", b""))
    sealed[-1] ^= 1
    real, seen = key._gcm, []

    class Spy:
        def decrypt_into(self, *arguments: Any) -> None:
            seen.append(arguments[-1])
            real.decrypt_into(*arguments)  # type: ignore[union-attr]  # set in the constructor

    key._gcm = Spy()  # type: ignore[assignment]  # stands in for AESGCM
    with pytest.raises(LogBroken):
        key.decrypt(sealed, b"")
    assert seen == [bytearray(26)]


@pytest.mark.parametrize("size", [0, 16, 24, 31, 33])
def test_key_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(LogBroken):
        AeadKey(bytearray(size))


def test_key_that_was_wiped_is_zero_and_refuses() -> None:
    buffer = fresh_key()
    key = AeadKey(buffer)
    sealed = key.encrypt(b"value", b"")
    key.wipe()
    assert buffer == bytes(32)
    with pytest.raises(KeyUnavailable):
        key.encrypt(b"value", b"")
    with pytest.raises(KeyUnavailable):
        key.decrypt(sealed, b"")


def test_key_that_nobody_holds_any_more_is_zero() -> None:
    buffer = fresh_key()
    key = AeadKey(buffer)
    del key
    assert buffer == bytes(32)


def test_key_shows_nothing_of_itself() -> None:
    assert repr(AeadKey(bytearray(b"k" * 32))) == "AeadKey(<redacted>)"


def test_fresh_keys_differ() -> None:
    assert len({bytes(fresh_key()) for _ in range(100)}) == 100


def test_fresh_key_from_a_source_that_runs_dry_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "readv", lambda *_: 7)
    with pytest.raises(KeyUnavailable):
        fresh_key()


def test_ed25519_agrees_with_the_published_vector() -> None:
    assert ed25519_public(ED_SEED) == ED_PUBLIC
    assert ed25519_sign(ED_SEED, b"\x72") == ED_SIGNATURE
    assert ed25519_verify(ED_PUBLIC, b"\x72", ED_SIGNATURE)


def test_ed25519_signature_of_other_bytes_is_false() -> None:
    assert not ed25519_verify(ED_PUBLIC, b"\x73", ED_SIGNATURE)
    assert not ed25519_verify(ed25519_public(ed25519_generate()), b"\x72", ED_SIGNATURE)


@pytest.mark.parametrize("public, signature", [(b"", ED_SIGNATURE), (ED_PUBLIC, b""), (b"\x01" * 31, ED_SIGNATURE)])
def test_ed25519_verify_of_malformed_input_is_false(public: bytes, signature: bytes) -> None:
    assert not ed25519_verify(public, b"\x72", signature)
