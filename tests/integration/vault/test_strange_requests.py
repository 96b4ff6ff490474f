"""Strange requests to every engine: whatever is sent, nothing of it is a fault of the server."""

from __future__ import annotations

from random import Random

import pytest

from api.vault.engines import ENGINES
from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio
VALUES: tuple[object, ...] = (
    None, True, 0, -1, 10**30, 1.5, "", "x", "1h", "-1h", "9" * 40, "é\u0000", "a" * 5000, [], [1, None], ["a"], [[]],
    {}, {"a": {"b": 1}}, {"version": 2}, {"": ""}, "default", "../..", "a/b/", "%2e%2e", "\ud7ff", "kv", "root", "null",
    "[", "YQ==", "vault:v1:YQ==",
)  # fmt: skip
NAMES = """
accessor activecode after algorithm allowed_policies associated_data auto_rotate_period backup batch_input bits
bound_audiences bound_cidrs bound_claims bytes cas cas_required cidr_list ciphertext claim_mappings config
connection_url context convergent_encryption creation_statements custom_metadata data db_name default_lease_ttl
delete_version_after depth derived description display_name explicit_max_ttl exportable format from hash_algorithm
hmac id increment input jwks_url jwt key key_version kubernetes_host lease_id limit list local max_lease_ttl
max_versions meta metadata min_decryption_version name no_parent num_uses options password path paths period
plaintext plugin_name policies policy prehashed reference renewable reset role role_id role_name rotation_period
rules salt_length secret_id signature signature_algorithm sync to token token_policies ttl type user_claim username
version versions
"""
FIELDS = NAMES.split()
SEGMENTS = (
    "x", "kv", "secret", "auth/token", "a%20b", "%C3%A9", "..", "database/creds/r", "1", "platform/9", "sha2-256",
)  # fmt: skip
MOUNTS = {
    "kv2": "secret", "kv1": "one", "transit": "transit", "database": "database", "cubbyhole": "cubbyhole",
    "system": "sys", "token": "auth/token", "approle": "auth/approle", "userpass": "auth/userpass", "jwt": "auth/jwt",
    "kubernetes": "auth/kubernetes",
}  # fmt: skip
ENDS_THE_CALLER = {"revoke-self"}


def asked(chance: Random, pattern: str) -> str:
    path = pattern.replace("...?}", "}").replace("...}", "}")
    while "{" in path:
        before, _, rest = path.partition("{")
        path = before + chance.choice(SEGMENTS) + rest.partition("}")[2]
    return path


@pytest.mark.parametrize("kind", sorted(ENGINES))
async def test_nothing_that_is_asked_is_a_fault_of_the_server(acme: VaultTenant, kind: str) -> None:
    chance = Random(kind)
    await acme("POST", "sys/mounts/one", {"type": "kv"})
    await acme("POST", f"sys/auth/{kind}", {"type": kind})
    routes = [route for route in ENGINES[kind].routes if route.pattern not in ENDS_THE_CALLER]
    for route in [route for route in routes for _ in range(10)]:
        for method in ("GET", "PUT", "DELETE", "LIST", "PATCH"):
            fields = {name: chance.choice(VALUES) for name in chance.sample(FIELDS, chance.randint(0, 25))}
            path = f"{MOUNTS[kind]}/{asked(chance, route.pattern)}"
            if method in {"GET", "DELETE"}:
                path += f"?{chance.choice(FIELDS)}={chance.choice(('', 'x', '-1', '299', 'true', '%00'))}"
            headers = {"content_type": "application/merge-patch+json"} if method == "PATCH" else {}
            answer = await acme(method, path, fields, **headers)
            assert answer.status < 500, (method, path, fields, answer)
            if answer.status >= 400:
                told = answer.json()
                assert isinstance(told.get("errors", []), list), (method, path, told)
    assert (await acme("GET", "sys/mounts")).status == 200


@pytest.mark.parametrize("host", ["a b", "a/b", "", "a:99999"])
async def test_host_that_is_none_is_refused(acme: VaultTenant, host: str) -> None:
    answer = await acme("PUT", "secret/data/a", {"data": {"a": "1"}}, host=host)
    assert (answer.status, "Host" in answer.json()["errors"][0]) == (400, True)
    assert (await acme("GET", "secret/data/a")).status == 404
