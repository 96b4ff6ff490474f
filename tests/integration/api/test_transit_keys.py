"""The life of transit keys: versions and their minima, trimming, deletion, export, backup, rotation by period."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from domain.transit.key_types import TYPES
from tests.assembly import assembled
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

QUICK = [name for name in TYPES if name not in {"rsa-3072", "rsa-4096"}]


@pytest.mark.parametrize(
    "body,kind,name",
    [
        ({}, "aead", "aes256-gcm96"),
        ({"kind": "aead"}, "aead", "aes256-gcm96"),
        ({"kind": "hmac"}, "hmac", "hmac"),
        ({"kind": "sign"}, "sign", "ecdsa-p256"),
        ({"kind": "sign", "type": "ed25519"}, "sign", "ed25519"),
        *(({"type": name}, TYPES[name].kind, name) for name in QUICK),
    ],
)
async def test_kind_or_type_says_what_is_made(body: dict[str, Any], kind: str, name: str, acme: Tenant) -> None:
    made = await key(acme, **body)
    assert (made["name"], made["kind"], made["type"], made["version"]) == ("orders", kind, name, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "sign", "type": "hmac"},
        {"type": "des"},
        {"type": "ecdsa-p256", "derived": True},
        {"convergent": True},
        {"type": "ed25519", "derived": True, "convergent": True},
        {"kind": "hmac", "key_size": 31},
        {"auto_rotate_seconds": 3599},
        {"name": "-a"},
        {"name": "a/b"},
        {"name": "x" * 129},
    ],
)
async def test_keys_that_cannot_be_are_refused(body: dict[str, object], acme: Tenant) -> None:
    refused(await acme("POST", KEYS, {"name": "orders", **body}), 400, "invalid")


async def test_name_is_taken_until_its_key_is_deleted(acme: Tenant) -> None:
    await key(acme)
    refused(await acme("POST", KEYS, {"name": "orders"}), 409, "already-exists")
    old = await sealed(acme)
    refused(await acme("DELETE", f"{KEYS}/orders"), 409, "conflict")
    await configured(acme, deletion_allowed=True)
    assert (await acme("DELETE", f"{KEYS}/orders")).status == 204
    refused(await acme("GET", f"{KEYS}/orders"), 404, "not-found")
    refused(await tried(acme, "decrypt", "orders", ciphertext=old), 404, "not-found")
    assert (await acme("GET", KEYS)).json()["items"] == []
    assert (await key(acme))["version"] == 1
    refused(await tried(acme, "decrypt", "orders", ciphertext=old), 400, "decryption-failed")
    assert (await asked(acme, "decrypt", "orders", ciphertext=await sealed(acme, "new")))["plaintext"] == b64("new")


async def test_deletion_destroys_every_sealed_version(acme: Tenant) -> None:
    await key(acme)
    await rotated(acme, times=2)
    ids = [event["seal_id"] for event in await acme.events() if "seal_id" in event]
    assert await _sealed_keys(acme, ids) == 3
    await configured(acme, deletion_allowed=True)
    await acme("DELETE", f"{KEYS}/orders")
    assert await _sealed_keys(acme, ids) == 0


async def _sealed_keys(tenant: Tenant, seal_ids: list[str]) -> int:
    marks = ", ".join("?" * len(seal_ids))
    ((count,),) = await tenant.system.rows(f"SELECT count(*) FROM sealed_keys WHERE seal_id IN ({marks})", *seal_ids)
    return int(count)


async def test_no_material_lies_in_the_log_or_in_the_clear(acme: Tenant) -> None:
    await key(acme, exportable=True)
    exported = plain((await acme("GET", f"{KEYS}/orders/export?kind=encryption-key")).json()["keys"]["1"])
    for table, column in (("events", "body"), ("sealed_values", "sealed"), ("sealed_keys", "wrapped")):
        rows = await acme.system.rows(f"SELECT {column} FROM {table}")
        for (data,) in rows:
            assert exported not in bytes(data)
            assert base64.b64encode(exported) not in bytes(data)
            assert exported.hex().encode() not in bytes(data)


async def test_minima_bound_what_versions_do(acme: Tenant) -> None:
    await key(acme)
    texts = [await sealed(acme, "1")]
    for number in ("2", "3"):
        await rotated(acme)
        texts.append(await sealed(acme, number))
    assert (await sealed(acme, version=1)).startswith("trv:1:")
    await configured(acme, min_decryption_version=2, min_encryption_version=3)
    refused(await tried(acme, "decrypt", "orders", ciphertext=texts[0]), 400, "decryption-failed")
    assert (await asked(acme, "decrypt", "orders", ciphertext=texts[1]))["plaintext"] == b64("2")
    refused(await tried(acme, "encrypt", "orders", plaintext="", version=2), 400, "invalid")
    await configured(acme, min_decryption_version=1, min_encryption_version=0)
    assert (await asked(acme, "decrypt", "orders", ciphertext=texts[0]))["plaintext"] == b64("1")
    for changes in ({"min_decryption_version": 4}, {"min_decryption_version": 0}, {"min_encryption_version": 4}):
        refused(await acme("PATCH", f"{KEYS}/orders", changes), 400, "invalid")
    await configured(acme, min_decryption_version=2)
    refused(await acme("PATCH", f"{KEYS}/orders", {"min_encryption_version": 1}), 400, "invalid")


async def test_trimmed_versions_are_gone_for_good(acme: Tenant) -> None:
    await key(acme)
    text = await sealed(acme)
    await rotated(acme, times=2)
    trim = f"{KEYS}/orders/trim"
    refused(await acme("POST", trim, {"min_available_version": 2}), 400, "invalid")
    await configured(acme, min_decryption_version=2)
    refused(await acme("POST", trim, {"min_available_version": 2}), 400, "invalid")
    await configured(acme, min_encryption_version=3)
    refused(await acme("POST", trim, {"min_available_version": 3}), 400, "invalid")
    first = (await acme.events("transit_key.created"))[0]["seal_id"]
    told = (await acme("POST", trim, {"min_available_version": 2})).json()
    assert told["min_available_version"] == 2
    assert await _sealed_keys(acme, [first]) == 0
    refused(await acme("PATCH", f"{KEYS}/orders", {"min_decryption_version": 1}), 400, "invalid")
    refused(await tried(acme, "decrypt", "orders", ciphertext=text), 400, "decryption-failed")
    versions = (await acme("GET", f"{KEYS}/orders")).json()["versions"]
    assert [each["version"] for each in versions] == [2, 3]


async def test_what_is_granted_for_good_is_not_taken_back(acme: Tenant) -> None:
    await key(acme)
    await configured(acme, exportable=True, allow_plaintext_backup=True)
    for field in ("exportable", "allow_plaintext_backup"):
        refused(await acme("PATCH", f"{KEYS}/orders", {field: False}), 409, "conflict")
    head = await acme.system.head()
    assert (await configured(acme, exportable=True))["exportable"] is True
    assert await acme.system.head() == head, "what changes nothing is no fact"


async def test_secret_parts_go_out_of_exportable_keys_alone(acme: Tenant) -> None:
    await key(acme, type="ed25519")
    for kind in ("signing-key", "hmac-key"):
        refused(await acme("GET", f"{KEYS}/orders/export?kind={kind}"), 409, "conflict")
    public = (await acme("GET", f"{KEYS}/orders/export?kind=public-key&version=1")).json()
    assert public["keys"].keys() == {"1"}
    await configured(acme, exportable=True)
    private = (await acme("GET", f"{KEYS}/orders/export?kind=signing-key")).json()["keys"]["1"]
    assert plain(private)[32:] == plain(public["keys"]["1"])
    refused(await acme("GET", f"{KEYS}/orders/export?kind=encryption-key"), 400, "invalid")
    refused(await acme("GET", f"{KEYS}/orders/export?kind=signing-key&version=2"), 404, "not-found")
    refused(await acme("GET", f"{KEYS}/orders/backup"), 409, "conflict")


@pytest.mark.parametrize("name", QUICK)
async def test_backup_brings_back_every_version(name: str, acme: Tenant, other: Tenant) -> None:
    await key(acme, type=name, exportable=True, allow_plaintext_backup=True)
    await rotated(acme)
    made = await _made(acme, name)
    backup = (await acme("GET", f"{KEYS}/orders/backup")).json()["backup"]
    answer = await other("POST", f"{TRANSIT}/restore", {"backup": backup, "name": "again"})
    assert answer.status == 201, answer
    before, after = (await acme("GET", f"{KEYS}/orders")).json(), (await other("GET", f"{KEYS}/again")).json()
    assert [each.get("public_key") for each in after["versions"]] == [
        each.get("public_key") for each in before["versions"]
    ]
    if TYPES[name].encrypts:
        assert (await asked(other, "decrypt", "again", ciphertext=made))["plaintext"] == b64("m")
    elif TYPES[name].signs:
        assert await asked(other, "verify", "again", message=b64("m"), signature=made) == {"valid": True}
    mac = await asked(acme, "hmac", "orders", data=b64("d"), version=1)
    assert await asked(other, "verify", "again", data=b64("d"), hmac=f"trv:1:{mac['hmac']}") == {"valid": True}


async def _made(tenant: Tenant, name: str) -> str:
    if TYPES[name].encrypts:
        return await sealed(tenant, "m", version=1)
    if TYPES[name].signs:
        told = await asked(tenant, "sign", "orders", message=b64("m"), version=1)
        return f"trv:1:{told['signature']}"
    return ""


async def test_backup_is_put_in_a_keys_place_by_force_alone(acme: Tenant) -> None:
    await key(acme, exportable=True, allow_plaintext_backup=True)
    text = await sealed(acme, "x")
    backup = (await acme("GET", f"{KEYS}/orders/backup")).json()["backup"]
    await rotated(acme)
    newer = await sealed(acme)
    refused(await acme("POST", f"{TRANSIT}/restore", {"backup": backup}), 409, "already-exists")
    told = (await acme("POST", f"{TRANSIT}/restore", {"backup": backup, "force": True})).json()
    assert told["version"] == 1
    assert (await asked(acme, "decrypt", "orders", ciphertext=text))["plaintext"] == b64("x")
    refused(await tried(acme, "decrypt", "orders", ciphertext=newer), 400, "decryption-failed")
    assert [event["type"] for event in await acme.events()][-4:-2] == [
        "transit_key.restored",
        "transit_key.version.restored",
    ]


async def test_damaged_backups_are_refused_and_nothing_is_told_of_them(acme: Tenant) -> None:
    await key(acme, exportable=True, allow_plaintext_backup=True)
    data = json.loads(plain((await acme("GET", f"{KEYS}/orders/backup")).json()["backup"]))
    damages = [b"", b"{}", b"[" * 1000, json.dumps({**data, "policy": {**data["policy"], "type": 99}}).encode()]
    changes: list[dict[str, object]] = [
        {"latest_version": 10**12},
        {"min_decryption_version": 5},
        {"keys": {}},
        {"derived": True, "kdf": 0},
    ]
    damages += [json.dumps({"policy": {**data["policy"], **change}}).encode() for change in changes]
    marker = data["policy"]["keys"]["1"]["key"]
    data["policy"]["keys"]["1"]["key"] = marker[:8]
    damages.append(json.dumps(data).encode())
    for damage in damages:
        problem = refused(
            await acme("POST", f"{TRANSIT}/restore", {"backup": b64(damage), "name": "n"}), 400, "invalid"
        )
        assert marker[:8] not in json.dumps(problem)


async def test_key_is_rotated_when_its_period_is_over(acme: Tenant) -> None:
    told = await key(acme, auto_rotate_seconds=3600)
    assert told["next_rotation_at"] is not None
    await acme.system.process()
    assert (await acme("GET", f"{KEYS}/orders")).json()["version"] == 1
    text = await sealed(acme, "old")
    acme.system.clock.advance(seconds=3601)
    await acme.system.process()
    assert (await acme("GET", f"{KEYS}/orders")).json()["version"] == 2
    assert (await acme.events("transit_key.rotated"))[0]["cause"] == "period"
    assert (await sealed(acme)).startswith("trv:2:"), "what is kept open is of no use after a rotation"
    assert (await asked(acme, "decrypt", "orders", ciphertext=text))["plaintext"] == b64("old")
    await acme.system.process()
    assert (await acme("GET", f"{KEYS}/orders")).json()["version"] == 2
    acme.system.clock.advance(seconds=3601)
    await acme.system.process()
    assert (await acme("GET", f"{KEYS}/orders")).json()["version"] == 3
    await configured(acme, auto_rotate_seconds=0)
    acme.system.clock.advance(seconds=4000)
    await acme.system.process()
    assert (await acme("GET", f"{KEYS}/orders")).json()["version"] == 3


async def test_names_are_listed_a_page_at_a_time(acme: Tenant) -> None:
    for number in range(5):
        await key(acme, f"k{number}")
    await key(acme, "other")
    first = (await acme("GET", f"{KEYS}?prefix=k&limit=3")).json()
    assert [item["name"] for item in first["items"]] == ["k0", "k1", "k2"]
    rest = (await acme("GET", f"{KEYS}?prefix=k&limit=3&cursor={first['next_cursor']}")).json()
    assert [item["name"] for item in rest["items"]] == ["k3", "k4"]
    assert rest["next_cursor"] is None
    assert "versions" not in first["items"][0]


async def test_closed_surface_answers_nothing(acme: Tenant) -> None:
    app = acme.system.app(secrets_disabled="the secrets API is off")
    client = await acme.holding("*")
    client.app = app
    for method, target, body in (("GET", KEYS, None), ("POST", f"{TRANSIT}/encrypt", {"key": "a", "plaintext": ""})):
        refused(await client(method, target, body), 503, "disabled")


async def test_store_verifies_after_a_whole_life(tmp_path: Path) -> None:
    """Every sealed version is named by an event, and every destroyed one is said to be."""
    async with assembled(tmp_path) as system:
        acme = await Tenant.begin(system, system.app(), "acme")
        await key(acme, exportable=True, allow_plaintext_backup=True)
        await rotated(acme, times=2)
        backup = (await acme("GET", f"{KEYS}/orders/backup")).json()["backup"]
        await configured(acme, min_decryption_version=2, min_encryption_version=2, deletion_allowed=True)
        await acme("POST", f"{KEYS}/orders/trim", {"min_available_version": 2})
        await acme("POST", f"{TRANSIT}/restore", {"backup": backup, "name": "b"})
        await acme("POST", f"{TRANSIT}/restore", {"backup": backup, "name": "b", "force": True})
        await acme("DELETE", f"{KEYS}/orders")
        report = (await acme("POST", "/api/v1/audit/verify")).json()
        assert report["findings"] == []
