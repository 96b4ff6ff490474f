"""What a lease is made of in the cluster, and that all of it goes."""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
import yaml
from kubernetes import client
from kubernetes.config import new_client_from_config_dict

from adapters.providers.kubernetes.calls import Calls
from adapters.providers.kubernetes.objects import Part
from domain.backends import Account, Backend, BackendRefused, BackendUnavailable
from tests.backends.kubernetes import LEASES, KubernetesWorld, running
from tests.backends.opening import made, opened, planned

pytestmark = pytest.mark.anyio

RBAC = "/apis/rbac.authorization.k8s.io/v1"
GRANTS = f"{RBAC}/namespaces/shop/roles/trstctl-grants"
ACCOUNTS = f"/api/v1/namespaces/{LEASES}/serviceaccounts"


def of_role(world: KubernetesWorld, role: str, **changes: Any) -> Account:
    return planned(world.setup, settings={**world.setup.other_roles[role], **changes})


def left(world: KubernetesWorld, name: str) -> list[str]:
    """The paths of the lease's objects that are there."""
    paths = [f"{ACCOUNTS}/{name}", f"{RBAC}/clusterrolebindings/{name}"]
    for where in ("shop", LEASES):
        paths += [f"{RBAC}/namespaces/{where}/{kind}/{name}" for kind in ("roles", "rolebindings")]
    return [path for path in paths if world.ask("GET", path).status == 200]


async def test_the_kubeconfig_works_as_it_is(world: KubernetesWorld, backend: Backend) -> None:
    account = of_role(world, "unrenewable")
    credential = await backend.create(account)
    config = yaml.safe_load(str(credential.fields["kubeconfig"]))
    with new_client_from_config_dict(config) as ours:  # type: ignore[no-untyped-call]
        found = client.CoreV1Api(ours).read_namespaced_config_map("settings", "shop")
    assert found.data == {"colour": "green"}
    assert config["contexts"][0]["context"]["namespace"] == credential.fields["namespace"] == "shop"
    await backend.remove(account)


async def test_what_stands_in_the_cluster_leads_back_to_the_lease(world: KubernetesWorld, backend: Backend) -> None:
    account = of_role(world, "unrenewable", labels={"team": "shop"}, annotations={"example.com/why": "a test"})
    account = msgspec.structs.replace(account, subject='Zoë "<z@example.com>"\n', lease_id="lse_0:1/2_" + "x" * 80)
    credential = await backend.create(account)
    found = world.ask("GET", f"{ACCOUNTS}/{account.name}").json()
    meta = found["metadata"]
    assert meta["labels"].pop("trstctl.io/lease").startswith("lse_0-1-2_xx")
    assert meta["labels"] == {"app.kubernetes.io/managed-by": "trstctl", "team": "shop"}
    assert meta["annotations"] == {
        "example.com/why": "a test",
        "trstctl.io/lease-id": account.lease_id,
        "trstctl.io/tenant": account.tenant,
        "trstctl.io/subject": account.subject,
        "trstctl.io/role": account.role,
        "trstctl.io/expires-at": account.expires_at.isoformat(timespec="seconds"),
    }
    assert found["automountServiceAccountToken"] is False
    assert credential.fields["service_account"] == account.name
    assert credential.fields["username"] == f"system:serviceaccount:{LEASES}:{account.name}"
    await backend.remove(account)


@pytest.mark.parametrize("role", ["unrenewable", "rules", "everywhere", "identity"])
async def test_every_object_of_a_role_goes_and_is_looked_for(
    world: KubernetesWorld, backend: Backend, role: str
) -> None:
    account = of_role(world, role)
    credential = await backend.create(account)
    objects = left(world, account.name)
    assert len(objects) == {"unrenewable": 2, "rules": 3, "everywhere": 2, "identity": 1}[role]
    for path in objects:
        for other in set(objects) - {path}:
            world.ask("DELETE", other)
        assert left(world, account.name) == [path]
        assert await backend.present(account), path
        await backend.remove(account)
        assert not await backend.present(account)
        assert not left(world, account.name)
        credential = await backend.create(account)
    await backend.remove(made(account, credential.handle))
    assert not left(world, account.name)


async def test_rules_are_what_the_token_may_and_no_more(world: KubernetesWorld, backend: Backend) -> None:
    account = of_role(world, "rules")
    credential = await backend.create(account)
    await world.log_in(credential.fields)
    assert not await world.exceeds(credential.fields)
    listed = world.ask("GET", "/api/v1/namespaces/shop/configmaps", str(credential.fields["token"]))
    assert listed.status == 403
    await backend.remove(account)


async def test_rules_that_we_do_not_hold_ourselves_are_refused(world: KubernetesWorld, backend: Backend) -> None:
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
    account = of_role(world, "rules", rules=rules)
    with pytest.raises(BackendRefused, match="attempting to grant RBAC permissions not currently held"):
        await backend.create(account)
    assert left(world, account.name) == [f"{ACCOUNTS}/{account.name}"]
    await backend.remove(account)
    assert not left(world, account.name)


async def test_a_role_in_the_whole_cluster_reaches_every_namespace(world: KubernetesWorld, backend: Backend) -> None:
    account = of_role(world, "everywhere")
    credential = await backend.create(account)
    token = str(credential.fields["token"])
    assert world.ask("GET", "/api/v1/namespaces/kube-system/configmaps", token).status == 200
    assert world.ask("GET", "/api/v1/namespaces/kube-system/secrets", token).status == 403
    await backend.remove(account)
    assert world.ask("GET", "/api/v1/namespaces/kube-system/configmaps", token).status in {401, 403}


@pytest.mark.parametrize(
    "settings", [{"namespace": "kube-system", "cluster_role": "view"}, {"cluster_role": "view", "cluster_wide": True}]
)
async def test_rights_where_the_connection_does_not_allow_them_make_nothing(
    world: KubernetesWorld, settings: dict[str, Any]
) -> None:
    backend = opened(world.setup, connection={"cluster_wide": False})
    account = planned(world.setup, settings=settings)
    with pytest.raises(BackendRefused, match="connection to allow"):
        await backend.create(account)
    assert not left(world, account.name)
    await backend.close()


async def test_a_removal_that_may_not_unbind_ends_the_token_all_the_same() -> None:
    with running() as world:
        backend, account = opened(world.setup), of_role(world, "unrenewable")
        credential = await backend.create(account)
        grants = world.ask("GET", GRANTS).json()
        grants["rules"][0]["verbs"].remove("delete")
        assert world.ask("PUT", GRANTS, json=grants).status == 200
        with pytest.raises(BackendRefused, match="cannot delete resource"):
            await backend.remove(account)
        assert left(world, account.name) == [f"{RBAC}/namespaces/shop/rolebindings/{account.name}"]
        assert await backend.present(account), "so the revocation is not taken for verified"
        world.cluster.advance(11)  # what the API server remembers of a token
        assert world.ask("GET", "/version", str(credential.fields["token"])).status == 401
        await backend.close()


async def test_rights_go_before_the_account_they_are_for(
    world: KubernetesWorld, backend: Backend, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = of_role(world, "rules")
    await backend.create(account)
    removed, delete = [], Calls.delete

    def noted(calls: Calls, part: Part) -> None:
        removed.append(part.kind)
        delete(calls, part)

    monkeypatch.setattr(Calls, "delete", noted)
    await backend.remove(account)
    assert removed == ["RoleBinding", "Role", "ServiceAccount"]


async def test_in_its_own_namespace_kubernetes_collects_what_lost_its_account(world: KubernetesWorld) -> None:
    here = {"namespace": "shop", "target_namespaces": []}
    backend = opened(world.setup, connection=here, secret=administrator(world))
    account = of_role(world, "rules")
    await backend.create(account)
    assert world.ask("DELETE", f"/api/v1/namespaces/shop/serviceaccounts/{account.name}").status == 200
    deadline = time.monotonic() + 5
    while left(world, account.name) and time.monotonic() < deadline:
        time.sleep(0.05)  # noqa: ASYNC251 - the cluster has threads of its own
    assert not left(world, account.name)
    await backend.close()


async def test_an_account_is_found_where_it_was_made_when_the_connection_moved_on(world: KubernetesWorld) -> None:
    backend = opened(world.setup)
    account = of_role(world, "identity")
    credential = await backend.create(account)
    await backend.close()
    moved = opened(world.setup, connection={"namespace": "shop"}, secret=administrator(world))
    assert await moved.present(made(account, credential.handle))
    await moved.remove(made(account, credential.handle))
    assert not left(world, account.name)
    await moved.close()


async def test_listing_goes_over_all_pages_and_says_when_it_cannot() -> None:
    many = [f"trst-many-{number:04}" for number in range(1100)]
    with running() as world:
        world.cluster.apply(
            *({"kind": "ServiceAccount", "metadata": {"name": name, "namespace": LEASES}} for name in many)
        )
        backend = opened(world.setup)
        assert [name async for name in backend.accounts()] == many
        pages = backend.accounts()
        assert await anext(pages) == many[0]
        world.cluster.store.compact()
        with pytest.raises(BackendUnavailable, match="too old"):
            [name async for name in pages]
        await backend.close()


def administrator(world: KubernetesWorld) -> dict[str, str]:
    return {"token": world.cluster.administrator}
