"""Transit encryption over HTTP: what is encrypted, signed and authenticated, and what the log is told of it."""

from __future__ import annotations

import hashlib
import hmac as stdlib_hmac
from typing import Any

import pytest

from domain.errors import DecryptionFailed
from domain.transit.key_types import TYPES
from tests.integration.api.tenants import Tenant, refused
from tests.integration.api.transit_calls import (
    KEYS,
    TRANSIT,
    asked,
    b64,
    configured,
    key,
    plain,
    rotated,
    sealed,
    tried,
)

pytestmark = pytest.mark.anyio

FAILED = DecryptionFailed().message
ENCRYPTING = [name for name, kind in TYPES.items() if kind.encrypts and name not in {"rsa-3072", "rsa-4096"}]
SIGNING = [name for name, kind in TYPES.items() if kind.signs and name not in {"rsa-3072", "rsa-4096"}]


@pytest.mark.parametrize("name", ENCRYPTING)
async def test_encrypted_is_decrypted_again(name: str, acme: Tenant) -> None:
    await key(acme, type=name)
    made = await asked(acme, "encrypt", "orders", plaintext=b64("s3cret"))
    assert made["ciphertext"].startswith("trv:1:")
    assert made["version"] == 1
    back = await asked(acme, "decrypt", "orders", ciphertext=made["ciphertext"])
    assert back == {"plaintext": b64("s3cret"), "version": 1}


async def test_vaults_prefix_is_understood(acme: Tenant) -> None:
    await key(acme)
    text = (await sealed(acme, "x")).replace("trv:1:", "vault:v1:")
    assert (await asked(acme, "decrypt", "orders", ciphertext=text))["plaintext"] == b64("x")


async def test_aad_is_bound_to_the_ciphertext(acme: Tenant) -> None:
    await key(acme)
    text = await sealed(acme, "x", aad=b64("order 42"))
    assert (await asked(acme, "decrypt", "orders", ciphertext=text, aad=b64("order 42")))["plaintext"] == b64("x")
    for aad in ("", b64("order 43")):
        problem = refused(await tried(acme, "decrypt", "orders", ciphertext=text, aad=aad), 400, "decryption-failed")
        assert problem["detail"] == FAILED


async def test_whatever_was_altered_the_answer_is_the_same(acme: Tenant) -> None:
    await key(acme)
    await rotated(acme)
    text = await sealed(acme, "message")
    altered = [
        text[:position] + chr(ord(text[position]) ^ 1 << bit) + text[position + 1 :]
        for position in range(len(text))
        for bit in range(0, 7, 3)
    ]
    altered += ["", "trv:", "trv:1:", text[:-4], f"{text}AAAA", text.replace("trv:2", "trv:0"), f" {text}", "x" * 300]
    answers = {(await tried(acme, "decrypt", "orders", ciphertext=each)).body for each in altered}
    details = set()
    for each in altered[:60]:
        details.add(
            refused(await tried(acme, "decrypt", "orders", ciphertext=each), 400, "decryption-failed")["detail"]
        )
    assert details == {FAILED}
    assert all(FAILED.encode() in answer for answer in answers)
    refused(await tried(acme, "rewrap", "orders", ciphertext=altered[40]), 400, "decryption-failed")


async def test_another_key_does_not_decrypt(acme: Tenant) -> None:
    await key(acme)
    await key(acme, "other")
    problem = refused(await tried(acme, "decrypt", "other", ciphertext=await sealed(acme)), 400, "decryption-failed")
    assert problem["detail"] == FAILED


async def test_batch_is_done_item_by_item(acme: Tenant) -> None:
    await key(acme)
    await rotated(acme)
    wanted = [
        {"plaintext": b64("one")},
        {"plaintext": "not base64!"},
        {"plaintext": b64("two"), "version": 1, "aad": b64("a")},
        {"plaintext": b64("three"), "version": 7},
        {"plaintext": b64("four"), "context": b64("c")},
    ]
    items = (await asked(acme, "encrypt", "orders", items=wanted))["items"]
    assert [item.get("version") for item in items] == [2, None, 1, None, None]
    assert [item["error"]["code"] for item in items if "error" in item] == ["invalid"] * 3
    texts = [items[0]["ciphertext"], items[2]["ciphertext"], "trv:1:AAAA", items[2]["ciphertext"]]
    back = await asked(
        acme, "decrypt", "orders",
        items=[{"ciphertext": text, "aad": b64("a") if n == 3 else ""} for n, text in enumerate(texts)],
    )  # fmt: skip
    assert back["items"] == [
        {"plaintext": b64("one"), "version": 2},
        {"error": {"code": "decryption-failed", "detail": FAILED}},
        {"error": {"code": "decryption-failed", "detail": FAILED}},
        {"plaintext": b64("two"), "version": 1},
    ]


async def test_batch_is_one_fact_without_data(acme: Tenant) -> None:
    await key(acme)
    await rotated(acme)
    answer = await tried(
        acme, "encrypt", "orders",
        items=[{"plaintext": b64("marker-in-clear")}, {"plaintext": b64("x"), "version": 1}, {"plaintext": "?"}],
    )  # fmt: skip
    assert answer.status == 200
    (fact,) = await acme.events("transit.encrypted")
    assert {name: fact[name] for name in ("key", "numbers", "count", "failed")} == {
        "key": "orders", "numbers": [1, 2], "count": 2, "failed": 1,
    }  # fmt: skip
    assert set(fact) == {"position", "type", "actor", "request_id", "key", "numbers", "count", "failed"}
    assert fact["request_id"] == answer.headers["x-request-id"]
    rows = await acme.system.rows("SELECT count(*) FROM events WHERE instr(body, ?) > 0", b"marker-in-clear")
    assert rows == [(0,)]


async def test_every_use_is_a_fact_before_the_answer(acme: Tenant) -> None:
    await key(acme, type="rsa-2048", exportable=True, allow_plaintext_backup=True)
    text = await sealed(acme)
    await asked(acme, "decrypt", "orders", ciphertext=text)
    refused(await tried(acme, "decrypt", "orders", ciphertext="trv:1:AAAA"), 400, "decryption-failed")
    await asked(acme, "rewrap", "orders", ciphertext=text)
    await asked(acme, "datakey", "orders")
    await asked(acme, "datakey", "orders", wrapped=True)
    await asked(acme, "hmac", "orders", data=b64("d"))
    await asked(acme, "sign", "orders", message=b64("m"))
    await asked(acme, "verify", "orders", message=b64("m"), signature=b64("s"))
    await acme("GET", f"{KEYS}/orders/export?kind=public-key")
    await acme("GET", f"{KEYS}/orders/backup")
    await acme("POST", f"{TRANSIT}/random", {"bytes": 8})
    await acme("POST", f"{TRANSIT}/hash", {"data": ""})
    told = [
        (event["type"], event["key"], event["numbers"], event["count"], event["failed"])
        for event in await acme.events()
        if event["type"].startswith("transit.")
    ]
    assert told == [
        ("transit.encrypted", "orders", [1], 1, 0),
        ("transit.decrypted", "orders", [1], 1, 0),
        ("transit.decrypted", "orders", [], 0, 1),
        ("transit.rewrapped", "orders", [1], 1, 0),
        ("transit.data_key.made", "orders", [1], 1, 0),
        ("transit.data_key.made", "orders", [1], 1, 0),
        ("transit.authenticated", "orders", [1], 1, 0),
        ("transit.signed", "orders", [1], 1, 0),
        ("transit.verified", "orders", [1], 0, 1),
        ("transit.exported", "orders", [1], 1, 0),
        ("transit.backed_up", "orders", [1], 1, 0),
        ("transit.drawn", "", [], 1, 0),
        ("transit.hashed", "", [], 1, 0),
    ]


async def test_rewrap_brings_to_the_newest_version_and_keeps_the_aad(acme: Tenant) -> None:
    await key(acme)
    text = await sealed(acme, "x", aad=b64("a"))
    await rotated(acme, times=2)
    new = await asked(acme, "rewrap", "orders", ciphertext=text, aad=b64("a"))
    assert new["version"] == 3
    assert new["ciphertext"].startswith("trv:3:")
    back = await asked(acme, "decrypt", "orders", ciphertext=new["ciphertext"], aad=b64("a"))
    assert back["plaintext"] == b64("x")
    client = await acme.holding("keys:encrypt:orders")
    assert (await asked(client, "rewrap", "orders", ciphertext=text, aad=b64("a")))["version"] == 3


@pytest.mark.parametrize("bits", [128, 256, 512])
async def test_data_key_is_told_in_both_forms_or_wrapped(bits: int, acme: Tenant) -> None:
    await key(acme)
    made = await asked(acme, "datakey", "orders", bits=bits)
    assert len(plain(made["plaintext"])) == bits // 8
    back = await asked(acme, "decrypt", "orders", ciphertext=made["ciphertext"])
    assert back["plaintext"] == made["plaintext"]
    assert set(await asked(acme, "datakey", "orders", bits=bits, wrapped=True)) == {"ciphertext", "version"}


async def test_derived_keys_need_their_context(acme: Tenant) -> None:
    await key(acme, derived=True)
    text = await sealed(acme, "x", context=b64("ann"))
    assert (await asked(acme, "decrypt", "orders", ciphertext=text, context=b64("ann")))["plaintext"] == b64("x")
    refused(await tried(acme, "encrypt", "orders", plaintext=b64("x")), 400, "invalid")
    for context in ("", b64("bob")):
        refused(await tried(acme, "decrypt", "orders", ciphertext=text, context=context), 400, "decryption-failed")


async def test_convergent_keys_give_equal_for_equal(acme: Tenant) -> None:
    await key(acme, derived=True, convergent=True)
    first = await sealed(acme, "x", context=b64("ann"))
    assert await sealed(acme, "x", context=b64("ann")) == first
    assert await sealed(acme, "x", context=b64("bob")) != first
    refused(
        await tried(acme, "encrypt", "orders", plaintext=b64("x"), context=b64("ann"), aad=b64("a")), 400, "invalid"
    )


@pytest.mark.parametrize("name", SIGNING)
async def test_signature_verifies_by_name_and_by_public_key(name: str, acme: Tenant) -> None:
    await key(acme, type=name)
    made = await asked(acme, "sign", "orders", message=b64("release"))
    shared = {"message": b64("release"), "signature": made["signature"]}
    for signature in (made["signature"], f"trv:1:{made['signature']}", f"vault:v1:{made['signature']}"):
        assert await asked(acme, "verify", "orders", message=b64("release"), signature=signature) == {"valid": True}
    by_key = await acme("POST", f"{TRANSIT}/verify", {**shared, "public_der": made["public_der"]})
    assert by_key.json() == {"valid": True}
    assert await asked(acme, "verify", "orders", **{**shared, "message": b64("other")}) == {"valid": False}
    for nonsense in ("", "?", "trv:9:AAAA", b64("no signature")):
        assert await asked(acme, "verify", "orders", message=b64("release"), signature=nonsense) == {"valid": False}


async def test_signatures_of_old_versions_verify_until_they_may_not(acme: Tenant) -> None:
    await key(acme, type="ed25519")
    made = await asked(acme, "sign", "orders", message=b64("m"))
    await rotated(acme)
    body: dict[str, Any] = {"message": b64("m"), "signature": f"trv:1:{made['signature']}"}
    assert await asked(acme, "verify", "orders", **body) == {"valid": True}
    assert await asked(acme, "verify", "orders", message=b64("m"), signature=made["signature"]) == {"valid": False}
    assert await asked(acme, "verify", "orders", **{**body, "signature": made["signature"], "version": 1}) == {
        "valid": True
    }
    await configured(acme, min_decryption_version=2)
    assert await asked(acme, "verify", "orders", **body) == {"valid": False}


async def test_jws_signatures_are_base64url(acme: Tenant) -> None:
    await key(acme, kind="sign")
    made = await asked(acme, "sign", "orders", message=b64("m"), marshaling="jws")
    assert len(made["signature"]) == 86
    body = {"message": b64("m"), "signature": made["signature"], "marshaling": "jws"}
    assert await asked(acme, "verify", "orders", **body) == {"valid": True}
    assert await asked(acme, "verify", "orders", **{**body, "marshaling": "asn1"}) == {"valid": False}


async def test_hmac_is_made_and_verified_by_any_type(acme: Tenant) -> None:
    await key(acme, kind="hmac", exportable=True)
    await key(acme, "aead")
    exported = (await acme("GET", f"{KEYS}/orders/export?kind=hmac-key")).json()["keys"]["1"]
    made = await asked(acme, "hmac", "orders", data=b64("d"))
    assert plain(made["hmac"]) == stdlib_hmac.digest(plain(exported), b"d", "sha256")
    for name in ("orders", "aead"):
        made = await asked(acme, "hmac", name, data=b64("d"), algorithm="sha2-512")
        body = {"data": b64("d"), "hmac": made["hmac"], "algorithm": "sha2-512"}
        assert await asked(acme, "verify", name, **body) == {"valid": True}
        assert await asked(acme, "verify", name, **{**body, "data": b64("e")}) == {"valid": False}
        assert await asked(acme, "verify", name, **{**body, "algorithm": "sha2-256"}) == {"valid": False}


async def test_batches_of_signatures_and_macs(acme: Tenant) -> None:
    await key(acme, type="ed25519")
    signatures = (await asked(acme, "sign", "orders", items=[{"message": b64(str(n))} for n in range(3)]))["items"]
    macs = (await asked(acme, "hmac", "orders", items=[{"data": b64("0")}, {"data": "?"}]))["items"]
    assert macs[1]["error"]["code"] == "invalid"
    wanted = [{"message": b64(str(n)), "signature": each["signature"]} for n, each in enumerate(signatures)]
    wanted[2]["message"] = b64("other")
    wanted += [{"data": b64("0"), "hmac": macs[0]["hmac"]}, {"data": b64("0")}]
    verdicts = (await asked(acme, "verify", "orders", items=wanted))["items"]
    assert [each.get("valid") for each in verdicts] == [True, True, False, True, None]
    assert verdicts[4]["error"]["code"] == "invalid"


async def test_random_bytes_and_hashes(acme: Tenant) -> None:
    drawn = {(await acme("POST", f"{TRANSIT}/random", {"bytes": 16})).json()["random_bytes"] for _ in range(3)}
    assert {len(plain(each)) for each in drawn} == {16}
    assert len(drawn) == 3
    assert len((await acme("POST", f"{TRANSIT}/random", {"bytes": 32, "format": "hex"})).json()["random_bytes"]) == 64
    body = {"data": b64("d"), "algorithm": "sha3-256"}
    assert (await acme("POST", f"{TRANSIT}/hash", body)).json() == {"sum": hashlib.sha3_256(b"d").hexdigest()}


@pytest.mark.parametrize(
    "operation,body",
    [
        ("encrypt", {"plaintext": ""}),
        ("encrypt", {"plaintext": b64("x"), "items": [{"plaintext": b64("x")}]}),
        ("encrypt", {}),
        ("encrypt", {"items": []}),
        ("encrypt", {"items": [{"plaintext": b64("x")}] * 1001}),
        ("encrypt", {"plaintext": "eA"}),
        ("encrypt", {"plaintext": "eB=="}),
        ("encrypt", {"plaintext": b64("x"), "version": 2}),
        ("decrypt", {"ciphertext": 1}),
        ("verify", {"message": b64("x")}),
        ("sign", {"message": b64("x")}),
        ("datakey", {"bits": 100}),
        ("hmac", {"data": b64("x"), "algorithm": "md5"}),
    ],
)
async def test_requests_that_cannot_be_are_refused(operation: str, body: dict[str, object], acme: Tenant) -> None:
    await key(acme)
    answer = await tried(acme, operation, "orders", **body)
    if body == {"plaintext": ""}:
        assert answer.status == 200, "nothing can be encrypted as well"
    else:
        refused(answer, 400, "invalid")


async def test_unknown_keys_are_not_found(acme: Tenant) -> None:
    for operation, body in (("encrypt", {"plaintext": ""}), ("decrypt", {"ciphertext": "trv:1:AAAA"})):
        refused(await tried(acme, operation, "none", **body), 404, "not-found")


async def test_scope_is_bounded_by_the_keys_name(acme: Tenant) -> None:
    await key(acme, "pay-cards")
    await key(acme, "orders")
    client = await acme.holding("keys:encrypt:pay-*", "keys:read:pay-*")
    text = (await asked(client, "encrypt", "pay-cards", plaintext=b64("x")))["ciphertext"]
    refused(await tried(client, "encrypt", "orders", plaintext=b64("x")), 403, "forbidden")
    refused(await tried(client, "decrypt", "pay-cards", ciphertext=text), 403, "forbidden")
    assert [item["name"] for item in (await client("GET", KEYS)).json()["items"]] == ["pay-cards"]
    refused(await client("GET", f"{KEYS}/orders"), 403, "forbidden")


async def test_repeat_with_an_idempotency_key_gives_the_same_ciphertext(acme: Tenant) -> None:
    await key(acme)
    body = {"key": "orders", "plaintext": b64("x")}
    answers = [await acme("POST", f"{TRANSIT}/encrypt", body, headers={"idempotency-key": "one"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert len(await acme.events("transit.encrypted")) == 1
    body = {"key": "orders"}
    first, again = [
        (await acme("POST", f"{TRANSIT}/datakey", body, headers={"idempotency-key": "two"})).json() for _ in range(2)
    ]
    assert (again["ciphertext"], again.get("plaintext"), again["replayed"]) == (first["ciphertext"], None, True)
