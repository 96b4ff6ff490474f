"""`transit/`: export, backup and restore; random bytes and hashes, also of `sys/tools`."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any

import pytest

from tests.integration.vault.client import VaultTenant
from tests.integration.vault.kv import nothing
from tests.integration.vault.transit import b64, opened, said, sealed

pytestmark = pytest.mark.anyio

OPEN = {"exportable": True, "allow_plaintext_backup": True}
X = b64("x")


async def key(acme: VaultTenant, kind: str = "aes256-gcm96", **fields: object) -> None:
    await acme.data("POST", "transit/keys/k", {"type": kind, **OPEN, **fields})


async def test_versions_that_decrypt_are_exported(acme: VaultTenant) -> None:
    await key(acme)
    for _ in "12":
        await acme.data("POST", "transit/keys/k/rotate")
    await acme.data("POST", "transit/keys/k/config", {"min_decryption_version": 2})
    every = await acme.data("GET", "transit/export/encryption-key/k")
    assert (every["name"], every["type"], set(every["keys"])) == ("k", "aes256-gcm96", {"2", "3"})
    newest = await acme.data("GET", "transit/export/encryption-key/k/latest")
    assert newest["keys"] == {"3": every["keys"]["3"]}
    assert (await acme.data("GET", "transit/export/encryption-key/k/2"))["keys"] == {"2": every["keys"]["2"]}
    errors = {
        "1": "version for export is below minimum decryption version",
        "9": "version does not exist or cannot be found",
        "x": "invalid key version",
    }
    for number, error in errors.items():
        assert said(await acme("GET", f"transit/export/encryption-key/k/{number}")) == error


@pytest.mark.parametrize(
    "kind,part,begins",
    [
        ("rsa-2048", "encryption-key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("ecdsa-p256", "signing-key", "-----BEGIN EC PRIVATE KEY-----"),
        ("ecdsa-p256", "public-key", "-----BEGIN PUBLIC KEY-----"),
        ("ed25519", "signing-key", ""),
        ("ed25519", "hmac-key", ""),
    ],
)
async def test_each_part_is_exported_in_its_form(acme: VaultTenant, kind: str, part: str, begins: str) -> None:
    await key(acme, kind)
    assert (await acme.data("GET", f"transit/export/{part}/k"))["keys"]["1"].startswith(begins)


@pytest.mark.parametrize(
    "kind,part,error",
    [
        ("ed25519", "encryption-key", "encryption not supported for the key"),
        ("aes256-gcm96", "signing-key", "signing not supported for the key"),
        ("aes256-gcm96", "public-key", "unknown key type aes256-gcm96 for export type public-key"),
        ("aes256-gcm96", "zz", "invalid export type: zz"),
    ],
)
async def test_a_part_that_a_key_has_not_is_refused(acme: VaultTenant, kind: str, part: str, error: str) -> None:
    await key(acme, kind)
    assert said(await acme("GET", f"transit/export/{part}/k")) == error


async def test_material_goes_out_only_where_that_is_allowed(acme: VaultTenant) -> None:
    await key(acme, "ed25519", exportable=False, allow_plaintext_backup=False)
    assert said(await acme("GET", "transit/export/signing-key/k")) == "private key material is not exportable"
    assert (await acme("GET", "transit/export/public-key/k")).status == 200
    assert said(await acme("GET", "transit/backup/k")) == "exporting is disallowed on the policy"
    await acme.data("POST", "transit/keys/k/config", {"exportable": True})
    assert said(await acme("GET", "transit/backup/k")) == "plaintext backup is disallowed on the policy"
    assert nothing(await acme("GET", "transit/export/signing-key/none"))


async def test_a_backup_comes_back_under_its_name_or_another(acme: VaultTenant, other: VaultTenant) -> None:
    await key(acme, derived=True, convergent_encryption=True)
    text = await sealed(acme, "k", "x", context=b64("a"))
    backup = (await acme.data("GET", "transit/backup/k"))["backup"]
    assert (await other("POST", "transit/restore", {"backup": backup})).status == 204
    assert (await other("POST", "transit/restore/l", {"backup": backup})).status == 204
    for name in ("k", "l"):
        assert await opened(other, name, text, context=b64("a")) == "x"
    for path in ("restore", "restore/k"):
        assert said(await other("POST", f"transit/{path}", {"backup": backup})) == 'key "k" already exists'
    assert (await other("POST", "transit/restore", {"backup": backup, "force": "true"})).status == 204


@pytest.mark.parametrize("body,error", [({}, "'backup' must be supplied"), ({"backup": "eno="}, "no backup")])
async def test_what_is_no_backup_is_refused(acme: VaultTenant, body: dict[str, Any], error: str) -> None:
    assert error in said(await acme("POST", "transit/restore", body))


@pytest.mark.parametrize("at", ["transit", "sys/tools"])
async def test_random_bytes_come_in_the_number_and_form_asked_for(acme: VaultTenant, at: str) -> None:
    for path, body, size in (
        ("random", {}, 32), ("random/5", {}, 5), ("random", {"bytes": "9"}, 9), ("random/platform/4", {}, 4),
        ("random/platform", {}, 32),
    ):  # fmt: skip
        made = (await acme.data("POST", f"{at}/{path}", body))["random_bytes"]
        assert len(base64.b64decode(made)) == size
    assert len(bytes.fromhex((await acme.data("POST", f"{at}/random/3", {"format": "hex"}))["random_bytes"])) == 3


@pytest.mark.parametrize("at", ["transit", "sys/tools"])
@pytest.mark.parametrize(
    "path,body,error",
    [
        ("random", {"bytes": 0}, "'bytes' cannot be less than 1"),
        ("random/200000", {}, "'bytes' should be less than 131072"),
        ("random", {"format": "zz"}, 'unsupported encoding format "zz"; must be "hex" or "base64"'),
        ("random/zz/4", {}, 'unsupported entropy source "zz"; must be "platform" or "seal", or "all"'),
        ("random/zz", {}, "error parsing url-set byte count: give a whole number"),
        ("hash/zz", {"input": X}, "unsupported algorithm zz"),
        ("hash", {"input": X, "algorithm": "sha1"}, "unsupported algorithm sha1"),
        ("hash", {"input": "?"}, "unable to decode input as base64: illegal base64 data at input byte 0"),
        ("hash", {"input": X, "format": "zz"}, 'unsupported encoding format zz; must be "hex" or "base64"'),
    ],
)
async def test_what_tools_cannot_do_is_refused(
    acme: VaultTenant, at: str, path: str, body: dict[str, Any], error: str
) -> None:
    assert said(await acme("POST", f"{at}/{path}", body)) == error


@pytest.mark.parametrize("at", ["transit", "sys/tools"])
async def test_hashes_are_those_of_the_standard(acme: VaultTenant, at: str) -> None:
    assert await acme.data("POST", f"{at}/hash", {"input": X}) == {"sum": hashlib.sha256(b"x").hexdigest()}
    made = await acme.data("POST", f"{at}/hash/sha3-512", {"input": X, "format": "base64"})
    assert base64.b64decode(made["sum"]) == hashlib.sha3_512(b"x").digest()


async def test_an_input_is_needed_under_transit_alone(acme: VaultTenant) -> None:
    assert said(await acme("POST", "transit/hash", {})) == "input missing"
    assert await acme.data("POST", "sys/tools/hash", {}) == {"sum": hashlib.sha256().hexdigest()}


async def test_tools_are_events_and_need_a_scope_or_a_policy(acme: VaultTenant) -> None:
    reader = await acme.holding("secrets:read")
    for path in ("transit/random", "transit/hash", "sys/tools/random", "sys/tools/hash"):
        assert (await reader("POST", path, {"input": X})).status == 403
        assert (await acme("POST", path, {"input": X})).status == 200
    page = (await acme.native("GET", "/api/v1/audit/events?limit=50")).json()
    assert [each["type"] for each in page["items"]].count("transit.drawn") == 2
    assert [each["type"] for each in page["items"]].count("transit.hashed") == 2
    policy = {"path": {"sys/tools/hash": {"capabilities": ["update"]}}}
    await acme.data("PUT", "sys/policies/acl/tools", {"policy": json.dumps(policy)})
    made = await acme("POST", "auth/token/create", {"policies": ["tools"], "no_default_policy": True})
    client = acme.client(made.json()["auth"]["client_token"])
    assert (await client("POST", "sys/tools/hash", {"input": X})).status == 200
    assert (await client("POST", "sys/tools/random")).status == 403
