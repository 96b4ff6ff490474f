"""What is told of the server before anybody shows a token, and the rest of `sys/`."""

from __future__ import annotations

import base64
import hashlib

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio


@pytest.fixture
def nobody(acme: VaultTenant) -> VaultClient:
    return acme.client(None)


@pytest.fixture
def closed(acme: VaultTenant) -> VaultClient:
    """The same system for want of its key."""
    return VaultClient(acme.system.app(secrets_disabled="no key"), acme.token)


async def test_health_is_told_with_the_status_that_is_asked_for(nobody: VaultClient) -> None:
    answer = await nobody("GET", "sys/health")
    told = answer.json()
    assert (answer.status, told["initialized"], told["sealed"], told["standby"]) == (200, True, False, False)
    assert told["version"].count(".") == 2
    assert {"cluster_name", "cluster_id", "server_time_utc", "replication_dr_mode"} <= set(told)
    assert "request_id" not in told
    assert (await nobody("HEAD", "sys/health")).body == b""
    for query, status in (("activecode=299", 299), ("standbyok=true&sealedcode=299&uninitcode=299", 200)):
        assert (await nobody("GET", f"sys/health?{query}")).status == status
    for query in ("activecode=x", "activecode=99"):
        assert (await nobody("GET", f"sys/health?{query}")).status == 400


async def test_a_closed_surface_is_sealed(closed: VaultClient) -> None:
    answer = await closed("GET", "sys/health")
    assert (answer.status, answer.json()["sealed"]) == (503, True)
    assert "cluster_name" not in answer.json()
    assert (await closed("GET", "sys/health?sealedcode=299")).status == 299
    assert (await closed("GET", "sys/seal-status")).json()["sealed"] is True
    assert (await closed("GET", "sys/init")).json() == {"initialized": True}
    for method, path in (("GET", "secret/data/x"), ("GET", "auth/token/lookup-self")):
        answer = await closed(method, path)
        assert (answer.status, answer.json()) == (503, {"errors": ["Vault is sealed"]})


async def test_seal_status_and_leader_are_bare(nobody: VaultClient) -> None:
    told = (await nobody("GET", "sys/seal-status")).json()
    assert (told["type"], told["sealed"], told["initialized"], told["progress"]) == ("shamir", False, True, 0)
    assert told["storage_type"]
    assert (await nobody("GET", "sys/leader")).json()["is_self"] is True


async def test_there_is_nothing_to_initialise_unseal_or_seal(acme: VaultTenant, nobody: VaultClient) -> None:
    assert (await nobody("GET", "sys/init")).json() == {"initialized": True}
    answer = await nobody("PUT", "sys/init", {"secret_shares": 1})
    assert (answer.status, answer.json()) == (400, {"errors": ["Vault is already initialized"]})
    assert (await nobody("PUT", "sys/unseal", {"key": "x"})).json()["sealed"] is False
    answer = await acme("PUT", "sys/seal")
    assert (answer.status, "not sealed over the network" in answer.json()["errors"][0]) == (400, True)
    assert (await nobody("PUT", "sys/seal")).status == 403


async def test_the_log_is_the_one_audit_device(acme: VaultTenant) -> None:
    answer = (await acme("GET", "sys/audit")).json()
    assert set(answer["data"]) == {"log/"}
    assert answer["log/"]["path"] == "log/"
    for method, path in (("PUT", "sys/audit/file"), ("DELETE", "sys/audit/log"), ("POST", "sys/audit-hash/log")):
        assert (await acme(method, path, {"type": "file"})).status == 405
    assert (await (await acme.holding("secrets:read"))("GET", "sys/audit")).status == 403
    assert (await (await acme.holding("audit:read"))("GET", "sys/audit")).status == 200


async def test_tools_give_random_bytes_and_digests(acme: VaultTenant) -> None:
    told = await acme.data("POST", "sys/tools/random/16", {"format": "hex"})
    assert len(bytes.fromhex(told["random_bytes"])) == 16
    told = await acme.data("POST", "sys/tools/random", {"bytes": "64"})
    assert len(base64.b64decode(told["random_bytes"])) == 64
    assert len((await acme.data("POST", "sys/tools/random/platform/8"))["random_bytes"]) == 12
    body = {"input": base64.b64encode(b"adbc").decode()}
    told = await acme.data("POST", "sys/tools/hash", body)
    assert told["sum"] == hashlib.sha256(b"adbc").hexdigest()
    told = await acme.data("POST", "sys/tools/hash/sha3-512", {**body, "format": "base64"})
    assert base64.b64decode(told["sum"]) == hashlib.sha3_512(b"adbc").digest()
    for path, fields in (
        ("random/0", {}),
        ("random/x", {}),
        ("random", {"format": "octal"}),
        ("random", {"bytes": 10**9}),
        ("hash/md5", body),
        ("hash", {"input": "?"}),
    ):
        assert (await acme("POST", f"sys/tools/{path}", fields)).status == 400, path


async def test_counters_are_there_as_far_as_clients_ask(acme: VaultTenant) -> None:
    assert await acme.data("GET", "sys/internal/counters/entities") == {"counters": {"entities": {"total": 0}}}
    assert await acme.data("GET", "sys/internal/counters/requests") == {"counters": []}
    assert (await acme("GET", "sys/internal/counters/activity")).status == 204
    assert (await acme.data("GET", "sys/internal/counters/config"))["queries_available"] is False


@pytest.mark.parametrize(
    "path",
    [
        "sys/host-info",
        "sys/plugins/catalog",
        "sys/config/ui/headers",
        "sys/internal/specs/openapi",
        "sys/rekey/init",
        "sys/generate-root/attempt",
        "sys/raw/x",
        "sys/replication/status",
        "sys/namespaces",
        "identity/entity",
    ],
)
async def test_what_is_not_served_is_not_found_in_vaults_words(
    acme: VaultTenant, nobody: VaultClient, path: str
) -> None:
    for method in ("GET", "PUT", "LIST", "DELETE"):
        answer = await acme(method, path)
        assert answer.status == 404
        assert answer.json() == {"errors": [f'no handler for route "{path}". route entry not found.']}
    assert (await nobody("GET", path)).status == 403


async def test_a_surface_that_is_off_is_not_there(acme: VaultTenant) -> None:
    from dataclasses import replace  # noqa: PLC0415 - for this one

    from api.app import create_app  # noqa: PLC0415 - likewise

    services = acme.system.services()
    off = create_app(services, replace(acme.system.vaulting.services(services), enabled=False))
    for path in ("sys/health", "secret/data/x"):
        assert (await VaultClient(off, acme.token)("GET", path)).status == 404


async def test_of_the_key_is_told_which_it_is_and_since_when(acme: VaultTenant) -> None:
    answer = (await acme("GET", "sys/key-status")).json()
    ((made,),) = await acme.system.rows("SELECT created_at FROM tenant_keys WHERE tenant = ?", acme.id)
    assert answer["data"] == {"term": 1, "install_time": f"{made[:26]}000Z"}
    assert answer["term"] == 1
    assert (await (await acme.holding("operations:read"))("GET", "sys/key-status")).status == 200
    assert (await (await acme.holding("access:read"))("GET", "sys/key-status")).status == 403
    assert (await acme("POST", "sys/key-status", {})).status == 405


@pytest.mark.parametrize("path,status", [("sys/key-status", 200), ("sys/health", 403)])
async def test_a_policy_on_its_path_gives_the_keys_status(acme: VaultTenant, path: str, status: int) -> None:
    await acme("PUT", "sys/policies/acl/p", {"policy": f'path "{path}" {{ capabilities = ["read"] }}'})
    created = (await acme("POST", "auth/token/create", {"policies": ["p"]})).json()
    client = acme.client(created["auth"]["client_token"])
    assert (await client("GET", "sys/key-status")).status == status
