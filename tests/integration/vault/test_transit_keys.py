"""`transit/keys`: as Vault's clients make, see, configure and end keys."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from tests.integration.vault.client import VaultTenant
from tests.integration.vault.kv import nothing
from tests.integration.vault.transit import b64, opened, said, sealed

pytestmark = pytest.mark.anyio

KEY = "transit/keys/orders"


async def test_a_new_key_is_told_as_vault_tells_it(acme: VaultTenant) -> None:
    data = await acme.data("POST", KEY, {})
    (made_at,) = data.pop("keys").values()
    assert isinstance(made_at, int)
    assert data == {
        "name": "orders", "type": "aes256-gcm96", "derived": False, "deletion_allowed": False,
        "min_available_version": 0, "min_decryption_version": 1, "min_encryption_version": 0, "latest_version": 1,
        "exportable": False, "allow_plaintext_backup": False, "supports_encryption": True, "supports_decryption": True,
        "supports_signing": False, "supports_derivation": True, "auto_rotate_period": 0, "imported_key": False,
        "soft_deleted": False,
    }  # fmt: skip


async def test_a_key_that_is_there_stays_as_it_is(acme: VaultTenant) -> None:
    await acme.data("POST", KEY, {"type": "chacha20-poly1305"})
    answer = await acme("POST", KEY, {"type": "ed25519"})
    assert (answer.status, answer.json()["data"]["type"]) == (200, "chacha20-poly1305")
    assert answer.json()["warnings"] == ["key orders already existed"]


@pytest.mark.parametrize(
    "kind,name", [("ecdsa-p256", "P-256"), ("ecdsa-p384", "P-384"), ("ecdsa-p521", "P-521"), ("rsa-2048", "rsa-2048")]
)
async def test_public_keys_are_told_in_pem(acme: VaultTenant, kind: str, name: str) -> None:
    version = (await acme.data("POST", KEY, {"type": kind}))["keys"]["1"]
    assert (version["name"], version["certificate_chain"]) == (name, "")
    assert version["public_key"].startswith("-----BEGIN PUBLIC KEY-----\n")
    assert version["creation_time"].endswith("Z")


async def test_a_public_key_of_ed25519_is_its_bytes_and_a_derived_one_has_none(acme: VaultTenant) -> None:
    version = (await acme.data("POST", KEY, {"type": "ed25519"}))["keys"]["1"]
    assert (len(base64.b64decode(version["public_key"])), version["name"]) == (32, "ed25519")
    derived = await acme.data("POST", f"{KEY}2", {"type": "ed25519", "derived": "true"})
    assert (derived["keys"]["1"]["public_key"], derived["kdf"]) == ("", "hkdf_sha256")


async def test_derived_convergent_and_hmac_keys_say_so(acme: VaultTenant) -> None:
    derived = await acme.data("POST", KEY, {"derived": True, "convergent_encryption": True})
    assert (derived["convergent_encryption"], derived["convergent_encryption_version"]) == (True, -1)
    assert "convergent_encryption_version" not in await acme.data("POST", f"{KEY}2", {"derived": True})
    mac = await acme.data("POST", f"{KEY}3", {"type": "hmac", "key_size": 48})
    assert (mac["key_size"], "keys" in mac) == (48, False)


@pytest.mark.parametrize(
    "fields,error",
    [
        ({"type": "nope"}, "unknown key type nope"),
        ({"convergent_encryption": True}, "convergent encryption requires derivation to be enabled"),
        (
            {"type": "rsa-2048", "derived": True},
            "key derivation and convergent encryption not supported for keys of type rsa-2048",
        ),
        (
            {"type": "ed25519", "derived": True, "convergent_encryption": True},
            "key derivation and convergent encryption not supported for keys of type ed25519",
        ),
        ({"auto_rotate_period": "30m"}, "auto rotate period must be 0 to disable or at least an hour"),
        ({"type": "hmac", "key_size": 16}, "invalid key_size 16"),
        ({"key_size": 32}, "key_size is not valid for algorithm aes256-gcm96"),
    ],
)
async def test_what_no_key_can_be_is_refused(acme: VaultTenant, fields: dict[str, Any], error: str) -> None:
    assert said(await acme("POST", KEY, fields)) == error
    assert nothing(await acme("GET", KEY))


@pytest.mark.parametrize("path", ["transit/keys/-x", "transit/keys/x%20y", "transit/encrypt/.x", "transit/keys/a~b"])
async def test_a_name_that_no_key_can_have_is_not_served(acme: VaultTenant, path: str) -> None:
    assert "unsupported path" in said(await acme("POST", path, {"plaintext": ""}), 404)


async def test_keys_are_listed_a_page_at_a_time(acme: VaultTenant) -> None:
    assert nothing(await acme("LIST", "transit/keys"))
    for name in ("c", "a", "b", "d"):
        await acme.data("POST", f"transit/keys/{name}", {})
    assert await acme.data("LIST", "transit/keys/") == {"keys": ["a", "b", "c", "d"]}
    assert await acme.data("GET", "transit/keys?list=true&after=a&limit=2") == {"keys": ["b", "c"]}
    assert nothing(await acme("GET", "transit/keys?list=true&after=d"))


async def test_a_key_rotates_and_old_versions_are_closed_and_trimmed(acme: VaultTenant) -> None:
    await acme.data("POST", KEY, {})
    first = await sealed(acme, "orders", "1")
    assert (await acme.data("POST", f"{KEY}/rotate"))["latest_version"] == 2
    await acme.data("PUT", f"{KEY}/rotate")
    assert (await sealed(acme, "orders", "3")).startswith("vault:v3:")
    assert await opened(acme, "orders", first) == "1"
    data = await acme.data("POST", f"{KEY}/config", {"min_decryption_version": "2", "min_encryption_version": 3})
    assert (data["min_decryption_version"], data["min_encryption_version"], set(data["keys"])) == (2, 3, {"2", "3"})
    assert "too old" in said(await acme("POST", "transit/decrypt/orders", {"ciphertext": first}))
    trimmed = await acme.data("POST", f"{KEY}/trim", {"min_available_version": 2})
    assert (trimmed["min_available_version"], set(trimmed["keys"])) == (2, {"2", "3"})
    refused = await acme("POST", f"{KEY}/config", {"min_decryption_version": 1})
    assert said(refused) == "min decryption version should not be less then min available version"


async def test_what_is_configured_once_stays_and_zero_is_one(acme: VaultTenant) -> None:
    await acme.data("POST", KEY, {})
    answer = await acme("POST", f"{KEY}/config", {"min_decryption_version": 0, "auto_rotate_period": "2h"})
    assert answer.json()["warnings"] == ["transit key numbering starts at 1; forcing minimum to 1"]
    assert answer.json()["data"]["auto_rotate_period"] == 7200
    await acme.data("POST", f"{KEY}/config", {"exportable": True, "allow_plaintext_backup": "true"})
    data = await acme.data("POST", f"{KEY}/config", {"exportable": False, "allow_plaintext_backup": False})
    assert (data["exportable"], data["allow_plaintext_backup"]) == (True, True)


@pytest.mark.parametrize(
    "path,fields,error",
    [
        ("config", {"min_decryption_version": 5}, "cannot set min decryption version of 5, latest key version is 2"),
        ("config", {"min_decryption_version": -1}, "min decryption version cannot be negative"),
        ("config", {"min_encryption_version": 3}, "cannot set min encryption version of 3, latest key version is 2"),
        ("config", {"min_encryption_version": -1}, "min encryption version cannot be negative"),
        (
            "config",
            {"min_decryption_version": 2, "min_encryption_version": 1},
            (
                "cannot set min encryption/decryption values; min encryption version of 1 must be greater than or "
                "equal to min decryption version of 2"
            ),
        ),
        ("config", {"auto_rotate_period": 60}, "auto rotate period must be 0 to disable or at least an hour"),
        ("trim", {}, "missing min_available_version"),
        (
            "trim",
            {"min_available_version": 1},
            "minimum available version cannot be set when minimum encryption version is not set",
        ),
        ("trim", {"min_available_version": -1}, "minimum available version cannot be decremented"),
    ],
)
async def test_versions_out_of_order_are_refused(
    acme: VaultTenant, path: str, fields: dict[str, Any], error: str
) -> None:
    await acme.data("POST", KEY, {})
    await acme.data("POST", f"{KEY}/rotate")
    assert said(await acme("POST", f"{KEY}/{path}", fields)) == error


async def test_no_more_is_trimmed_than_both_minima_let_go(acme: VaultTenant) -> None:
    await acme.data("POST", KEY, {})
    await acme.data("POST", f"{KEY}/rotate")
    await acme.data("POST", f"{KEY}/config", {"min_encryption_version": 1})
    over = said(await acme("POST", f"{KEY}/trim", {"min_available_version": 2}))
    assert over == "minimum available version cannot be greater than minmum encryption version"
    await acme.data("POST", f"{KEY}/config", {"min_encryption_version": 2})
    over = said(await acme("POST", f"{KEY}/trim", {"min_available_version": 2}))
    assert over == "minimum available version cannot be greater than minimum decryption version"


async def test_a_key_is_deleted_once_that_is_allowed(acme: VaultTenant) -> None:
    assert said(await acme("DELETE", KEY)) == "error deleting policy orders: could not delete key; not found"
    await acme.data("POST", KEY, {})
    assert said(await acme("DELETE", KEY)) == "error deleting policy orders: deletion is not allowed for this key"
    await acme.data("POST", f"{KEY}/config", {"deletion_allowed": True})
    assert (await acme("DELETE", KEY)).status == 204
    assert nothing(await acme("GET", KEY))


@pytest.mark.parametrize(
    "method,path,error",
    [
        ("POST", f"{KEY}/config", "no existing key named orders could be found"),
        ("POST", f"{KEY}/rotate", "key not found"),
        ("POST", f"{KEY}/trim", "invalid key name"),
        ("POST", "transit/decrypt/orders", "encryption key not found"),
        ("POST", "transit/rewrap/orders", "encryption key not found"),
        ("POST", "transit/datakey/plaintext/orders", "encryption key not found"),
        ("POST", "transit/hmac/orders", "encryption key not found"),
        ("POST", "transit/sign/orders", "signing key not found"),
        ("POST", "transit/verify/orders", "signature verification key not found"),
        ("GET", "transit/backup/orders", 'key "orders" not found'),
    ],
)
async def test_of_a_key_that_is_not_there_each_says_so(acme: VaultTenant, method: str, path: str, error: str) -> None:
    body = {"ciphertext": "vault:v1:AAAA", "input": "", "signature": "vault:v1:AAAA", "min_available_version": 1}
    assert said(await acme(method, path, body if method == "POST" else None)) == error


@pytest.mark.parametrize(
    "method,path,status",
    [
        ("GET", "transit/wrapping_key", 404),
        ("POST", "transit/keys/orders/import", 404),
        ("POST", "transit/keys/orders/import_version", 404),
        ("GET", "transit/byok-export/a/b", 404),
        ("POST", "transit/keys/orders/csr", 404),
        ("GET", "transit/cache-config", 404),
        ("GET", "transit/encrypt/orders", 405),
        ("GET", "transit/keys", 405),
        ("GET", f"{KEY}/config", 405),
        ("DELETE", f"{KEY}/rotate", 405),
    ],
)
async def test_what_is_not_served_is_told_in_vaults_words(
    acme: VaultTenant, method: str, path: str, status: int
) -> None:
    words = "no handler for route" if status == 404 else "unsupported operation"
    assert words in said(await acme(method, path, {} if method == "POST" else None), status)


async def test_both_faces_have_the_same_keys(acme: VaultTenant) -> None:
    await acme.data("POST", KEY, {})
    ciphertext = await sealed(acme, "orders", "x")
    told = await acme.native("POST", "/api/v1/transit/decrypt", {"key": "orders", "ciphertext": ciphertext})
    assert told.json()["plaintext"] == b64("x")
    native = await acme.native("POST", "/api/v1/transit/encrypt", {"key": "orders", "plaintext": b64("y")})
    assert await opened(acme, "orders", native.json()["ciphertext"]) == "y"
