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
