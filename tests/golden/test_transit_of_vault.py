"""Keys that Vault's own code made, rotated and backed up: they come back here, and with them what they encrypted.

`transit/vault.json` was written once with the package `helper/keysutil` of github.com/hashicorp/vault/sdk 0.18.0, the
code behind Vault's transit engine. Each key has three versions, the first below `min_decryption_version`, and has
encrypted or signed the same message with the versions 2 and 3; derived keys for the context `customer 42`.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.assembly import Assembly, assembled
from tests.integration.api.tenants import Tenant, refused
from tests.integration.api.transit_calls import KEYS, TRANSIT, asked, b64, configured, rotated, tried

pytestmark = pytest.mark.anyio

MADE: list[dict[str, Any]] = json.loads((Path(__file__).parent / "transit/vault.json").read_text())
MESSAGE = "from OpenBao"


async def restored(system: Assembly, made: dict[str, Any]) -> Tenant:
    tenant = await Tenant.begin(system, system.app(), "acme")
    answer = await tenant("POST", f"{TRANSIT}/restore", {"backup": made["backup"], "name": "orders"})
    assert answer.status == 201, answer
    assert (answer.json()["type"], answer.json()["version"]) == (made["type"], 3)
    assert (answer.json()["min_decryption_version"], answer.json()["exportable"]) == (2, True)
    return tenant


@pytest.mark.parametrize("made", MADE, ids=[made["name"] for made in MADE])
async def test_what_vault_made_is_opened_and_verified_here(made: dict[str, Any], tmp_path: Path) -> None:
    context = b64("customer 42") if "-" in made["name"].removeprefix(made["type"]) else ""
    async with assembled(tmp_path) as system:
        tenant = await restored(system, made)
        for number, text in enumerate(made["ciphertexts"], start=2):
            told = await asked(tenant, "decrypt", "orders", ciphertext=text, context=context)
            assert told == {"plaintext": b64(MESSAGE), "version": number}
            new = await asked(tenant, "encrypt", "orders", plaintext=b64(MESSAGE), context=context, version=number)
            if "convergent" in made["name"]:
                assert new["ciphertext"].partition(":")[2] == text.removeprefix("vault:v")
        for signature in made["signatures"]:
            body = {"message": b64(MESSAGE), "context": context, "signature": signature}
            assert await asked(tenant, "verify", "orders", **body) == {"valid": True}
            assert await asked(tenant, "verify", "orders", **{**body, "message": b64("other")}) == {"valid": False}
        await rotated(tenant)
        assert (await tenant("GET", f"{KEYS}/orders")).json()["version"] == 4


async def test_versions_in_the_archive_come_back_as_well(tmp_path: Path) -> None:
    made = next(made for made in MADE if made["name"] == "aes256-gcm96")
    async with assembled(tmp_path) as system:
        tenant = await restored(system, made)
        await configured(tenant, min_decryption_version=1)
        first = (await asked(tenant, "encrypt", "orders", plaintext=b64("x"), version=1))["ciphertext"]
        assert (await asked(tenant, "decrypt", "orders", ciphertext=first))["plaintext"] == b64("x")
        exported = (await tenant("GET", f"{KEYS}/orders/export?kind=encryption-key")).json()["keys"]
        archived = json.loads(base64.b64decode(made["backup"]))["archived_keys"]["keys"]
        assert [exported[str(number)] for number in (1, 2, 3)] == [each["key"] for each in archived[1:]]


async def test_old_convergent_keys_are_refused(tmp_path: Path) -> None:
    made = next(made for made in MADE if made["name"] == "aes256-gcm96-convergent")
    data = json.loads(base64.b64decode(made["backup"]))
    data["policy"]["keys"]["3"]["convergent_version"] = 2
    async with assembled(tmp_path) as system:
        tenant = await Tenant.begin(system, system.app(), "acme")
        answer = await tenant("POST", f"{TRANSIT}/restore", {"backup": b64(json.dumps(data)), "name": "orders"})
        assert "convergent in an old way" in refused(answer, 400, "invalid")["detail"]
        refused(await tried(tenant, "encrypt", "orders", plaintext=""), 404, "not-found")
