"""`transit/`: encrypt, decrypt, rewrap and data keys, one thing at a time and in batches."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.integration.vault.client import VaultTenant
from tests.integration.vault.kv import nothing
from tests.integration.vault.transit import b64, batch, opened, said, sealed

pytestmark = pytest.mark.anyio

NO_CONTEXT = "missing 'context' for key derivation"
FAILED = "cipher: message authentication failed"
TYPES = ("aes128-gcm96", "aes256-gcm96", "chacha20-poly1305", "rsa-2048")


async def key(acme: VaultTenant, name: str = "k", rotations: int = 0, **fields: object) -> None:
    await acme.data("POST", f"transit/keys/{name}", fields)
    for _ in range(rotations):
        await acme.data("POST", f"transit/keys/{name}/rotate")


@pytest.mark.parametrize("kind", TYPES)
async def test_what_is_encrypted_is_decrypted(acme: VaultTenant, kind: str) -> None:
    await key(acme, type=kind)
    answer = await acme("PUT", "transit/encrypt/k", {"plaintext": b64("ü 1")})
    assert answer.json()["data"]["key_version"] == 1
    assert await opened(acme, "k", answer.json()["data"]["ciphertext"]) == "ü 1"


async def test_associated_data_and_the_whole_ciphertext_are_authenticated(acme: VaultTenant) -> None:
    await key(acme)
    text = await sealed(acme, "k", "x", associated_data=b64("order 1"))
    assert await opened(acme, "k", text, associated_data=b64("order 1")) == "x"
    for fields in ({}, {"associated_data": b64("order 2")}):
        assert said(await acme("POST", "transit/decrypt/k", {"ciphertext": text, **fields})) == FAILED
    altered = text[:-6] + ("A" if text[-6] != "A" else "B") + text[-5:]
    assert said(await acme("POST", "transit/decrypt/k", {"ciphertext": altered})) == FAILED


async def test_each_context_has_a_key_of_its_own_and_convergent_is_equal(acme: VaultTenant) -> None:
    await key(acme, derived=True, convergent_encryption=True)
    text = await sealed(acme, "k", "x", context=b64("a"))
    assert text == await sealed(acme, "k", "x", context=b64("a"))
    assert text != await sealed(acme, "k", "x", context=b64("b"))
    assert await opened(acme, "k", text, context=b64("a")) == "x"
    assert said(await acme("POST", "transit/decrypt/k", {"ciphertext": text, "context": b64("b")})) == FAILED
    for path, body in (("encrypt", {"plaintext": ""}), ("decrypt", {"ciphertext": text})):
        assert said(await acme("POST", f"transit/{path}/k", body)).startswith(NO_CONTEXT)


async def test_a_context_is_left_out_where_keys_are_not_derived(acme: VaultTenant) -> None:
    await key(acme)
    text = await sealed(acme, "k", "x", context=b64("a"))
    assert await opened(acme, "k", text) == await opened(acme, "k", text, context=b64("b")) == "x"


async def test_the_version_is_chosen_within_its_bounds(acme: VaultTenant) -> None:
    await key(acme, rotations=2)
    assert (await sealed(acme, "k", "x", key_version=2)).startswith("vault:v2:")
    await acme.data("POST", "transit/keys/k/config", {"min_encryption_version": 2})
    errors = {
        1: "requested version for encryption is less than the minimum encryption key version",
        4: "requested version for encryption is higher than the latest key version",
        -1: "requested version for encryption is negative",
    }
    for version, error in errors.items():
        assert said(await acme("POST", "transit/encrypt/k", {"plaintext": "", "key_version": version})) == error


@pytest.mark.parametrize(
    "fields,error",
    [
        ({}, "missing plaintext to encrypt"),
        ({"plaintext": "?"}, "illegal base64 data at input byte 0"),
        ({"plaintext": "aGk"}, "illegal base64 data at input byte 0"),
        ({"plaintext": "aGkA?Gk="}, "illegal base64 data at input byte 4"),
        ({"plaintext": "", "context": "?"}, "illegal base64 data at input byte 0"),
        ({"plaintext": "", "associated_data": "?"}, "illegal base64 data at input byte 0"),
        ({"plaintext": "", "key_version": "x"}, "key_version is to be a whole number"),
        ({"batch_input": []}, "missing batch input to process"),
        ({"batch_input": "x"}, "failed to parse batch input: source data must be an array or slice"),
        ({"batch_input": ["x"]}, "failed to parse batch input: [0] expected a map"),
        (
            {"batch_input": [{"plaintext": ""}, {}]},
            "failed to parse batch input: '[1].plaintext' missing plaintext to encrypt",
        ),
        (
            {"batch_input": [{"plaintext": "", "context": "YQ=="}, {"plaintext": ""}]},
            "context should be set either in all the request blocks or in none",
        ),
    ],
)
async def test_what_cannot_be_encrypted_is_refused(acme: VaultTenant, fields: dict[str, Any], error: str) -> None:
    await key(acme)
    assert said(await acme("POST", "transit/encrypt/k", fields)) == error


async def test_base64_may_have_broken_lines_and_be_empty(acme: VaultTenant) -> None:
    await key(acme)
    made = await acme.data("POST", "transit/encrypt/k", {"plaintext": "aG\nk=\n"})
    assert await opened(acme, "k", made["ciphertext"]) == "hi"
    assert await opened(acme, "k", await sealed(acme, "k", "")) == ""


@pytest.mark.parametrize(
    "ciphertext,error",
    [
        ("", "missing ciphertext to decrypt"),
        ("x", "invalid ciphertext: no prefix"),
        ("vault:v1", "invalid ciphertext: no prefix"),
        ("vault:v1:?", "invalid ciphertext: could not decode base64"),
        ("vault:v9:AAAA", "invalid ciphertext: version is too new"),
        ("vault:v1:AAAA", "ciphertext or signature version is disallowed by policy (too old)"),
        ("vault:v2:AAAA", FAILED),
    ],
)
async def test_what_cannot_be_decrypted_says_why(acme: VaultTenant, ciphertext: str, error: str) -> None:
    await key(acme, rotations=1)
    await acme.data("POST", "transit/keys/k/config", {"min_decryption_version": 2})
    for path in ("decrypt", "rewrap"):
        assert said(await acme("POST", f"transit/{path}/k", {"ciphertext": ciphertext})) == error


async def test_keys_that_only_sign_do_not_encrypt(acme: VaultTenant) -> None:
    await key(acme, type="ed25519")
    error = said(await acme("POST", "transit/encrypt/k", {"plaintext": ""}))
    assert error == "message encryption not supported for key type ed25519"
    error = said(await acme("POST", "transit/decrypt/k", {"ciphertext": "vault:v1:AAAA"}))
    assert error == "message decryption not supported for key type ed25519"


@pytest.mark.parametrize(
    "fields,derivation",
    [
        ({}, (False, None)),
        ({"context": b64("a")}, (True, False)),
        ({"context": b64("a"), "convergent_encryption": True, "type": "chacha20-poly1305"}, (True, True)),
    ],
)
async def test_a_key_comes_to_be_by_its_first_encryption(
    acme: VaultTenant, fields: dict[str, Any], derivation: tuple[bool, bool | None]
) -> None:
    await sealed(acme, "new", "x", **fields)
    data = await acme.data("GET", "transit/keys/new")
    assert (data["derived"], data.get("convergent_encryption")) == derivation
    assert data["type"] == fields.get("type", "aes256-gcm96")


@pytest.mark.parametrize(
    "fields,error",
    [
        ({"type": "ed25519"}, "unknown key type ed25519"),
        ({"type": "zz"}, "unknown key type zz"),
        (
            {"convergent_encryption": True},
            "convergent encryption requires derivation to be enabled, so context is required",
        ),
    ],
)
async def test_no_key_comes_to_be_that_could_not_encrypt_this(
    acme: VaultTenant, fields: dict[str, Any], error: str
) -> None:
    assert said(await acme("POST", "transit/encrypt/new", {"plaintext": "", **fields})) == error
    assert nothing(await acme("GET", "transit/keys/new"))


async def test_a_batch_is_answered_item_by_item_with_its_references(acme: VaultTenant) -> None:
    await key(acme, rotations=1)
    items = [{"plaintext": b64("1"), "reference": "a"}, {"plaintext": b64("2"), "key_version": 1}]
    status, made = await batch(acme, "encrypt/k", *items)
    assert (status, [(each["key_version"], each["reference"]) for each in made]) == (200, [(2, "a"), (1, "")])
    status, told = await batch(acme, "decrypt/k", *made)
    assert (status, told) == (
        200,
        [{"plaintext": b64("1"), "reference": "a"}, {"plaintext": b64("2"), "reference": ""}],
    )
    status, moved = await batch(acme, "rewrap/k", *({"ciphertext": each["ciphertext"]} for each in made))
    assert (status, [each["ciphertext"][:9] for each in moved]) == (200, ["vault:v2:", "vault:v2:"])


async def test_a_batch_creates_its_key_derived_if_it_has_contexts(acme: VaultTenant) -> None:
    status, _ = await batch(acme, "encrypt/new", {"plaintext": "", "context": b64("a")})
    assert (status, (await acme.data("GET", "transit/keys/new"))["derived"]) == (200, True)


@pytest.mark.parametrize("code,status", [(None, 400), (200, 200), (207, 207), ("202", 202), (999, 400), (100, 400)])
async def test_a_batch_with_an_item_that_fails_is_400_or_what_was_asked_for(
    acme: VaultTenant, code: object, status: int
) -> None:
    await key(acme)
    fields = {} if code is None else {"partial_failure_response_code": code}
    items = [{"plaintext": b64("1"), "reference": "a"}, {"plaintext": "?", "reference": "b"}]
    answer = await acme("POST", "transit/encrypt/k", {"batch_input": items, **fields})
    good, bad = answer.json()["data"]["batch_results"]
    assert (answer.status, good["reference"]) == (status, "a")
    assert bad == {"error": "illegal base64 data at input byte 0", "reference": "b"}
    assert bool(answer.json()["warnings"]) == (code in {999, 100})
    decrypting = [{"ciphertext": good["ciphertext"]}, {"ciphertext": "x", "reference": "b"}]
    found, told = await batch(acme, "decrypt/k", *decrypting, **fields)
    assert (found, told[0]["plaintext"]) == (status, b64("1"))
    assert told[1] == {"plaintext": "", "error": "invalid ciphertext: no prefix", "reference": "b"}


async def test_a_batch_of_which_all_fail_is_400_whatever_was_asked_for(acme: VaultTenant) -> None:
    await key(acme)
    status, _ = await batch(acme, "encrypt/k", {"plaintext": "?"}, partial_failure_response_code=200)
    assert status == 400


async def test_a_rewrapped_batch_is_200_with_its_errors(acme: VaultTenant) -> None:
    await key(acme)
    text = await sealed(acme, "k", "x")
    status, told = await batch(
        acme, "rewrap/k", {"ciphertext": text, "key_version": 9}, {"ciphertext": "x", "reference": "b"}, {}
    )
    assert status == 200
    assert [each["error"] for each in told] == [
        "requested version for encryption is higher than the latest key version",
        "invalid ciphertext: no prefix",
        "missing ciphertext to decrypt",
    ]


async def test_a_ciphertext_is_brought_to_another_version_and_keeps_its_bonds(acme: VaultTenant) -> None:
    await key(acme, rotations=1, derived=True)
    bonds = {"context": b64("a"), "associated_data": b64("o")}
    old = await sealed(acme, "k", "x", key_version=1, **bonds)
    moved = await acme.data("POST", "transit/rewrap/k", {"ciphertext": old, **bonds})
    assert moved["key_version"] == 2
    assert await opened(acme, "k", moved["ciphertext"], **bonds) == "x"


@pytest.mark.parametrize("bits", [None, 128, 512])
async def test_a_data_key_is_what_its_ciphertext_holds(acme: VaultTenant, bits: int | None) -> None:
    await key(acme, derived=True)
    fields = {"context": b64("a"), **({"bits": bits} if bits else {})}
    made = await acme.data("POST", "transit/datakey/plaintext/k", fields)
    assert len(base64.b64decode(made["plaintext"])) * 8 == (bits or 256)
    told = await acme.data("POST", "transit/decrypt/k", {"ciphertext": made["ciphertext"], "context": b64("a")})
    assert (told["plaintext"], made["key_version"]) == (made["plaintext"], 1)
    assert set(await acme.data("POST", "transit/datakey/wrapped/k", fields)) == {"ciphertext", "key_version"}


@pytest.mark.parametrize(
    "path,fields,error",
    [
        ("zz/k", {}, "Invalid path, must be 'plaintext' or 'wrapped'"),
        ("plaintext/k", {"bits": 12}, "invalid bit length"),
        ("plaintext/k", {"context": "?"}, "failed to base64-decode context"),
        ("plaintext/k", {"key_version": 9}, "requested version for encryption is higher than the latest key version"),
    ],
)
async def test_a_data_key_that_cannot_be_is_refused(
    acme: VaultTenant, path: str, fields: dict[str, Any], error: str
) -> None:
    await key(acme)
    assert said(await acme("POST", f"transit/datakey/{path}", fields)) == error


async def test_a_repeated_request_with_its_key_has_the_same_ciphertext(acme: VaultTenant) -> None:
    await key(acme)
    one, two = [await acme("POST", "transit/encrypt/k", {"plaintext": ""}, idempotency_key="1" * 20) for _ in "12"]
    assert one.json()["data"] == two.json()["data"]
    body = {"plaintext": ""}
    assert (await acme("POST", "transit/encrypt/k", body)).json() != (
        await acme("POST", "transit/encrypt/k", body)
    ).json()


async def test_each_request_is_one_event_without_data(acme: VaultTenant) -> None:
    await key(acme)
    text = b64("never to be told")
    _, made = await batch(acme, "encrypt/k", {"plaintext": text}, {"plaintext": "?"}, {"plaintext": text})
    page = (await acme.native("GET", "/api/v1/audit/events?limit=50")).json()
    (event,) = [each for each in page["items"] if each["type"] == "transit.encrypted"]
    assert (event["body"]["key"], event["body"]["count"], event["body"]["failed"]) == ("k", 2, 1)
    assert made[0]["ciphertext"][9:] not in str(page)
    assert text not in str(page)
