"""Strange requests to `sys/`: whatever is sent, nothing of it is a fault of the server."""

from __future__ import annotations

from random import Random

import pytest

from api.vault.engines import ENGINES
from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio
VALUES = (
    None, True, 0, -1, 10**30, 1.5, "", "x", "1h", "-1h", "9" * 40, "é\u0000", "a" * 5000, [], [1, None], ["a"], [[]],
    {}, {"a": {"b": 1}}, {"version": 2}, {"": ""}, "default", "../..", "a/b/", "%2e%2e", "\ud7ff", "kv", "root", "null",
    "[",
)  # fmt: skip
FIELDS = (
    "path", "paths", "token", "accessor", "policy", "rules", "type", "options", "config", "description", "lease_id",
    "increment", "sync", "bytes", "format", "algorithm", "input", "max_lease_ttl", "default_lease_ttl", "activecode",
    "plugin_name", "from", "to", "key", "reset", "list", "local", "seal_wrap",
)  # fmt: skip
ROUTES = [route for route in ENGINES["system"].routes if not route.pattern.startswith("wrapping")]
SEGMENTS = (
    "x",
    "kv",
    "secret",
    "auth/token",
    "a%20b",
    "%C3%A9",
    "..",
    "database/creds/r",
    "1",
    "platform/9",
    "sha2-256",
)


def asked(chance: Random, pattern: str) -> str:
    parts = pattern.replace("...?}", "}").replace("...}", "}")
    while "{" in parts:
        before, _, rest = parts.partition("{")
        parts = before + chance.choice(SEGMENTS) + rest.partition("}")[2]
    return f"sys/{parts}"


@pytest.mark.parametrize("seed", range(20))
async def test_nothing_that_is_asked_is_a_fault_of_the_server(acme: VaultTenant, seed: int) -> None:
    chance = Random(seed)
    for route in ROUTES:
        for method in ("GET", "PUT", "DELETE", "LIST", "PATCH"):
            fields = {name: chance.choice(VALUES) for name in chance.sample(FIELDS, chance.randint(0, 8))}
            path = asked(chance, route.pattern)
            if method in {"GET", "DELETE"}:
                path += f"?{chance.choice(FIELDS)}={chance.choice(('', 'x', '-1', '299', 'true', '%00'))}"
            headers = {"content_type": "application/merge-patch+json"} if method == "PATCH" else {}
            answer = await acme(method, path, fields, **headers)
            assert answer.status < 500, (method, path, fields, answer)
            if answer.status >= 400:
                assert isinstance(answer.json()["errors"], list), (method, path)
    assert (await acme("GET", "sys/mounts")).status == 200
