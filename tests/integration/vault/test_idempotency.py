"""A write without an Idempotency-Key is a write each time; with one it happens once, and is answered alike."""

from __future__ import annotations

import pytest

from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio
VALUE = {"data": {"a": "1"}}


async def test_an_identical_write_is_another_version(acme: VaultTenant) -> None:
    versions = [(await acme.data("PUT", "secret/data/a", VALUE))["version"] for _ in range(3)]
    assert versions == [1, 2, 3]


async def test_with_a_key_it_happens_once(acme: VaultTenant) -> None:
    first = await acme.data("PUT", "secret/data/a", VALUE, idempotency_key="k1")
    again = await acme("PUT", "secret/data/a", VALUE, idempotency_key="k1")
    assert (again.json()["data"], first["version"]) == (first, 1)
    assert (await acme.data("GET", "secret/metadata/a"))["current_version"] == 1


async def test_a_key_is_of_one_request_alone(acme: VaultTenant) -> None:
    await acme.data("PUT", "secret/data/a", VALUE, idempotency_key="k1")
    other = await acme("PUT", "secret/data/a", {"data": {"a": "2"}}, idempotency_key="k1")
    assert (other.status, "Idempotency-Key" in other.json()["errors"][0]) == (400, True)


async def test_what_had_no_answer_has_none_again(acme: VaultTenant) -> None:
    await acme.data("PUT", "secret/data/a", VALUE)
    for _ in range(2):
        answer = await acme("PUT", "secret/destroy/a", {"versions": [1]}, idempotency_key="k2")
        assert (answer.status, answer.body) == (204, b"")


@pytest.mark.parametrize(
    "path,fields",
    [
        ("keys/new", {"type": "ecdsa-p256"}), ("keys/k/rotate", {}), ("keys/k/trim", {"min_available_version": 2}),
        ("keys/k/config", {"deletion_allowed": True, "min_decryption_version": 2}), ("restore", {}), ("restore/r", {}),
    ],
)  # fmt: skip
async def test_transit_keys_are_told_again_as_vault_tells_them(
    acme: VaultTenant, path: str, fields: dict[str, object]
) -> None:
    await acme.data("PUT", "transit/keys/k", {"exportable": True, "allow_plaintext_backup": True})
    await acme.data("PUT", "transit/keys/k/rotate")
    await acme.data("PUT", "transit/keys/k/config", {"min_decryption_version": 2, "min_encryption_version": 2})
    if path.startswith("restore"):
        fields = {**await acme.data("GET", "transit/backup/k"), "force": True}
    if path.endswith("config"):
        fields = {**fields, "auto_rotate_period": "1h"}
    one, two = [await acme("PUT", f"transit/{path}", fields, idempotency_key="k3") for _ in "12"]
    assert one.status == two.status
    assert (one.json()["data"] if one.body else None) == (two.json()["data"] if two.body else None)
    assert two.headers.get("x-trstctl-position") is None  # it was done once


async def test_a_key_of_one_face_is_refused_on_the_other(acme: VaultTenant) -> None:
    await acme.data("PUT", "transit/keys/k", idempotency_key="k4")
    body = {"name": "k2", "kind": "encryption"}
    answer = await acme.native("POST", "/api/v1/transit/keys", body, headers={"idempotency-key": "k4"})
    assert (answer.status, answer.json()["code"]) == (422, "idempotency-mismatch"), answer
