"""Requests as no client's library would write them: answered as OpenBao answers them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    "fields", [{"type": "nothing"}, {"type": "batch"}, {"id": "of-my-own"}, {"meta": "no pair"}], ids=str
)
async def test_what_no_token_may_be_is_refused(acme: VaultTenant, fields: dict[str, Any]) -> None:
    answer = await acme("POST", "auth/token/create", fields)
    assert answer.status == 400, answer


async def test_who_names_policies_that_are_not_there_is_warned(acme: VaultTenant) -> None:
    answer = await acme("POST", "auth/token/create", {"policies": ["default", "nothing"]})
    assert answer.json()["warnings"] == ['Policy "nothing" does not exist']
    assert (await acme("POST", "auth/token/create", {"policies": ["default"]})).json()["warnings"] is None


async def test_null_takes_the_custom_metadata_away(acme: VaultTenant) -> None:
    for given, kept in (({"a": "b"}, {"a": "b"}), (None, None)):
        assert (await acme("POST", "secret/metadata/a", {"custom_metadata": given})).status == 204
        assert (await acme.data("GET", "secret/metadata/a"))["custom_metadata"] == kept
    await acme.data("POST", "secret/metadata/a", {"custom_metadata": {"a": "b"}})
    await acme.data("POST", "secret/metadata/a", {"max_versions": 3})
    assert (await acme.data("GET", "secret/metadata/a"))["custom_metadata"] == {"a": "b"}


async def test_a_field_of_a_role_that_is_gone_is_gone(acme: VaultTenant) -> None:
    await acme.data("POST", "sys/auth/approle", {"type": "approle"})
    assert (await acme("DELETE", "auth/approle/role/none/token-ttl")).status == 204
    assert (await acme("GET", "auth/approle/role/none/token-ttl")).status == 404
