"""Providers through the API: their credentials are told nowhere, and what cannot be is refused."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.provider_table import KINDS
from tests.fakes.memory_backend import PLACES, Place
from tests.integration.api.leasing import LEASES, PROVIDERS, WANTED, issued, provided
from tests.integration.api.tenants import Tenant, refused

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def _memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(KINDS, "memory", "tests.fakes.memory_backend")


@pytest.fixture
async def place(acme: Tenant) -> AsyncIterator[Place]:
    async with provided(acme) as configured:
        yield configured


async def test_provider_with_accounts_there_is_not_removed_and_one_without_is(acme: Tenant, place: Place) -> None:
    told = await issued(acme)
    refused(await acme("DELETE", f"{PROVIDERS}/mem"), 409, "conflict")
    await acme("POST", f"{LEASES}/{told['id']}/revoke")
    assert (await acme("DELETE", f"{PROVIDERS}/mem")).status == 204
    refused(await acme("GET", f"{PROVIDERS}/mem"), 404, "not-found")
    refused(await acme("POST", LEASES, WANTED), 404, "not-found")


async def test_new_credentials_of_a_provider_destroy_the_old_and_are_used(acme: Tenant, place: Place) -> None:
    await issued(acme)
    (first,) = await acme.events("provider.configured")
    before = (await acme("GET", f"{PROVIDERS}/mem")).json()["connection"]
    body = {"kind": "memory", "connection": {"place": "x"}, "credentials": {"password": "new"}}
    assert (await acme("PUT", f"{PROVIDERS}/mem", body)).status == 200
    rows = await acme.system.rows("SELECT 1 FROM sealed_keys WHERE seal_id = ?", first["seal_id"])
    assert rows == []
    await acme("POST", f"{PROVIDERS}/mem/test")
    assert PLACES["x"].opened_with == [{"password": "new"}]
    await acme("PUT", f"{PROVIDERS}/mem", body | {"connection": before})


async def test_credentials_of_a_provider_are_told_nowhere(acme: Tenant, place: Place) -> None:
    told = (await acme("GET", f"{PROVIDERS}/mem")).json()
    assert "of-the-backend" not in str(told)
    assert "of-the-backend" not in str(await acme.events())
    assert told["source"] == "api"
    assert [role["name"] for role in told["roles"]] == ["readonly"]


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "oracle"}, {"kind": "memory", "connection": {"plaice": "x"}},
        {"kind": "memory", "credentials": {"passphrase": "x"}}, {"kind": "memory", "connection": {"place": 3}},
        {"kind": "webhook", "connection": {"url": "https://a.example/x", "ca_file": "/etc/shadow"}},
        {"kind": "kubernetes", "connection": {"in_cluster": True}},
        {"kind": "aws-iam", "connection": {"use_instance_role": True}},
    ],
)  # fmt: skip
async def test_provider_that_cannot_be_is_refused(body: dict[str, Any], acme: Tenant) -> None:
    refused(await acme("PUT", f"{PROVIDERS}/bad", body), 400, "invalid")


async def test_other_tenant_sees_neither_provider_nor_lease(acme: Tenant, other: Tenant, place: Place) -> None:
    told = await issued(acme)
    refused(await other("GET", f"{LEASES}/{told['id']}"), 404, "not-found")
    refused(await other("POST", f"{LEASES}/{told['id']}/revoke"), 404, "not-found")
    refused(await other("GET", f"{PROVIDERS}/mem"), 404, "not-found")
    assert (await other("GET", LEASES)).json()["items"] == []
