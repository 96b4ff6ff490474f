"""Keys that OpenBao made, rotated and backed up, restored through the surface that its clients use.

`transit/openbao.json` was written once by an OpenBao 2.0 over HTTP. Each key has two versions; with each it has
encrypted, signed and authenticated something, and `fields` are those of the request that `made` is the answer to.
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.assembly import assembled
from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio

KEYS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "transit/openbao.json").read_text())["keys"]
EACH = pytest.mark.parametrize("made", KEYS, ids=[made["name"] for made in KEYS])


@pytest.fixture(scope="module")
async def acme(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[VaultTenant]:
    """A tenant with every key in it."""
    async with assembled(tmp_path_factory.mktemp("openbao")) as system:
        tenant = await VaultTenant.begin(system, system.app(), "acme")
        for made in KEYS:
            assert (await tenant("POST", "transit/restore", {"backup": made["backup"]})).status == 204
        yield tenant


def altered(text: str) -> str:
    """With another letter in the middle."""
    middle = len(text) // 2
    return text[:middle] + ("A" if text[middle] != "A" else "B") + text[middle + 1 :]


async def refused(acme: VaultTenant, path: str, body: dict[str, Any]) -> bool:
    answer = await acme("POST", path, body)
    return answer.status == 400 or answer.json()["data"].get("valid") is False


@EACH
async def test_the_key_is_told_as_openbao_told_it(acme: VaultTenant, made: dict[str, Any]) -> None:
    shown = await acme.data("GET", f"transit/keys/{made['name']}")
    assert {name: shown[name] for name in made["shown"]} == made["shown"]


@EACH
async def test_ciphertexts_decrypt_and_convergent_ones_are_the_same(acme: VaultTenant, made: dict[str, Any]) -> None:
    for each in (each for each in made["vectors"] if each["do"] == "encrypt"):
        bonds = {name: value for name, value in each["fields"].items() if name != "plaintext"}
        body = {"ciphertext": each["made"], **bonds}
        told = await acme.data("POST", f"transit/decrypt/{made['name']}", body)
        assert told["plaintext"] == each["fields"]["plaintext"]
        assert await refused(acme, f"transit/decrypt/{made['name']}", {**body, "ciphertext": altered(each["made"])})
        if made["name"].startswith("convergent"):
            again = {**each["fields"], "key_version": int(each["made"][7])}
            assert (await acme.data("POST", f"transit/encrypt/{made['name']}", again))["ciphertext"] == each["made"]


@EACH
async def test_signatures_and_hmacs_verify(acme: VaultTenant, made: dict[str, Any]) -> None:
    for each in (each for each in made["vectors"] if each["do"] != "encrypt"):
        proof = "hmac" if each["do"] == "hmac" else "signature"
        body = {**each["fields"], proof: each["made"]}
        assert await acme.data("POST", f"transit/verify/{made['name']}", body) == {"valid": True}
        assert await refused(acme, f"transit/verify/{made['name']}", {**body, "input": "b3RoZXI="})
        assert await refused(acme, f"transit/verify/{made['name']}", {**body, proof: altered(each["made"])})


@EACH
async def test_hmacs_and_signatures_without_randomness_are_the_same(acme: VaultTenant, made: dict[str, Any]) -> None:
    for each in made["vectors"]:
        if each["do"] == "hmac" or (each["do"] == "sign" and made["name"].startswith("ed")):
            body = {**each["fields"], "key_version": int(each["made"][7])}
            told = await acme.data("POST", f"transit/{each['do']}/{made['name']}", body)
            assert each["made"] in told.values()


async def test_a_cipher_that_openbao_alone_has_is_not_taken_for_an_hmac_key(acme: VaultTenant) -> None:
    data = json.loads(base64.b64decode(next(made["backup"] for made in KEYS if made["name"] == "mac")))
    data["policy"]["type"] = 11
    for entry in data["policy"]["keys"].values():
        entry["key"] = base64.b64encode(bytes(32)).decode()
    body = {"backup": base64.b64encode(json.dumps(data).encode()).decode()}
    answer = await acme("POST", "transit/restore/cipher", body)
    assert (answer.status, "not served here" in answer.json()["errors"][0]) == (400, True)
