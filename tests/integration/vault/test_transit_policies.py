"""`transit/` under policies and scopes, and in mounts of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant
from tests.integration.vault.kv import nothing
from tests.integration.vault.transit import b64, opened, said, sealed

pytestmark = pytest.mark.anyio

X = {"plaintext": b64("x")}


async def under(acme: VaultTenant, **rules: list[str]) -> VaultClient:
    """A client whose token has one policy: capabilities by path, `__` for a slash and `ALL` for a star."""
    paths = {path.replace("__", "/").replace("ALL", "*"): {"capabilities": given} for path, given in rules.items()}
    await acme.data("PUT", "sys/policies/acl/test", {"policy": json.dumps({"path": paths})})
    answer = await acme("POST", "auth/token/create", {"policies": ["test"], "no_default_policy": True})
    return acme.client(answer.json()["auth"]["client_token"])


async def mount(acme: VaultTenant, path: str) -> None:
    assert (await acme("POST", f"sys/mounts/{path}", {"type": "transit"})).status == 204


@pytest.mark.parametrize("path", ["encrypt/new", "keys/new"])
async def test_what_comes_to_be_needs_create_and_what_is_there_update(acme: VaultTenant, path: str) -> None:
    updating = await under(acme, **{f"transit__{path.replace('/', '__')}": ["update"]})
    assert (await updating("POST", f"transit/{path}", X)).status == 403
    assert nothing(await acme("GET", "transit/keys/new"))
    creating = await under(acme, **{f"transit__{path.replace('/', '__')}": ["create"]})
    assert (await creating("POST", f"transit/{path}", X)).status == 200
    assert (await creating("POST", f"transit/{path}", X)).status == 403


@pytest.mark.parametrize(
    "method,path,capability,body",
    [
        ("POST", "encrypt/k", "update", X),
        ("POST", "decrypt/k", "update", {"ciphertext": ""}),
        ("POST", "rewrap/k", "update", {"ciphertext": ""}),
        ("POST", "datakey/plaintext/k", "update", {}),
        ("POST", "hmac/k", "update", {"input": ""}),
        ("POST", "sign/k", "update", {"input": ""}),
        ("POST", "verify/k", "update", {"input": "", "hmac": "vault:v1:AAAA"}),
        ("GET", "keys/k", "read", None),
        ("LIST", "keys", "list", None),
        ("DELETE", "keys/k", "delete", None),
        ("POST", "keys/k/config", "update", {}),
        ("POST", "keys/k/rotate", "update", {}),
        ("POST", "keys/k/trim", "update", {}),
        ("GET", "export/encryption-key/k", "read", None),
        ("GET", "backup/k", "read", None),
        ("POST", "restore/l", "update", {}),
        ("POST", "random", "update", {}),
        ("POST", "hash", "update", {"input": ""}),
    ],
)
async def test_each_path_asks_for_its_capability_and_nothing_else(
    acme: VaultTenant, method: str, path: str, capability: str, body: Any
) -> None:
    await acme.data("POST", "transit/keys/k", {})
    shown = f"transit__{path}".replace("/", "__") + ("__" if method == "LIST" else "")
    client = await under(acme, **{shown: [capability]})
    assert (await client(method, f"transit/{path}", body)).status in {200, 204, 400}
    others = {"create", "read", "update", "delete", "list", "patch"} - {capability}
    client = await under(acme, **{shown: sorted(others), "transit__other": ["update"]})
    assert (await client(method, f"transit/{path}", body)).status == 403


@pytest.mark.parametrize(
    "scope,method,path,body",
    [
        ("keys:encrypt:k", "POST", "encrypt/k", X),
        ("keys:encrypt:k", "POST", "datakey/wrapped/k", {}),
        ("keys:decrypt:k", "POST", "decrypt/k", {"ciphertext": "vault:v1:AAAA"}),
        ("keys:sign:k", "POST", "hmac/k", {"input": ""}),
        ("keys:verify:k", "POST", "verify/k", {"input": "", "hmac": "vault:v1:AAAA"}),
        ("keys:manage:k", "POST", "keys/k/rotate", {}),
        ("keys:manage:k", "POST", "keys/k/config", {}),
        ("keys:manage:k", "POST", "keys/k/trim", {"min_available_version": 1}),
        ("keys:manage:k", "GET", "backup/k", None),
        ("keys:manage:k", "GET", "export/encryption-key/k", None),
        ("keys:read:k", "GET", "keys/k", None),
    ],
)
async def test_each_path_asks_for_its_scope_on_its_key(
    acme: VaultTenant, scope: str, method: str, path: str, body: Any
) -> None:
    await acme.data("POST", "transit/keys/k", {})
    assert (await (await acme.holding(scope))(method, f"transit/{path}", body)).status in {200, 400}
    for wrong in (scope[:-1] + "other", "secrets:read"):
        answer = await (await acme.holding(wrong))(method, f"transit/{path}", body)
        assert answer.status == 403, answer


async def test_who_may_not_make_keys_makes_none_by_encrypting(acme: VaultTenant) -> None:
    client = await acme.holding("keys:encrypt")
    assert (await client("POST", "transit/encrypt/new", X)).status == 403
    assert nothing(await acme("GET", "transit/keys/new"))
    assert await client.data("POST", "sys/capabilities-self", {"path": "transit/encrypt/new"})
    shown = (await client("POST", "sys/capabilities-self", {"path": "transit/encrypt/new"})).json()["data"]
    assert shown["transit/encrypt/new"] == ["update"]


async def test_keys_of_mounts_are_apart(acme: VaultTenant) -> None:
    await mount(acme, "team/eu")
    await mount(acme, "ts2")
    for at in ("transit", "ts2", "team/eu"):
        await acme.data("POST", f"{at}/keys/orders", {})
    await acme.data("POST", "ts2/keys/only", {})
    listed = {at: (await acme.data("LIST", f"{at}/keys"))["keys"] for at in ("transit", "ts2", "team/eu")}
    assert listed == {"transit": ["orders"], "ts2": ["only", "orders"], "team/eu": ["orders"]}
    made = await acme.data("POST", "ts2/encrypt/orders", X)
    assert (await acme("POST", "transit/decrypt/orders", made)).status == 400
    assert await acme.data("POST", "ts2/decrypt/orders", made) == X
    assert (await acme.data("GET", "team/eu/keys/orders"))["name"] == "orders"
    names = [each["name"] for each in (await acme.native("GET", "/api/v1/transit/keys")).json()["items"]]
    assert names == ["orders", "team~eu~orders", "ts2~only", "ts2~orders"]


async def test_a_key_of_a_mount_is_natively_one_with_the_mount_in_its_name(acme: VaultTenant) -> None:
    await mount(acme, "team/eu")
    await acme.data("POST", "team/eu/keys/orders", {"exportable": True, "allow_plaintext_backup": True})
    made = await acme.data("POST", "team/eu/encrypt/orders", X)
    body = {"key": "team~eu~orders", "ciphertext": made["ciphertext"]}
    assert (await acme.native("POST", "/api/v1/transit/decrypt", body)).json()["plaintext"] == b64("x")
    assert (await acme.native("GET", "/api/v1/transit/keys/team~eu~orders")).status == 200
    backup = await acme.data("GET", "team/eu/backup/orders")
    assert (await acme("POST", "transit/restore", backup)).status == 204
    assert await opened(acme, "orders", made["ciphertext"]) == "x"
    assert said(await acme("POST", "team/eu/restore", backup)) == 'key "orders" already exists'
    await mount(acme, "ts3")
    assert (await acme("POST", "ts3/restore", backup)).status == 204
    assert await acme.data("LIST", "ts3/keys") == {"keys": ["orders"]}


async def test_policies_and_scopes_on_a_mount_hold_on_both_faces(acme: VaultTenant) -> None:
    await mount(acme, "ts2")
    for at in ("transit", "ts2"):
        await acme.data("POST", f"{at}/keys/k", {})
    client = await under(acme, ts2__encrypt__k=["update"], transit__keys__k=["read"])
    assert (await client("POST", "ts2/encrypt/k", X)).status == 200
    assert (await client("POST", "transit/encrypt/k", X)).status == 403
    native = type(acme.native)(acme.app, client.token or "")
    for key, status in (("ts2~k", 200), ("k", 403)):
        answer = await native("POST", "/api/v1/transit/encrypt", {"key": key, **X})
        assert answer.status == status, answer
    scoped = await acme.holding("keys:encrypt:ts2~*")
    assert [(await scoped("POST", f"{at}/encrypt/k", X)).status for at in ("ts2", "transit")] == [200, 403]
    shown = await scoped.data("POST", "sys/capabilities-self", {"paths": ["ts2/encrypt/k", "transit/encrypt/k"]})
    assert (shown["ts2/encrypt/k"], shown["transit/encrypt/k"]) == (["update"], ["deny"])


async def test_a_mount_ends_with_its_keys_also_those_that_may_not_be_deleted(acme: VaultTenant) -> None:
    await mount(acme, "ts2")
    for at in ("transit", "ts2"):
        for name in ("a", "b"):
            await acme.data("POST", f"{at}/keys/{name}", {})
    text = await sealed(acme, "a", "x")
    lost = await acme.data("POST", "ts2/encrypt/a", X)
    assert (await acme("DELETE", "sys/mounts/ts2")).status == 204
    assert (await acme("GET", "ts2/keys/a")).status == 404
    assert await opened(acme, "a", text) == "x"
    await mount(acme, "ts2")
    assert nothing(await acme("LIST", "ts2/keys"))
    assert said(await acme("POST", "ts2/decrypt/a", lost)) == "encryption key not found"


async def test_tenants_do_not_see_each_others_keys(acme: VaultTenant, other: VaultTenant) -> None:
    text = await sealed(acme, "k", "x")
    assert nothing(await other("GET", "transit/keys/k"))
    assert said(await other("POST", "transit/decrypt/k", {"ciphertext": text})) == "encryption key not found"
