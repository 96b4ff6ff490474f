"""Who may configure logins: by Vault's policies on their paths, or by scopes for all of them."""

from __future__ import annotations

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant
from tests.integration.vault_logins.calls import app_role, auth_of, log_in, made, secret_id

pytestmark = pytest.mark.anyio
BASE = "auth/approle/role"


async def with_policy(acme: VaultTenant, text: str) -> VaultClient:
    """A client whose token came by a login, and has a policy of this text."""
    await made(acme, "sys/policies/acl/own", policy=text)
    role_id = await app_role(acme, "own", token_policies="own", mount="other")
    made_id = await secret_id(acme, "own", mount="other")
    auth = auth_of(await log_in(acme, "other/login", role_id=role_id, secret_id=made_id["secret_id"]))
    return acme.client(auth["client_token"])


async def test_a_policy_on_secret_ids_of_one_role_gives_no_more(acme: VaultTenant) -> None:
    client = await with_policy(acme, f'path "{BASE}/app/secret-id" {{ capabilities = ["update"] }}')
    await app_role(acme, "app")
    await app_role(acme, "else")
    assert (await client("POST", f"{BASE}/app/secret-id")).status == 200
    for method, path in (
        ("POST", "else/secret-id"), ("GET", "app"), ("GET", "app/role-id"), ("LIST", "app/secret-id"),
        ("POST", "app/custom-secret-id"), ("POST", "app/secret-id/lookup"), ("POST", "app"), ("DELETE", "app"),
    ):  # fmt: skip
        assert (await client(method, f"{BASE}/{path}", {"secret_id": "x"})).status == 403, (method, path)


async def test_to_make_a_role_is_one_right_and_to_change_it_another(acme: VaultTenant) -> None:
    client = await with_policy(acme, f'path "{BASE}/new-*" {{ capabilities = ["create"] }}')
    assert (await client("POST", f"{BASE}/new-a", {"token_ttl": 60})).status == 204
    assert (await client("POST", f"{BASE}/new-a", {"token_ttl": 90})).status == 403
    assert (await client("POST", f"{BASE}/old", {})).status == 403


async def test_whoever_configures_a_login_need_not_have_what_it_gives(acme: VaultTenant) -> None:
    """As with Vault: it is a right for administrators, which the documentation says."""
    client = await with_policy(acme, 'path "auth/approle/*" { capabilities = ["create", "read", "update"] }')
    assert (await client("POST", f"{BASE}/app", {"token_policies": "beyond"})).status == 204
    assert (await client("POST", f"{BASE}/app", {"token_policies": "root"})).status == 400


@pytest.mark.parametrize(
    "method,path",
    [
        ("POST", "userpass/users/anna"), ("POST", "userpass/users/anna/password"), ("DELETE", "userpass/users/anna"),
        ("POST", "userpass/users/anna/policies"), ("GET", "userpass/users/anna"), ("LIST", "userpass/users"),
        ("POST", "jwt/config"), ("GET", "jwt/config"), ("POST", "jwt/role/ci"), ("GET", "jwt/role/ci"),
        ("DELETE", "jwt/role/ci"), ("LIST", "jwt/role"), ("POST", "kubernetes/config"), ("GET", "kubernetes/config"),
        ("POST", "kubernetes/role/app"), ("GET", "kubernetes/role/app"), ("DELETE", "kubernetes/role/app"),
        ("LIST", "kubernetes/role"), ("POST", "approle/role/app/policies"), ("GET", "approle/role/app/token-ttl"),
        ("DELETE", "approle/role/app/period"), ("POST", "approle/role/app/secret-id-accessor/lookup"),
        ("POST", "approle/role/app/secret-id-accessor/destroy"), ("POST", "approle/role/app/role-id"),
    ],
)  # fmt: skip
async def test_nobody_without_the_right_asks_or_changes_anything(acme: VaultTenant, method: str, path: str) -> None:
    await app_role(acme, "app")
    await made(acme, "auth/userpass/users/anna", password="x")
    fields = {
        "password": "x", "policies": "a", "secret_id": "x", "secret_id_accessor": "x", "role_id": "x",
        "jwks_url": "https://localhost:1", "kubernetes_host": "https://localhost:1",
    }  # fmt: skip
    stranger = await acme.holding("secrets:read", "policies:write", "access:write")
    assert (await stranger(method, f"auth/{path}", fields)).status == 403
    assert (await acme.client(None)(method, f"auth/{path}", fields)).status == 403
    reader = await acme.holding("auth:read")
    reads = method in {"GET", "LIST"} or path.endswith("lookup")
    assert ((await reader(method, f"auth/{path}", fields)).status == 403) is not reads
