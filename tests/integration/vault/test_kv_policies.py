"""Policies in Vault's language over the key-value engines: the path asked for decides, and its capability."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant
from tests.integration.vault.kv import PATCHED, mount, nothing, put

pytestmark = pytest.mark.anyio


async def under(acme: VaultTenant, **paths: list[str]) -> VaultClient:
    """A client whose token has one policy: capabilities by path, `__` for a slash and `ALL` for a star."""
    rules = {path.replace("__", "/").replace("ALL", "*"): {"capabilities": given} for path, given in paths.items()}
    return await with_policy(acme, {"path": rules})


async def with_policy(acme: VaultTenant, policy: dict[str, Any]) -> VaultClient:
    await acme.data("PUT", "sys/policies/acl/test", {"policy": json.dumps(policy)})
    answer = await acme("POST", "auth/token/create", {"policies": ["test"], "no_default_policy": True})
    return acme.client(answer.json()["auth"]["client_token"])


async def statuses(client: VaultClient, path: str = "a") -> dict[str, int]:
    """How each operation on one secret is answered."""
    asked: dict[str, tuple[str, str, Any, dict[str, str]]] = {
        "read": ("GET", f"secret/data/{path}", None, {}),
        "write": ("PUT", f"secret/data/{path}", {"data": {}}, {}),
        "patch": ("PATCH", f"secret/data/{path}", {"data": {}}, PATCHED),
        "list": ("LIST", "secret/metadata", None, {}),
        "show": ("GET", f"secret/metadata/{path}", None, {}),
        "set": ("PUT", f"secret/metadata/{path}", {"max_versions": 9, "delete_version_after": "1h"}, {}),
        "delete": ("DELETE", f"secret/data/{path}", None, {}),
        "undelete": ("PUT", f"secret/undelete/{path}", {"versions": [1]}, {}),
        "destroy": ("PUT", f"secret/destroy/{path}", {"versions": [99]}, {}),
        "subkeys": ("GET", f"secret/subkeys/{path}", None, {}),
        "config": ("GET", "secret/config", None, {}),
    }
    return {
        name: (await client(method, target, body, **headers)).status
        for name, (method, target, body, headers) in asked.items()
    }


@pytest.mark.parametrize(
    "path,capability,allowed",
    [
        ("secret__data__a", "read", {"read": 200}),
        ("secret__data__a", "update", {"write": 200}),
        ("secret__data__a", "patch", {"patch": 200}),
        ("secret__data__a", "delete", {"delete": 204}),
        ("secret__metadata__a", "read", {"show": 200}),
        ("secret__metadata__a", "update", {"set": 204}),
        ("secret__metadata", "list", {"list": 200}),
        ("secret__undelete__a", "update", {"undelete": 204}),
        ("secret__destroy__a", "update", {"destroy": 204}),
        ("secret__subkeys__ALL", "read", {"subkeys": 200}),
        ("secret__config", "read", {"config": 200}),
        ("secret__data__a", "create", {}),
        ("secret__dataALL", "deny", {}),
    ],
)
async def test_a_capability_gives_its_operation_and_no_other(
    acme: VaultTenant, path: str, capability: str, allowed: dict[str, int]
) -> None:
    await put(acme, "secret/data/a", {"x": 1})
    found = await statuses(await under(acme, **{path: [capability]}))
    assert {name: status for name, status in found.items() if status != 403} == allowed


async def test_to_create_is_not_to_update(acme: VaultTenant) -> None:
    await put(acme, "secret/data/there", {})
    client = await under(acme, secret__data__ALL=["create"], secret__metadata__ALL=["create"])
    assert (await client("PUT", "secret/data/new", {"data": {}})).status == 200
    assert (await client("PUT", "secret/data/there", {"data": {}})).status == 403
    assert (await client("PUT", "secret/metadata/other", {})).status == 204
    assert (await client("PUT", "secret/metadata/other", {})).status == 403


async def test_to_list_a_folder_shows_all_that_is_in_it(acme: VaultTenant) -> None:
    for path in ("app/a", "app/b/c", "top"):
        await put(acme, f"secret/data/{path}", {})
    client = await under(acme, secret__metadata__app=["list"])
    assert (await client.data("LIST", "secret/metadata/app"))["keys"] == ["a", "b/"]
    assert (await client("LIST", "secret/metadata")).status == 403
    assert (await client("LIST", "secret/metadata/app/b")).status == 403


async def test_a_policy_speaks_of_its_own_mount(acme: VaultTenant) -> None:
    await mount(acme, "kv1", 1)
    await put(acme, "secret/data/a", {})
    await acme("PUT", "kv1/a", {"x": "y"})
    client = await under(acme, kv1__ALL=["read", "list"])
    assert await client.data("GET", "kv1/a") == {"x": "y"}
    assert (await client.data("LIST", "kv1"))["keys"] == ["a"]
    assert nothing(await client("GET", "kv1/b"))
    assert (await client("PUT", "kv1/a", {"x": "z"})).status == 403
    assert (await client("GET", "secret/data/a")).status == 403
