"""What keys of each type do and refuse, whatever the message: round trips, and every flipped bit."""

from __future__ import annotations

import pickle
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import DecryptionFailed, Invalid, KeyUnavailable
from domain.transit.cryptography import Material, SignatureForm
from domain.transit.key_types import TYPES
from tests.unit.transit.openings import CRYPTOGRAPHY, fresh, shape, text

AEADS = [name for name, kind in TYPES.items() if kind.symmetric]
SIGNERS = [name for name, kind in TYPES.items() if kind.signs]
CONTEXT = b"customer 42"
FAILED = DecryptionFailed().message


@cache
def key(name: str, form: str = "") -> Material:
    return fresh(shape(name, derived=bool(form), convergent=form == "convergent"))


def bound(form: str) -> bytes:
    return CONTEXT if form else b""


FORMS = [(name, form) for name in AEADS for form in ("", "derived", "convergent")]


@pytest.mark.parametrize("name,form", FORMS)
@given(message=st.binary(max_size=200), aad=st.binary(max_size=40))
@settings(max_examples=25)
def test_aead_round_trip_gives_the_plaintext(name: str, form: str, message: bytes, aad: bytes) -> None:
    aad = b"" if form == "convergent" else aad
    payload = key(name, form).encrypt(text(message), aad, bound(form))
    assert len(payload) == len(message) + 28
    assert key(name, form).decrypt(payload, aad, bound(form)).buffer == message


@pytest.mark.parametrize("name,form", FORMS)
def test_every_flipped_bit_is_refused_with_the_one_message(name: str, form: str) -> None:
    payload = key(name, form).encrypt(text(b"message"), b"", bound(form))
    for bit in range(8 * len(payload)):
        flipped = bytearray(payload)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DecryptionFailed) as refused:
            key(name, form).decrypt(bytes(flipped), b"", bound(form))
        assert refused.value.message == FAILED


@pytest.mark.parametrize("name,form", FORMS)
def test_wrong_aad_context_key_or_length_is_refused_with_the_same_message(name: str, form: str) -> None:
    payload = key(name, form).encrypt(text(b"message"), b"", bound(form))
    other = fresh(shape(name, derived=bool(form), convergent=form == "convergent"))
    tries = [
        (key(name, form), payload, b"more", bound(form)),
        (key(name, form), payload, b"", b"another" if form else CONTEXT),
        (key(name, form), payload[:-1], b"", bound(form)),
        (key(name, form), payload + b"\0", b"", bound(form)),
        (key(name, form), payload[:27], b"", bound(form)),
        (key(name, form), b"", b"", bound(form)),
        (other, payload, b"", bound(form)),
    ]
    if form:
        tries.append((key(name, form), payload, b"", b""))
    for material, sealed, aad, context in tries:
        with pytest.raises(DecryptionFailed, match="does not decrypt") as refused:
            material.decrypt(sealed, aad, context)
        assert refused.value.message == FAILED


@pytest.mark.parametrize("name", AEADS)
def test_convergent_keys_give_equal_for_equal_within_a_context_alone(name: str) -> None:
    material = key(name, "convergent")
    first = material.encrypt(text(b"same"), b"", CONTEXT)
    assert material.encrypt(text(b"same"), b"", CONTEXT) == first
    assert material.encrypt(text(b"other"), b"", CONTEXT)[:12] != first[:12]
    assert material.encrypt(text(b"same"), b"", b"customer 43")[:12] != first[:12]
    assert key(name, "derived").encrypt(text(b"same"), b"", CONTEXT) != key(name, "derived").encrypt(
        text(b"same"), b"", CONTEXT
    )


def test_convergent_keys_take_no_aad() -> None:
    with pytest.raises(Invalid, match="takes no aad"):
        key("aes256-gcm96", "convergent").encrypt(text(b"m"), b"aad", CONTEXT)


def test_context_goes_with_derived_keys_alone() -> None:
    with pytest.raises(Invalid, match="takes no context"):
        key("aes256-gcm96").encrypt(text(b"m"), b"", CONTEXT)
    with pytest.raises(Invalid, match="give a context"):
        key("aes256-gcm96", "derived").encrypt(text(b"m"), b"", b"")
    with pytest.raises(Invalid, match="takes no context"):
        key("ecdsa-p256").sign(b"m", CONTEXT, SignatureForm())


HASHES = ("sha1", "sha2-224", "sha2-256", "sha2-384", "sha2-512", "sha3-256", "sha3-512")


@pytest.mark.parametrize("name", SIGNERS)
@given(message=st.binary(max_size=200), hashed=st.sampled_from(HASHES), v15=st.booleans(), jws=st.booleans())
@settings(max_examples=10, deadline=None)
def test_signature_is_of_its_message_alone(name: str, message: bytes, hashed: str, v15: bool, jws: bool) -> None:  # noqa: FBT001
    algorithm = "pkcs1v15" if v15 else "pss"
    form = SignatureForm(hash_algorithm=hashed, signature_algorithm=algorithm, jws=jws)
    signature = key(name).sign(message, b"", form)
    assert key(name).verify(message, signature, b"", form)
    assert CRYPTOGRAPHY.verify_by(key(name).public_der(b""), message, signature, form)
    assert not key(name).verify(message + b"!", signature, b"", form)
    assert not key(name).verify(message, bytes((signature[0] ^ 1,)) + signature[1:], b"", form)
    assert not key(name).verify(message, signature[:-1], b"", form)
    assert not key(name).verify(message, b"", b"", form)


@pytest.mark.parametrize("name", [name for name in SIGNERS if TYPES[name].hashes])
def test_hash_may_be_given_instead_of_the_message(name: str) -> None:
    form = SignatureForm(hash_algorithm="sha2-384")
    done = CRYPTOGRAPHY.digest("sha2-384", b"message")
    prehashed = SignatureForm(hash_algorithm="sha2-384", prehashed=True)
    assert key(name).verify(b"message", key(name).sign(done, b"", prehashed), b"", form)
    assert key(name).verify(done, key(name).sign(b"message", b"", form), b"", prehashed)
    with pytest.raises(Invalid, match="has 48 bytes"):
        key(name).sign(b"message", b"", prehashed)


@pytest.mark.parametrize("salt", ["auto", "hash", 20])
def test_pss_salt_is_as_long_as_asked(salt: int | str) -> None:
    form = SignatureForm(salt_length=salt)  # type: ignore[arg-type]  # of the two words, one
    signature = key("rsa-2048").sign(b"m", b"", form)
    assert key("rsa-2048").verify(b"m", signature, b"", form)
    assert key("rsa-2048").verify(b"m", signature, b"", SignatureForm(salt_length="auto"))
    assert not key("rsa-2048").verify(b"m", signature, b"", SignatureForm(salt_length=21))


@pytest.mark.parametrize(
    "name,form,match",
    [
        ("rsa-2048", SignatureForm(salt_length=10_000), "salt_length"),
        ("rsa-2048", SignatureForm(hash_algorithm="none"), "none needs prehashed"),
        ("ecdsa-p256", SignatureForm(hash_algorithm="none", prehashed=True), "none needs prehashed"),
        ("ecdsa-p256", SignatureForm(hash_algorithm="md5"), "there is no hash"),
        ("rsa-2048", SignatureForm(signature_algorithm="raw"), "pss or pkcs1v15"),
        ("ed25519", SignatureForm(prehashed=True), "never its hash"),
    ],
)
def test_forms_that_cannot_be_are_refused(name: str, form: SignatureForm, match: str) -> None:
    with pytest.raises(Invalid, match=match):
        key(name).sign(b"m", b"", form)


def test_what_is_signed_without_digest_info_verifies_so() -> None:
    form = SignatureForm(hash_algorithm="none", prehashed=True, signature_algorithm="pkcs1v15")
    signature = key("rsa-2048").sign(b"twenty bytes or other", b"", form)
    assert key("rsa-2048").verify(b"twenty bytes or other", signature, b"", form)


def test_derived_ed25519_has_a_key_for_each_context() -> None:
    material = key("ed25519", "derived")
    signature = material.sign(b"m", CONTEXT, SignatureForm())
    assert material.verify(b"m", signature, CONTEXT, SignatureForm())
    assert not material.verify(b"m", signature, b"customer 43", SignatureForm())
    assert CRYPTOGRAPHY.verify_by(material.public_der(CONTEXT), b"m", signature, SignatureForm())


@pytest.mark.parametrize("name", [name for name in TYPES if name.startswith("rsa")])
def test_rsa_encrypts_up_to_its_length(name: str) -> None:
    most = int(name[4:]) // 8 - 66
    payload = key(name).encrypt(text(b"x" * most), b"", b"")
    assert key(name).decrypt(payload, b"", b"").buffer == b"x" * most
    with pytest.raises(Invalid, match=f"at most {most} bytes"):
        key(name).encrypt(text(b"x" * (most + 1)), b"", b"")
    with pytest.raises(Invalid, match="takes no aad"):
        key(name).encrypt(text(b"x"), b"aad", b"")
    for altered in (payload[:-1], payload[:-1] + bytes((payload[-1] ^ 1,)), b"", bytes(len(payload))):
        with pytest.raises(DecryptionFailed) as refused:
            key(name).decrypt(altered, b"", b"")
        assert refused.value.message == FAILED


@pytest.mark.parametrize("name", ["ed25519", "ecdsa-p256", "hmac"])
def test_what_a_type_does_not_do_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match="does not encrypt"):
        key(name).encrypt(text(b"m"), b"", b"")
    with pytest.raises(Invalid, match="does not decrypt"):
        key(name).decrypt(b"m", b"", b"")
    with pytest.raises(Invalid, match="does not sign"):
        key("hmac").sign(b"m", b"", SignatureForm())


ALL = [(name, "") for name in TYPES] + [(name, "derived") for name, kind in TYPES.items() if kind.derives]


@pytest.mark.parametrize("name,form", ALL)
def test_wiped_material_is_of_no_use_and_shows_nothing(name: str, form: str) -> None:
    made = CRYPTOGRAPHY.generate(TYPES[name], 32)
    material = CRYPTOGRAPHY.open(shape(name, derived=bool(form)), made.material)
    assert "redacted" in repr(material)
    with pytest.raises(TypeError):
        pickle.dumps(material)
    material.wipe()
    with pytest.raises(KeyUnavailable):
        material.authenticate("sha2-256", b"m")
    if TYPES[name].symmetric:
        with pytest.raises(KeyUnavailable):
            material.encrypt(text(b"m"), b"", bound(form))
    if TYPES[name].signs:
        with pytest.raises(KeyUnavailable):
            material.sign(b"m", bound(form), SignatureForm())
    buffers = [
        getattr(material, slot)
        for kind in type(material).__mro__
        for slot in getattr(kind, "__slots__", ())
        if isinstance(getattr(material, slot, None), bytearray)
    ]
    assert buffers
    assert not any(any(buffer) for buffer in buffers), "what is wiped is zero"


def test_public_keys_that_are_none_are_refused() -> None:
    for der in (b"", b"nothing", b"0" * 100):
        with pytest.raises(Invalid, match="no public key"):
            CRYPTOGRAPHY.verify_by(der, b"m", b"s", SignatureForm())
