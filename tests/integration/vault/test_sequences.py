"""What clients of Vault send, one request after the other, and which members of each answer they go by.

Read from the External Secrets Operator, the Terraform provider, Vault Agent and Spring Vault.
"""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio
_SEMVER = re.compile(r"\d+\.\d+\.\d+")
POLICY = """
path "secret/data/app/*" { capabilities = ["read"] }
path "secret/metadata/app/*" { capabilities = ["read", "list"] }
path "secret/metadata/app" { capabilities = ["list"] }
path "auth/token/create" { capabilities = ["update"] }
"""


@pytest.fixture
async def app(acme: VaultTenant) -> VaultClient:
    """A client that logged in by AppRole, with secrets that it may read."""
    await acme.data("PUT", "sys/policies/acl/app", {"policy": POLICY})
    await acme.data("POST", "sys/auth/approle", {"type": "approle"})
    await acme.data("POST", "auth/approle/role/app", {"token_policies": "app", "token_ttl": "20m"})
    await acme.data("PUT", "secret/data/app/db", {"data": {"password": "p"}})
    role_id = (await acme.data("GET", "auth/approle/role/app/role-id"))["role_id"]
    secret_id = (await acme.data("PUT", "auth/approle/role/app/secret-id"))["secret_id"]
    login = await acme.client(None)("PUT", "auth/approle/login", {"role_id": role_id, "secret_id": secret_id})
    return acme.client(login.json()["auth"]["client_token"])


async def whole(client: VaultClient, method: str, path: str, json: object = None, **headers: str) -> dict[str, Any]:
    answer = await client(method, path, json, **headers)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json"), answer
    told: dict[str, Any] = answer.json()
    return told


async def test_external_secrets_operator(app: VaultClient) -> None:
    token = (await whole(app, "GET", "auth/token/lookup-self"))["data"]
    assert (token["type"], type(token["ttl"]), "expire_time" in token) == ("service", int, True)
    read = (await whole(app, "GET", "secret/data/app/db"))["data"]
    assert (read["data"], read["metadata"]["version"]) == ({"password": "p"}, 1)
    assert (await whole(app, "GET", "secret/data/app/db?version=1"))["data"]["data"] == {"password": "p"}
    assert (await whole(app, "GET", "secret/metadata/app/db"))["data"]["custom_metadata"] is None
    assert (await whole(app, "GET", "secret/metadata/app?list=true"))["data"]["keys"] == ["db"]
    assert (await app("GET", "secret/data/app/none")).status == 404
    assert (await app("PUT", "auth/token/revoke-self")).status == 204
    assert (await app("GET", "auth/token/lookup-self")).status == 403


async def test_terraform_provider(app: VaultClient, acme: VaultTenant) -> None:
    assert (await whole(app, "GET", "auth/token/lookup-self"))["data"]["id"] == app.token
    asked = {"display_name": "terraform", "ttl": "1200s", "explicit_max_ttl": "1200s", "renewable": False}
    child = (await whole(app, "POST", "auth/token/create", asked))["auth"]
    assert (child["renewable"], child["policies"], child["orphan"]) == (False, ["app", "default"], False)
    assert 1 <= child["lease_duration"] <= 1200
    status = await whole(app, "GET", "sys/seal-status")
    assert _SEMVER.match(status["version"])
    terraform = acme.client(child["client_token"])
    preflight = (await whole(terraform, "GET", "sys/internal/ui/mounts/secret/app/db"))["data"]
    assert (preflight["path"], preflight["options"]["version"]) == ("secret/", "2")
    assert (await whole(terraform, "GET", "secret/data/app/db"))["data"]["data"] == {"password": "p"}
    assert (await whole(terraform, "GET", "secret/metadata/app/db"))["data"]["current_version"] == 1


async def test_agent_renews_and_writes_templates(app: VaultClient) -> None:
    own = (await whole(app, "GET", "auth/token/lookup-self"))["data"]
    assert (own["renewable"], own["ttl"] > 0) == (True, True)
    renewed = (await whole(app, "PUT", "auth/token/renew-self", {"increment": 0}))["auth"]
    assert (renewed["client_token"], renewed["renewable"]) == (app.token, True)
    assert 1199 <= renewed["lease_duration"] <= 1200
    read = await whole(app, "GET", "secret/data/app/db")
    assert (read["data"]["data"]["password"], read["lease_id"], read["lease_duration"]) == ("p", "", 0)


async def test_agent_hands_its_token_on_wrapped(acme: VaultTenant) -> None:
    await acme.data("POST", "sys/auth/approle", {"type": "approle"})
    await acme.data("POST", "auth/approle/role/app", {"bind_secret_id": "true", "token_policies": "default"})
    ids = {
        "role_id": (await acme.data("GET", "auth/approle/role/app/role-id"))["role_id"],
        "secret_id": (await acme.data("PUT", "auth/approle/role/app/secret-id"))["secret_id"],
    }
    wrapped = await whole(acme.client(None), "PUT", "auth/approle/login", ids, x_vault_wrap_ttl="60s")
    assert (wrapped["auth"], wrapped["wrap_info"]["ttl"], bool(wrapped["wrap_info"]["wrapped_accessor"])) == (
        None, 60, True,
    )  # fmt: skip
    unwrapped = await whole(acme.client(wrapped["wrap_info"]["token"]), "PUT", "sys/wrapping/unwrap")
    assert (await acme.client(unwrapped["auth"]["client_token"])("GET", "auth/token/lookup-self")).status == 200


async def test_spring_vault(app: VaultClient) -> None:
    assert (await app("GET", "sys/health")).json()["initialized"] is True
    assert (await whole(app, "GET", "auth/token/lookup-self"))["data"]["renewable"] is True
    assert (await whole(app, "GET", "secret/data/app/db"))["data"]["data"] == {"password": "p"}
    assert (await app("GET", "secret/data/app/absent")).status == 404
    assert (await whole(app, "POST", "auth/token/renew-self"))["auth"]["client_token"] == app.token
    assert (await app("POST", "auth/token/revoke-self")).status == 204
