"""What standards and RFCs say comes out of these keys and messages, does."""

from __future__ import annotations

import hmac

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from adapters.crypto.transit_aead import derived
from adapters.crypto.transit_asymmetric import pkcs8
from domain.transit.cryptography import SignatureForm
from tests.unit.transit.openings import CRYPTOGRAPHY, fixed_nonce, known, shape, text

# The GCM specification of McGrew and Viega, which SP 800-38D refers to: test cases 4 and 16.
GCM_TEXT = (
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
    "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
)
GCM_AAD = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
GCM_NONCE = "cafebabefacedbaddecaf888"
GCM_128 = (
    "feffe9928665731c6d6a8f9467308308",
    (
        "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
        "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
    ),
    "5bc94fbc3221a5db94fae95ae7121a47",
)
GCM_256 = (
    "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
    (
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
    ),
    "76fc6ece0f4e1768cddf8853bb2d551b",
)
SUNSCREEN = (
    b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, "
    b"sunscreen would be it."
)
# RFC 8439 section 2.8.2.
CHACHA_SEALED = (
    "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da92728b1a71de0a9e060b29"
    "05d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc3ff4def08e4b7a9de576d26586cec64b"
    "6116"
)


@pytest.mark.parametrize("name,key,sealed,tag", [("aes128-gcm96", *GCM_128), ("aes256-gcm96", *GCM_256)])
def test_gcm_gives_what_its_specification_says(
    name: str, key: str, sealed: str, tag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    material = known(shape(name), bytes.fromhex(key))
    payload = bytes.fromhex(GCM_NONCE + sealed + tag)
    aad = bytes.fromhex(GCM_AAD)
    assert material.decrypt(payload, aad, b"").buffer == bytes.fromhex(GCM_TEXT)
    fixed_nonce(monkeypatch, bytes.fromhex(GCM_NONCE))
    assert material.encrypt(text(bytes.fromhex(GCM_TEXT)), aad, b"") == payload


def test_chacha20_poly1305_gives_what_rfc_8439_says(monkeypatch: pytest.MonkeyPatch) -> None:
    material = known(shape("chacha20-poly1305"), bytes(range(0x80, 0xA0)))
    nonce, aad = bytes.fromhex("070000004041424344454647"), bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    payload = nonce + bytes.fromhex(CHACHA_SEALED + "1ae10b594f09e26a7e902ecbd0600691")
    assert material.decrypt(payload, aad, b"").buffer == SUNSCREEN
    fixed_nonce(monkeypatch, nonce)
    assert material.encrypt(text(SUNSCREEN), aad, b"") == payload


# RFC 8032 section 7.1, tests 1 to 3: seed, message, signature.
ED25519 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "",
        (
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
            "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
        ),
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "72",
        (
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
        ),
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "af82",
        (
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
        ),
    ),
]


@pytest.mark.parametrize("seed,message,signature", ED25519)
def test_ed25519_signs_as_rfc_8032_says(seed: str, message: str, signature: str) -> None:
    material = known(shape("ed25519"), bytes.fromhex(seed))
    signed = material.sign(bytes.fromhex(message), b"", SignatureForm())
    assert signed.hex() == signature
    assert material.verify(bytes.fromhex(message), signed, b"", SignatureForm())
    assert CRYPTOGRAPHY.verify_by(material.public_der(b""), bytes.fromhex(message), signed, SignatureForm())


# RFC 4231 sections 4.2, 4.3 and 4.7: key, data, HMAC by hash.
HMACS = [
    (
        b"\x0b" * 20,
        b"Hi There",
        {
            "sha2-224": "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
            "sha2-256": "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            "sha2-384": "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
            "faea9ea9076ede7f4af152e8b2fa9cb6",
            "sha2-512": "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde"
            "daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
        },
    ),
    (
        b"Jefe",
        b"what do ya want for nothing?",
        {"sha2-256": "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
    ),
    (
        b"\xaa" * 131,
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        {"sha2-256": "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
    ),
]


@pytest.mark.parametrize("key,data,macs", HMACS)
def test_hmac_is_what_rfc_4231_says(key: bytes, data: bytes, macs: dict[str, str]) -> None:
    material = known(shape("hmac"), key)
    beside = known(shape("aes256-gcm96"), bytes(32), hmac_key=key)
    for name, mac in macs.items():
        assert material.authenticate(name, data).hex() == mac
        assert beside.authenticate(name, data).hex() == mac, "keys of other types have an HMAC key beside them"


def hkdf(key: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869 section 2, in its own words."""
    pseudorandom = hmac.digest(salt or bytes(32), key, "sha256")
    made, block = b"", b""
    for number in range(1, 1 + -(-length // 32)):
        block = hmac.digest(pseudorandom, block + info + bytes((number,)), "sha256")
        made += block
    return made[:length]


def test_derivation_is_rfc_5869_without_salt() -> None:
    key = b"\x0b" * 22
    salted = hkdf(key, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)  # appendix A.1
    assert salted.hex() == "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    bare = hkdf(key, b"", b"", 42)  # appendix A.3
    assert bare.hex() == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    for context in (b"a", b"customer 42", bytes(200)):
        for length in (16, 32, 48, 64):
            assert derived(bytearray(key), context, length) == hkdf(key, b"", context, length)


def test_convergent_nonces_are_those_of_openbao(monkeypatch: pytest.MonkeyPatch) -> None:
    key, context, message = bytes(range(32)), b"customer 42", b"the same"
    both = hkdf(key, b"", context, 64)
    nonce = hmac.digest(both[32:], message, "sha256")[:12]
    material = known(shape("aes256-gcm96", derived=True, convergent=True), key)
    plain = known(shape("aes256-gcm96"), both[:32])
    fixed_nonce(monkeypatch, nonce)
    assert material.encrypt(text(message), b"", context) == plain.encrypt(text(message), b"", b"")


def test_ecdsa_verifies_what_rfc_6979_says() -> None:
    """Appendix A.2.5: P-256 with SHA-256, message `sample`."""
    private = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    r = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
    s = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
    material = known(shape("ecdsa-p256"), bytes(pkcs8(ec.derive_private_key(private, ec.SECP256R1()))))
    assert material.verify(b"sample", encode_dss_signature(r, s), b"", SignatureForm())
    assert material.verify(b"sample", r.to_bytes(32, "big") + s.to_bytes(32, "big"), b"", SignatureForm(jws=True))
    assert not material.verify(b"simple", encode_dss_signature(r, s), b"", SignatureForm())


def test_hashes_are_those_of_fips_180_and_202() -> None:
    # FIPS 180-4 and 202: the examples for the message `abc`.
    known_hashes = {
        "sha1": "a9993e364706816aba3e25717850c26c9cd0d89d",
        "sha2-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
        "sha3-256": "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
    }
    for name, expected in known_hashes.items():
        assert CRYPTOGRAPHY.digest(name, b"abc").hex() == expected
