"""KV version 1: a path has a value, and that is all a client sees of it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant
from tests.integration.vault.kv import mount, nothing, refused

pytestmark = pytest.mark.anyio


@pytest.fixture
async def kv1(acme: VaultTenant) -> VaultClient:
    """The tenant's operator, with a mount `kv1/`."""
    await mount(acme, "kv1", 1)
    return acme


async def test_a_value_is_written_read_overwritten_and_deleted(kv1: VaultClient) -> None:
    assert nothing(await kv1("GET", "kv1/app/db"))
    for data in ({"a": "1", "n": {"b": [1]}}, {"a": "2"}):
        assert (await kv1("PUT", "kv1/app/db", data)).status == 204
        body = (await kv1("GET", "kv1/app/db")).json()
        assert (body["data"], body["lease_duration"], body["renewable"], body["lease_id"]) == (data, 2764800, False, "")
    assert (await kv1("DELETE", "kv1/app/db")).status == 204
    assert nothing(await kv1("GET", "kv1/app/db"))
    assert (await kv1("DELETE", "kv1/app/db")).status == 204
    assert (await kv1("POST", "kv1/app/db", {"a": "3"})).status == 204
    assert (await kv1.data("GET", "kv1/app/db")) == {"a": "3"}


@pytest.mark.parametrize("body", [None, {}])
async def test_nothing_is_not_written(kv1: VaultClient, body: object) -> None:
    assert refused(await kv1("PUT", "kv1/a", body), "missing data fields")


@pytest.mark.parametrize("data,seconds", [({"ttl": "1h"}, 3600), ({"lease": 60}, 60), ({"ttl": "soon"}, 2764800)])
async def test_a_value_tells_itself_how_long_it_is_good_for(
    kv1: VaultClient, data: dict[str, Any], seconds: int
) -> None:
    await kv1("PUT", "kv1/a", data)
    body = (await kv1("GET", "kv1/a")).json()
    assert (body["lease_duration"], body["data"]) == (seconds, data)


async def test_lists_show_what_is_there(kv1: VaultClient) -> None:
    assert nothing(await kv1("LIST", "kv1"))
    for path in ("a", "a/b", "c"):
        await kv1("PUT", f"kv1/{path}", {"x": "y"})
    await kv1("DELETE", "kv1/c")
    assert (await kv1.data("LIST", "kv1"))["keys"] == ["a", "a/"]
    assert (await kv1.data("GET", "kv1/a/?list=true"))["keys"] == ["b"]
    assert (await kv1("PATCH", "kv1/a", {}, content_type="application/merge-patch+json")).status == 405


async def test_paths_of_version_two_are_plain_paths_here(kv1: VaultClient) -> None:
    await kv1("PUT", "kv1/data/metadata/config", {"x": "y"})
    assert await kv1.data("GET", "kv1/data/metadata/config") == {"x": "y"}
