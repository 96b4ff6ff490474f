"""`transit/`: HMACs, signatures and their verification."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.integration.vault.client import VaultTenant
from tests.integration.vault.transit import b64, batch, said

pytestmark = pytest.mark.anyio

X = b64("x")
NO_CONTEXT = "missing 'context' for key derivation"


async def key(acme: VaultTenant, **fields: object) -> Any:
    return await acme.data("POST", "transit/keys/k", fields)


async def signed(acme: VaultTenant, **fields: object) -> str:
    made = await acme.data("POST", "transit/sign/k", {"input": X, **fields})
    return str(made["signature"])


async def valid(acme: VaultTenant, **fields: object) -> bool:
    made = await acme.data("POST", "transit/verify/k", {"input": X, **fields})
    return bool(made["valid"])


@pytest.mark.parametrize("path,fields", [("k/sha2-512", {}), ("k", {"algorithm": "sha2-512"})])
async def test_an_hmac_is_verified_by_the_hash_it_was_made_with(
    acme: VaultTenant, path: str, fields: dict[str, Any]
) -> None:
    await key(acme)
    made = (await acme.data("POST", f"transit/hmac/{path}", {"input": X, **fields}))["hmac"]
    assert made.startswith("vault:v1:")
    assert len(base64.b64decode(made[9:])) == 64
    assert (await acme.data("POST", f"transit/verify/{path}", {"input": X, "hmac": made, **fields})) == {"valid": True}
    assert not await valid(acme, hmac=made)
    assert not await valid(acme, hmac=made, algorithm="sha2-512", input=b64("y"))


@pytest.mark.parametrize(
    "path,fields,error",
    [
        ("k", {}, "missing input for HMAC"),
        ("k", {"input": "?"}, "unable to decode input as base64: illegal base64 data at input byte 0"),
        ("k/zz", {"input": X}, 'unsupported algorithm "zz"'),
        ("k", {"input": X, "key_version": 9}, "key version does not exist; latest key version is 2"),
        ("k", {"input": X, "key_version": 1}, "cannot generate HMAC: version is too old (disallowed by policy)"),
        ("k", {"batch_input": []}, "missing batch input to process"),
    ],
)
async def test_an_hmac_that_cannot_be_is_refused(
    acme: VaultTenant, path: str, fields: dict[str, Any], error: str
) -> None:
    await key(acme)
    await acme.data("POST", "transit/keys/k/rotate")
    await acme.data("POST", "transit/keys/k/config", {"min_encryption_version": 2})
    assert said(await acme("POST", f"transit/hmac/{path}", fields)) == error


async def test_batches_of_hmacs_are_200_with_their_errors(acme: VaultTenant) -> None:
    await key(acme, type="hmac", key_size=32)
    status, made = await batch(acme, "hmac/k", {"input": X, "reference": "a"}, {"input": "?", "reference": "b"}, {})
    assert (status, made[0]["reference"]) == (200, "a")
    assert made[1]["error"].startswith("unable to decode input as base64")
    assert made[2] == {"error": "missing input for HMAC", "reference": ""}
    wanted = [{"input": X, "hmac": made[0]["hmac"], "reference": "a"}, {"input": b64("y"), "hmac": made[0]["hmac"]}]
    status, told = await batch(
        acme, "verify/k", *wanted, {"input": X, "hmac": "x"}, {"input": X, "hmac": "vault:v9:AA=="}
    )
    assert (status, [each["valid"] for each in told]) == (200, [True, False, False, False])
    assert told[2]["error"] == "invalid HMAC to verify: no prefix"
    assert told[3]["error"] == "invalid HMAC: version is too new"


async def test_what_ed25519_signs_verifies_here_and_outside(acme: VaultTenant) -> None:
    public = (await key(acme, type="ed25519"))["keys"]["1"]["public_key"]
    signature = await signed(acme)
    assert await valid(acme, signature=signature)
    assert not await valid(acme, signature=signature, input=b64("y"))
    Ed25519PublicKey.from_public_bytes(base64.b64decode(public)).verify(base64.b64decode(signature[9:]), b"x")


async def test_a_derived_key_tells_the_public_key_of_its_context(acme: VaultTenant) -> None:
    await key(acme, type="ed25519", derived=True)
    made = await acme.data("POST", "transit/sign/k", {"input": X, "context": b64("a")})
    public = Ed25519PublicKey.from_public_bytes(base64.b64decode(made["public_key"]))
    public.verify(base64.b64decode(made["signature"][9:]), b"x")
    assert await valid(acme, signature=made["signature"], context=b64("a"))
    assert not await valid(acme, signature=made["signature"], context=b64("b"))
    _, (item,) = await batch(acme, "sign/k", {"input": X, "context": b64("a")})
    assert item["publickey"] == made["public_key"]
    for path, body in (("sign", {"input": X}), ("verify", {"input": X, "signature": made["signature"]})):
        assert said(await acme("POST", f"transit/{path}/k", body)).startswith(NO_CONTEXT)


async def test_a_context_is_left_out_where_keys_are_not_derived(acme: VaultTenant) -> None:
    await key(acme, type="ed25519")
    made = await acme.data("POST", "transit/sign/k", {"input": X, "context": b64("a")})
    assert "public_key" not in made
    assert await valid(acme, signature=made["signature"], context=b64("b"))


async def test_what_ecdsa_signs_verifies_outside_in_both_forms(acme: VaultTenant) -> None:
    pem = (await key(acme, type="ecdsa-p256"))["keys"]["1"]["public_key"]
    public = load_pem_public_key(pem.encode())
    assert isinstance(public, ec.EllipticCurvePublicKey)
    made = await acme.data("POST", "transit/sign/k/sha2-512", {"input": X})
    public.verify(base64.b64decode(made["signature"][9:]), b"x", ec.ECDSA(hashes.SHA512()))
    jws = await signed(acme, marshaling_algorithm="jws")
    assert len(base64.urlsafe_b64decode(jws[9:] + "==")) == 64
    assert await valid(acme, signature=jws, marshaling_algorithm="jws")
    hashed = base64.b64encode(hashlib.sha256(b"x").digest()).decode()
    assert await valid(acme, signature=await signed(acme, input=hashed, prehashed=True))


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"salt_length": "hash"},
        {"salt_length": "20"},
        {"salt_length": 0},
        {"salt_length": -1},
        {"signature_algorithm": "pkcs1v15", "hash_algorithm": "sha2-384"},
        {"signature_algorithm": "pkcs1v15", "hash_algorithm": "none", "prehashed": "true"},
    ],
)
async def test_rsa_signs_in_every_form(acme: VaultTenant, fields: dict[str, Any]) -> None:
    await key(acme, type="rsa-2048")
    signature = await signed(acme, **fields)
    assert await valid(acme, signature=signature, **fields)
    assert not await valid(acme, signature=signature, **{**fields, "input": b64("y")})


async def test_what_rsa_signs_verifies_outside(acme: VaultTenant) -> None:
    public = load_pem_public_key((await key(acme, type="rsa-2048"))["keys"]["1"]["public_key"].encode())
    assert isinstance(public, rsa.RSAPublicKey)
    signature = base64.b64decode((await signed(acme, salt_length="hash"))[9:])
    public.verify(signature, b"x", padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


@pytest.mark.parametrize(
    "path,fields,error",
    [
        ("k", {"input": "?"}, "unable to decode input as base64: illegal base64 data at input byte 0"),
        ("k/zz", {"input": X}, 'invalid hash algorithm "zz"'),
        ("k", {"input": X, "marshaling_algorithm": "zz"}, 'invalid marshaling type "zz"'),
        ("k", {"input": X, "signature_algorithm": "zz"}, "unsupported rsa signature algorithm zz"),
        ("k", {"input": X, "salt_length": "zz"}, "salt length neither 'auto', 'hash', nor an int: zz"),
        ("k", {"input": X, "salt_length": -3}, "salt length is invalid: -3"),
        ("k", {"input": X, "context": "?"}, "failed to base64-decode context"),
        ("k", {"input": X, "key_version": 9}, "requested version for signing is higher than the latest key version"),
        ("k", {"input": X, "key_version": -1}, "requested version for signing is negative"),
        (
            "k/none",
            {"input": X},
            "hash_algorithm=none requires both prehashed=true and signature_algorithm=pkcs1v15",
        ),
    ],
)
async def test_a_signature_that_cannot_be_is_refused(
    acme: VaultTenant, path: str, fields: dict[str, Any], error: str
) -> None:
    await key(acme, type="rsa-2048")
    assert said(await acme("POST", f"transit/sign/{path}", fields)) == error


async def test_keys_that_do_not_sign_say_so_of_the_whole_batch(acme: VaultTenant) -> None:
    await key(acme)
    for fields in ({"input": X}, {"batch_input": [{"input": X}]}):
        answer = await acme("POST", "transit/sign/k", fields)
        assert said(answer) == "key type aes256-gcm96 does not support signing"
    answer = await acme("POST", "transit/verify/k", {"input": X, "signature": "vault:v1:AAAA"})
    assert said(answer) == "key type aes256-gcm96 does not support verification"


async def test_batches_of_signatures_are_200_with_their_errors(acme: VaultTenant) -> None:
    await key(acme, type="ed25519")
    status, made = await batch(acme, "sign/k", {"input": X, "reference": "a"}, {"input": "?", "reference": "b"}, {})
    assert (status, made[0]["key_version"], made[0]["reference"]) == (200, 1, "a")
    assert (made[1]["key_version"], made[1]["reference"]) == (0, "b")
    assert made[2] == {"key_version": 0, "error": "missing input", "reference": ""}
    good = {"input": X, "signature": made[0]["signature"], "reference": "a"}
    status, told = await batch(acme, "verify/k", good, {**good, "input": b64("y")}, {**good, "signature": "x"})
    assert (status, [each["valid"] for each in told]) == (200, [True, False, False])
    assert told[2] == {"valid": False, "error": "invalid signature: no prefix", "reference": "a"}


@pytest.mark.parametrize(
    "fields,error",
    [
        ({}, "neither a 'signature' nor an 'hmac' were given to verify"),
        ({"signature": "x"}, "invalid signature: no prefix"),
        ({"signature": "vault:v1:?"}, "invalid base64 signature value"),
        ({"signature": "vault:v7:AAAA"}, "invalid signature: version is too new"),
        ({"hmac": "x"}, "invalid HMAC to verify: no prefix"),
        ({"hmac": "vault:v7:AAAA"}, "invalid HMAC: version is too new"),
        ({"hmac": "vault:v1:?"}, "unable to decode verification HMAC as base64"),
        ({"batch_input": []}, "missing batch input to process"),
        ({"batch_input": [{"input": X}]}, "no batch_input elements have 'signature' or 'hmac'"),
        (
            {"batch_input": [{"input": X, "signature": "a"}, {"input": X}]},
            "some elements of batch_input are missing 'signature'",
        ),
        (
            {"batch_input": [{"input": X, "signature": "a"}, {"input": X, "hmac": "a"}]},
            "elements of batch_input must all provide 'signature' or all provide 'hmac'",
        ),
    ],
)
async def test_what_cannot_be_verified_is_refused(acme: VaultTenant, fields: dict[str, Any], error: str) -> None:
    await key(acme, type="ed25519")
    assert said(await acme("POST", "transit/verify/k", {"input": X, **fields})) == error
