"""The stand-in for a cluster refuses what Kubernetes refuses, as seen by the official client."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kubernetes import client

from tests.backends.kubernetes import LEASES, KubernetesWorld
from tests.e2e.https_client import HttpsClient
from tests.fakes.kubernetes import Cluster
from tests.fakes.kubernetes.resources import BY_KIND

RBAC = "rbac.authorization.k8s.io"


class Clients:
    """The official client, with one token."""

    def __init__(self, world: KubernetesWorld, token: str) -> None:
        configuration = client.Configuration(
            host=world.setup.connection["server"], ssl_ca_cert=str(world.ca_file), api_key={"authorization": token}
        )
        configuration.api_key_prefix = {"authorization": "Bearer"}
        self.api = client.ApiClient(configuration)
        self.core = client.CoreV1Api(self.api)
        self.rbac = client.RbacAuthorizationV1Api(self.api)

    def close(self) -> None:
        self.api.close()  # type: ignore[no-untyped-call]


@pytest.fixture
def administrator(world: KubernetesWorld) -> Iterator[Clients]:
    found = Clients(world, world.cluster.administrator)
    yield found
    found.close()


@pytest.fixture
def ours(world: KubernetesWorld) -> Iterator[Clients]:
    found = Clients(world, world.setup.secrets["token"])
    yield found
    found.close()


def refused(call: Callable[[], object]) -> tuple[int, str, str]:
    """Status, reason and message of what must not succeed."""
    with pytest.raises(client.ApiException) as refusal:
        call()
    body = json.loads(str(refusal.value.body))
    assert body["kind"] == "Status"
    assert body["code"] == refusal.value.status
    return body["code"], body["reason"], body["message"]


def account(name: str, **meta: Any) -> client.V1ServiceAccount:
    return client.V1ServiceAccount(metadata=client.V1ObjectMeta(name=name, **meta))


def role(name: str, verb: str, resource: str) -> client.V1Role:
    rule = client.V1PolicyRule(api_groups=[""], resources=[resource], verbs=[verb])
    return client.V1Role(metadata=client.V1ObjectMeta(name=name), rules=[rule])


def binding(name: str, kind: str, of: str) -> client.V1RoleBinding:
    return client.V1RoleBinding(
        metadata=client.V1ObjectMeta(name=name),
        role_ref=client.V1RoleRef(api_group=RBAC, kind=kind, name=of),
        subjects=[client.RbacV1Subject(kind="ServiceAccount", name="default", namespace=LEASES)],
    )


def test_who_has_no_good_token_is_not_let_in(world: KubernetesWorld) -> None:
    nobody = Clients(world, "not.a.token")
    assert refused(nobody.core.list_namespace) == (401, "Unauthorized", "Unauthorized")
    nobody.close()
    with HttpsClient(world.gate.port, world.ca_file, None) as without:
        anonymous = without("GET", "/api/v1/namespaces")
    assert (anonymous.status, 'User "system:anonymous" cannot list' in anonymous.json()["message"]) == (403, True)


def test_what_rbac_does_not_allow_is_refused_by_name(ours: Clients) -> None:
    told = refused(lambda: ours.core.read_namespaced_secret("payroll", "shop"))
    message = (
        'secrets "payroll" is forbidden: User "system:serviceaccount:trstctl:trstctl" cannot get resource "secrets" in'
        ' API group "" in the namespace "shop"'
    )
    assert told == (403, "Forbidden", message)


def test_names_and_labels_are_validated(administrator: Clients) -> None:
    make = administrator.core.create_namespaced_service_account
    for wrong in (
        account("Upper"),
        account("a_b"),
        account("x" * 254),
        account("good", labels={"team": "a team"}),
        account("good", labels={"team": "x" * 64}),
        account("good", labels={"a b/c": "x"}),
        account("good", annotations={"no spaces": "x"}),
        account("good", annotations={"big": "x" * 300_000}),
    ):
        code, reason, message = refused(lambda wrong=wrong: make(LEASES, wrong))  # type: ignore[misc]
        assert (code, reason) == (422, "Invalid")
        assert message.startswith(f'ServiceAccount "{wrong.metadata.name}" is invalid: metadata.')  # type: ignore[union-attr]


def test_conflicts_and_absences_are_told_apart(administrator: Clients) -> None:
    core = administrator.core
    made = core.create_namespaced_service_account("shop", account("twice"))
    assert made.metadata
    again = refused(lambda: core.create_namespaced_service_account("shop", account("twice")))
    assert again == (409, "AlreadyExists", 'serviceaccounts "twice" already exists')
    nowhere = refused(lambda: core.create_namespaced_service_account("nowhere", account("x")))
    assert nowhere == (404, "NotFound", 'namespaces "nowhere" not found')
    other = client.V1DeleteOptions(preconditions=client.V1Preconditions(uid="another"))
    assert refused(lambda: core.delete_namespaced_service_account("twice", "shop", body=other))[:2] == (409, "Conflict")
    stale = account("twice", resource_version="1")
    assert refused(lambda: core.replace_namespaced_service_account("twice", "shop", stale))[:2] == (409, "Conflict")
    core.delete_namespaced_service_account("twice", "shop")
    gone = refused(lambda: core.delete_namespaced_service_account("twice", "shop"))
    assert gone == (404, "NotFound", 'serviceaccounts "twice" not found')


def test_a_token_of_less_than_ten_minutes_is_refused(administrator: Clients) -> None:
    asked = client.AuthenticationV1TokenRequest(spec=client.V1TokenRequestSpec(expiration_seconds=599))
    told = refused(lambda: administrator.core.create_namespaced_service_account_token("trstctl", "trstctl", asked))
    message = (
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 599: may not specify'
        " a duration less than 10 minutes"
    )
    assert told == (422, "Invalid", message)


def test_nobody_gives_away_more_than_they_have(ours: Clients, administrator: Clients) -> None:
    code, _, message = refused(lambda: ours.rbac.create_namespaced_role("shop", role("mine", "get", "secrets")))
    assert (code, message.partition(":\n")[2]) == (403, '{APIGroups:[""], Resources:["secrets"], Verbs:["get"]}')
    assert "is attempting to grant RBAC permissions not currently held" in message
    of_all = binding("b", "ClusterRole", "cluster-admin")
    code, _, message = refused(lambda: ours.rbac.create_namespaced_role_binding("shop", of_all))
    assert (code, "not currently held" in message) == (403, True)
    absent = refused(lambda: ours.rbac.create_namespaced_role_binding("shop", binding("b", "Role", "absent")))
    assert absent[:2] == (404, "NotFound")
    ours.rbac.create_namespaced_role_binding("shop", binding("b", "Role", "settings-reader"))
    told = refused(lambda: ours.rbac.replace_namespaced_role_binding("b", "shop", binding("b", "Role", "other")))
    assert told[0] == 403
    immutable = binding("b", "Role", "other")
    told = refused(lambda: administrator.rbac.replace_namespaced_role_binding("b", "shop", immutable))
    assert (told[0], "cannot change roleRef" in told[2]) == (422, True)
    ours.rbac.delete_namespaced_role_binding("b", "shop")


def test_lists_are_selected_and_paged(administrator: Clients) -> None:
    core = administrator.core
    for number in range(5):
        core.create_namespaced_service_account("default", account(f"n{number}", labels={"odd": str(number % 2)}))
    listed = core.list_namespaced_service_account("default", label_selector="odd in (1), !even")
    assert [item.metadata.name for item in listed.items if item.metadata] == ["n1", "n3"]
    first = core.list_namespaced_service_account("default", label_selector="odd", limit=2)
    assert first.metadata
    core.delete_namespaced_service_account("n3", "default")
    rest = core.list_namespaced_service_account("default", limit=9, _continue=first.metadata._continue)
    assert [item.metadata.name for item in rest.items if item.metadata] == ["n2", "n3", "n4"], "as it was then"


def test_what_lost_its_owner_is_collected_and_an_owner_elsewhere_counts_as_lost() -> None:
    cluster = Cluster()
    cluster.apply({"kind": "ServiceAccount", "metadata": {"name": "owner", "namespace": "default"}})
    owner = cluster.store.all(BY_KIND["ServiceAccount"], "default")[1]["metadata"]
    reference = [{"apiVersion": "v1", "kind": "ServiceAccount", "name": "owner", "uid": owner["uid"]}]
    for where, references in (("default", reference), ("kube-system", reference), ("kube-system", [])):
        name = f"owned-{bool(references)}".lower()
        meta = {"name": name, "namespace": where, "ownerReferences": references}
        cluster.apply({"kind": "ConfigMap", "metadata": meta})
    time.sleep(0.5)
    left = cluster.store.all(BY_KIND["ConfigMap"])
    assert [each["metadata"]["namespace"] for each in left] == ["default", "kube-system"]
    cluster.store.delete(BY_KIND["ServiceAccount"], "default", "owner", {})
    time.sleep(0.5)
    assert [each["metadata"]["name"] for each in cluster.store.all(BY_KIND["ConfigMap"])] == ["owned-false"]
    cluster.stop()
