"""The how-to page asks for what is needed, and for nothing more."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
import yaml

from adapters.providers.kubernetes.settings import Connection
from cli.server.config.providers import Provider
from domain.backends import Backend, BackendRefused
from tests.backends.kubernetes import PAGE, KubernetesWorld, manifests, running
from tests.backends.opening import opened, planned

pytestmark = pytest.mark.anyio

RBAC = "/apis/rbac.authorization.k8s.io/v1"


def granted() -> list[tuple[str, int, str]]:
    """Every verb that the page asks for: the Role's path, the rule's number, the verb."""
    found = []
    for document in yaml.safe_load_all(manifests()[0]):
        meta = document["metadata"]
        for number, rule in enumerate(document.get("rules") or []):
            path = f"{RBAC}/namespaces/{meta['namespace']}/roles/{meta['name']}"
            found += [(path, number, verb) for verb in rule["verbs"]]
    return found


async def life(backend: Backend, settings: dict[str, Any], world: KubernetesWorld) -> None:
    """All that is done with a lease."""
    await backend.check()
    account = planned(world.setup, settings=settings)
    await backend.create(account)
    await backend.remove(account)
    assert not await backend.present(account)


@pytest.mark.parametrize("path, number, verb", granted())
async def test_no_verb_of_the_page_can_be_left_out(path: str, number: int, verb: str) -> None:
    with running() as world:
        backend = opened(world.setup)
        await life(backend, world.setup.role, world)
        role = world.ask("GET", path).json()
        role["rules"][number]["verbs"].remove(verb)
        role["rules"] = [rule for rule in role["rules"] if rule["verbs"]]
        assert world.ask("PUT", path, json=role).status == 200
        with pytest.raises(BackendRefused, match=verb if verb != "bind" else "not currently held"):
            await life(backend, world.setup.role, world)
        await backend.close()


@pytest.mark.parametrize("role, manifest", [("rules", 2), ("everywhere", 3)])
async def test_further_roles_need_what_the_page_says_besides(role: str, manifest: int) -> None:
    with running() as world:
        backend = opened(world.setup, connection={"cluster_wide": role == "everywhere"})
        settings = world.setup.other_roles[role]
        with pytest.raises(BackendRefused):
            await life(backend, settings, world)
        world.cluster.apply_yaml(manifests()[manifest])
        await life(backend, settings, world)
        await backend.close()


async def test_the_page_is_configured_as_it_says(world: KubernetesWorld) -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    told = [yaml.safe_load(block) for block in blocks if not block.startswith("apiVersion")]
    whole, in_a_pod, rules = told
    provider = msgspec.convert(whole["secrets"]["providers"][0], Provider)
    reached = {name: world.setup.connection[name] for name in ("server", "ca_file")}
    backend = opened(world.setup, connection={**provider.connection, **reached, "cluster_wide": False})
    for settings in (provider.roles[0].settings, rules["settings"]):
        await life(backend, settings, world)
    await backend.close()
    msgspec.convert(in_a_pod["connection"], Connection)


async def test_check_names_everything_that_is_missing_at_once(world: KubernetesWorld) -> None:
    assert world.setup.powerless
    backend = opened(world.setup, secret=world.setup.powerless["secrets"])
    with pytest.raises(BackendRefused) as refusal:
        await backend.check()
    told = str(refusal.value)
    assert "create serviceaccounts/token in trstctl-leases" in told
    assert "delete rolebindings in shop" in told
    assert "get clusterrolebindings in the cluster" in told
    await backend.close()
