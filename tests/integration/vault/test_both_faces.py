"""One decision for both faces: what a token's policies let it do on the one, they let it do on the other."""

from __future__ import annotations

from random import Random

import pytest

from tests.asgi_client import AsgiClient
from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio
STORE = "/api/v1/secrets/store"
MOUNTS = {"secret/": "2", "one/": "1", "team/two/": "2"}
SECRETS = ("db", "app/db", "app/web/key", "app/empty folder", "other")
MISSING = ("none", "app/none", "app/web/none")
CAPABILITIES = ("create", "read", "update", "delete", "list")
SECTIONS = ("data", "metadata", "delete", "destroy", "undelete")
TOO_LONG = {"m" * 129: "x"}
"""Metadata that no secret may have: a write that is permitted is refused for it."""


def native(mount: str, path: str) -> str:
    name = path.replace(" ", "~20")
    return name if mount == "secret/" else f"mount:{mount}{name}"


def at(mount: str, section: str, path: str) -> str:
    return mount + (path if MOUNTS[mount] == "1" else f"{section}/{path}")


def a_policy(chance: Random) -> str:
    """A few rules, near the paths that are asked for."""
    rules = []
    for _ in range(chance.randint(1, 6)):
        mount = chance.choice([*MOUNTS])
        parts = at(mount, chance.choice(SECTIONS), chance.choice(SECRETS + MISSING)).split("/")
        parts = ["+" if chance.random() < 0.15 else part for part in parts]
        path = "/".join(parts[: chance.randint(1, len(parts))])
        if chance.random() < 0.5:
            path = f"{path}/*" if chance.random() < 0.6 or path.endswith("+") else f"{path[:-1]}*"
        given = ["deny"] if chance.random() < 0.15 else chance.sample(CAPABILITIES, chance.randint(1, 4))
        rules.append(f'path "{path}" {{ capabilities = {given} }}'.replace("'", '"'))
    return "\n".join(rules)


class Asked:
    """The same questions on both faces. None changes anything, whether it is permitted or not."""

    def __init__(self, vault: VaultClient, plain: AsgiClient) -> None:
        self._vault = vault
        self._plain = plain

    async def _on_vault(self, method: str, path: str, body: object = None) -> bool:
        answer = await self._vault(method, path, body)
        assert answer.status in {200, 204, 400, 403, 404}, (method, path, answer)
        return answer.status != 403

    async def _natively(self, method: str, path: str, body: object = None) -> bool:
        answer = await self._plain(method, path, body)
        assert answer.status in {200, 204, 400, 403, 404, 409, 412}, (method, path, answer)
        return answer.status != 403

    async def read(self, mount: str, path: str) -> tuple[bool, bool]:
        there = await self._on_vault("GET", at(mount, "data", path).replace(" ", "%20"))
        return there, await self._natively("GET", f"{STORE}/{native(mount, path)}")

    async def list(self, mount: str, path: str) -> tuple[bool, bool]:
        folder = path[: path.rfind("/") + 1]
        there = await self._on_vault("LIST", at(mount, "metadata", folder).replace(" ", "%20"))
        if MOUNTS[mount] == "2":
            there |= await self._on_vault("GET", at(mount, "metadata", path).replace(" ", "%20"))
        answer = await self._plain("GET", f"{STORE}?limit=1000")
        assert answer.status in {200, 403}
        seen = [item["name"] for item in answer.json()["items"]] if answer.status == 200 else []
        return there, native(mount, path) in seen

    async def create(self, mount: str, path: str) -> tuple[bool, bool]:
        body = {"data": {}, "options": {"cas": 9}} if MOUNTS[mount] == "2" else {}
        there = await self._on_vault("POST", at(mount, "data", path), body)
        value = {"value": "x", "metadata": TOO_LONG}
        return there, await self._natively("POST", f"{STORE}/{native(mount, path)}", value)

    async def update(self, mount: str, path: str) -> tuple[bool, bool]:
        body = {"data": {}, "options": {"cas": 9}} if MOUNTS[mount] == "2" else {}
        there = await self._on_vault("POST", at(mount, "data", path).replace(" ", "%20"), body)
        value = {"value": "x", "cas": 9}
        return there, await self._natively("PUT", f"{STORE}/{native(mount, path)}", value)

    async def delete(self, mount: str, path: str) -> tuple[bool, bool]:
        there = await self._on_vault("DELETE", at(mount, "data", path))
        if MOUNTS[mount] == "2":
            there |= await self._on_vault("POST", at(mount, "delete", path), {"versions": [1]})
        return there, await self._natively("DELETE", f"{STORE}/{native(mount, path)}")

    async def destroy(self, mount: str, path: str) -> tuple[bool, bool]:
        there = await self._on_vault("DELETE", at(mount, "metadata", path))
        if MOUNTS[mount] == "2":
            there |= await self._on_vault("POST", at(mount, "destroy", path), {"versions": [1]})
        return there, await self._natively("POST", f"{STORE}/destroy/{native(mount, path)}", {"versions": [1]})


@pytest.fixture
async def stocked(acme: VaultTenant) -> VaultTenant:
    """A tenant with three mounts and a few secrets in each."""
    await acme("POST", "sys/mounts/one", {"type": "kv-v1"})
    await acme("POST", "sys/mounts/team/two", {"type": "kv-v2"})
    for mount, version in MOUNTS.items():
        for path in SECRETS:
            body = {"data": {"a": "b"}} if version == "2" else {"a": "b"}
            answer = await acme("POST", at(mount, "data", path).replace(" ", "%20"), body)
            assert answer.status in {200, 204}, answer
    return acme


@pytest.mark.parametrize("seed", range(24))
async def test_random_policies_decide_alike_on_both_faces(stocked: VaultTenant, seed: int) -> None:
    chance = Random(seed)
    permitted = 0
    for _ in range(4):
        policy = a_policy(chance)
        assert (await stocked("PUT", "sys/policies/acl/random", {"policy": policy})).status == 204
        created = await stocked("POST", "auth/token/create", {"policies": ["random"], "no_default_policy": True})
        token = created.json()["auth"]["client_token"]
        asked = Asked(stocked.client(token), AsgiClient(stocked.app, token))
        for mount in MOUNTS:
            for verb in ("read", "list", "update", "create", "delete", "destroy"):
                path = chance.choice(SECRETS if verb in {"read", "list", "update"} else MISSING)
                there, here = await getattr(asked, verb)(mount, path)
                assert there == here, f"{verb} {path!r} in {mount}: Vault {there}, native {here}, by\n{policy}"
                permitted += there
    assert permitted


async def test_what_only_the_native_face_has_is_given_under_a_prefix_of_its_own(stocked: VaultTenant) -> None:
    text = """
    path "trstctl/shares/create" { capabilities = ["update"] }
    path "trstctl/secrets/export/app/*" { capabilities = ["update"] }
    path "secret/data/app/*" { capabilities = ["read"] }
    path "secret/metadata/*" { capabilities = ["list"] }
    """
    assert (await stocked("PUT", "sys/policies/acl/own", {"policy": text})).status == 204
    for names, status in ((["own"], 201), (["none"], 403)):
        created = await stocked("POST", "auth/token/create", {"policies": names})
        plain = AsgiClient(stocked.app, created.json()["auth"]["client_token"])
        answer = await plain("POST", "/api/v1/secrets/shares", {"value": "x"})
        assert answer.status == status, answer


async def test_what_a_rule_gives_to_certain_requests_it_does_not_give_natively(stocked: VaultTenant) -> None:
    text = 'path "secret/data/app/db" { capabilities = ["read"], denied_parameters = { "version" = [] } }'
    assert (await stocked("PUT", "sys/policies/acl/own", {"policy": text})).status == 204
    created = await stocked("POST", "auth/token/create", {"policies": ["own"]})
    token = created.json()["auth"]["client_token"]
    assert (await stocked.client(token)("GET", "secret/data/app/db")).status == 200
    assert (await stocked.client(token)("GET", "secret/data/app/db?version=1")).status == 403
    assert (await AsgiClient(stocked.app, token)("GET", f"{STORE}/app/db")).status == 403
