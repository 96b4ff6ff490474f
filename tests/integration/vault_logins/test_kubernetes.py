"""`auth/kubernetes/`: pods log in by the tokens of their service accounts, about which a cluster is asked over TLS."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.fakes.issuer import SigningKey
from tests.fakes.kubernetes.cluster import Cluster
from tests.fakes.kubernetes.rbac import User
from tests.fakes.kubernetes.resources import BY_KIND
from tests.fakes.kubernetes.server import KubernetesServer
from tests.fakes.kubernetes.tokens import AUDIENCE, ISSUER
from tests.integration.vault.client import VaultTenant
from tests.integration.vault_logins.calls import auth_of, events, log_in, made, refused

pytestmark = pytest.mark.anyio
DENIED = "permission denied"


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KubernetesServer]:
    """A cluster with a service account `app` in `prod`, and a reviewer."""
    cluster = Cluster()
    server = KubernetesServer(cluster, tmp_path_factory.mktemp("cluster"))
    cluster.apply({"kind": "Namespace", "metadata": {"name": "prod"}})
    for namespace, name in (("prod", "app"), ("kube-system", "reviewer")):
        cluster.apply({"kind": "ServiceAccount", "metadata": {"name": name, "namespace": namespace}})
    cluster.apply(
        {
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "reviewer"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "system:auth-delegator",
            },
            "subjects": [{"kind": "ServiceAccount", "name": "reviewer", "namespace": "kube-system"}],
        }
    )
    yield server
    server.stop()
    cluster.stop()


async def configured(acme: VaultTenant, cluster: KubernetesServer, **fields: Any) -> None:
    """The mount asks the cluster, and has the role `app`."""
    settings = {
        "kubernetes_host": f"https://localhost:{cluster.port}",
        "kubernetes_ca_cert": cluster.ca_file.read_text(),
        "token_reviewer_jwt": cluster.cluster.token_of("kube-system", "reviewer"),
    }
    await made(acme, "auth/kubernetes/config", **{**settings, **fields})
    await role(acme)


async def role(acme: VaultTenant, **fields: Any) -> None:
    bounds = {"bound_service_account_names": "app", "bound_service_account_namespaces": "prod"}
    await made(acme, "auth/kubernetes/role/app", **{**bounds, **fields})


async def pod_login(acme: VaultTenant, token: str, name: str = "app") -> Any:
    return await log_in(acme, "kubernetes/login", role=name, jwt=token)


async def test_a_pods_token_gives_a_token_of_ours(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster)
    await role(acme, token_policies="app", token_ttl="5m")
    token = cluster.cluster.token_of("prod", "app")
    auth = auth_of(await pod_login(acme, token))
    uid = cluster.cluster.store.get(BY_KIND["ServiceAccount"], "prod", "app")["metadata"]["uid"]
    assert auth["metadata"] == {
        "role": "app", "service_account_name": "app", "service_account_namespace": "prod",
        "service_account_secret_name": "", "service_account_uid": uid,
    }  # fmt: skip
    assert (auth["policies"], auth["lease_duration"]) == (["app", "default"], 300)
    data = await acme.data("POST", "auth/token/lookup-accessor", {"accessor": auth["accessor"]})
    assert data["display_name"] == "kubernetes-prod-app"
    (told,) = await events(acme, "login.succeeded")
    assert told["subject"] == f"kubernetes/prod/app:{uid}"
    assert token not in str(await events(acme))


async def test_a_subject_may_be_the_name_alone(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster)
    await role(acme, alias_name_source="serviceaccount_name")
    auth_of(await pod_login(acme, cluster.cluster.token_of("prod", "app")))
    (told,) = await events(acme, "login.succeeded")
    assert told["subject"] == "kubernetes/prod/app"


async def test_globs_describe_names_and_namespaces(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster)
    await role(acme, bound_service_account_names="a*,b*", bound_service_account_namespaces="*od")
    auth_of(await pod_login(acme, cluster.cluster.token_of("prod", "app")))
    refused(await pod_login(acme, cluster.cluster.token_of("default", "default")), 403, DENIED)


@pytest.mark.parametrize("fields,reason", [
    ({"bound_service_account_names": "other"}, "service account name not authorized"),
    ({"bound_service_account_namespaces": "other"}, "namespace not authorized"),
    ({"audience": "vault"}, "invalid audience (aud) claim: audience claim does not match any expected audience"),
])  # fmt: skip
async def test_another_account_is_denied_and_only_the_log_says_why(
    acme: VaultTenant, cluster: KubernetesServer, fields: dict[str, Any], reason: str
) -> None:
    await configured(acme, cluster)
    await role(acme, **fields)
    refused(await pod_login(acme, cluster.cluster.token_of("prod", "app")), 403, DENIED)
    (told,) = await events(acme, "login.refused")
    assert (told["reason"], told["role"]) == (reason, "app")


async def test_an_address_out_of_bounds_is_denied(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster)
    await role(acme, token_bound_cidrs="192.0.2.0/24")
    refused(await pod_login(acme, cluster.cluster.token_of("prod", "app")), 403, DENIED)
    (told,) = await events(acme, "login.refused")
    assert told["reason"] == "address outside the networks of the role"


async def test_an_issuer_is_compared_if_that_is_wanted(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster, disable_iss_validation=False, issuer=ISSUER)
    auth_of(await pod_login(acme, cluster.cluster.token_of("prod", "app")))
    await configured(acme, cluster, disable_iss_validation=False)
    refused(await pod_login(acme, cluster.cluster.token_of("prod", "app")), 403, DENIED)
    (told,) = await events(acme, "login.refused")
    assert told["reason"] == "invalid issuer (iss) claim"


async def test_a_token_out_of_its_time_is_not_shown_to_the_cluster(
    acme: VaultTenant, cluster: KubernetesServer
) -> None:
    await configured(acme, cluster)
    token = cluster.cluster.token_of("prod", "app")
    acme.system.clock.advance(hours=2)
    refused(await pod_login(acme, token), 403, DENIED)
    (told,) = await events(acme, "login.refused")
    assert told["reason"] == "invalid expiration time (exp) claim: token is expired"


async def test_an_audience_is_asked_of_the_cluster_too(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster)
    await role(acme, audience=AUDIENCE)
    auth_of(await pod_login(acme, cluster.cluster.token_of("prod", "app")))


async def test_a_token_of_an_account_that_is_gone_is_denied(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster)
    token = cluster.cluster.token_of("prod", "app")
    cluster.cluster.store.delete(BY_KIND["ServiceAccount"], "prod", "app", {})
    refused(await pod_login(acme, token), 403, DENIED)


async def test_whoever_signs_for_itself_is_denied_by_the_cluster(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster)
    payload = cluster.cluster.token_of("prod", "app").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    refused(await pod_login(acme, SigningKey("fake-1").sign(claims)), 403, DENIED)
    (told,) = await events(acme, "login.refused")
    assert told["reason"] == "the cluster does not take the token for good"


async def test_what_a_token_says_must_be_what_the_cluster_says(acme: VaultTenant, cluster: KubernetesServer) -> None:
    """A static token of the cluster's, shown as if it were the account's."""
    await configured(acme, cluster)
    payload = cluster.cluster.token_of("prod", "app").split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = SigningKey("fake-1").sign(claims)
    for name, uid, reason in (
        (
            "system:serviceaccount:prod:other",
            claims["kubernetes.io"]["serviceaccount"]["uid"],
            "another service account",
        ),
        ("system:serviceaccount:prod:app", "another-uid", "another service account"),
        ("kubernetes-admin", "", "no service account"),
    ):
        cluster.cluster.tokens.add_static(forged, User(name, (), uid))
        refused(await pod_login(acme, forged), 403, DENIED)
        assert reason in (await events(acme, "login.refused"))[-1]["reason"]
        acme.system.clock.advance(seconds=61)


async def test_without_a_reviewer_a_token_asks_for_itself(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster, token_reviewer_jwt="")
    token = cluster.cluster.token_of("prod", "app")
    refused(await pod_login(acme, token), 403, DENIED)
    (told,) = await events(acme, "login.refused")
    assert "system:auth-delegator" in told["reason"]
    cluster.cluster.apply(
        {
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "app"},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": "system:auth-delegator",
            },
            "subjects": [{"kind": "ServiceAccount", "name": "app", "namespace": "prod"}],
        }
    )
    auth_of(await pod_login(acme, token))


async def test_keys_given_by_hand_spare_the_cluster_forgeries(acme: VaultTenant, cluster: KubernetesServer) -> None:
    key = SigningKey("x")
    await configured(acme, cluster, pem_keys=key.pem())
    refused(await pod_login(acme, cluster.cluster.token_of("prod", "app")), 403, DENIED)
    (told,) = await events(acme, "login.refused")
    assert told["reason"].startswith("error verifying token signature")


async def test_a_cluster_that_cannot_be_asked_is_told_in_the_log(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster, kubernetes_host="https://localhost:1")
    refused(await pod_login(acme, cluster.cluster.token_of("prod", "app")), 403, DENIED)
    (told,) = await events(acme, "login.refused")
    assert told["reason"] == "the cluster cannot be asked"


async def test_the_reviewers_token_is_sealed_and_told_to_nobody(acme: VaultTenant, cluster: KubernetesServer) -> None:
    reviewer = cluster.cluster.token_of("kube-system", "reviewer")
    await configured(acme, cluster, token_reviewer_jwt=reviewer)
    data = await acme.data("GET", "auth/kubernetes/config")
    assert (data["token_reviewer_jwt_set"], "token_reviewer_jwt" in data) == (True, False)
    assert data["kubernetes_host"] == f"https://localhost:{cluster.port}"
    assert reviewer not in str(data) + str(await events(acme))


async def test_what_is_missing_or_unknown_is_told(acme: VaultTenant, cluster: KubernetesServer) -> None:
    refused(await log_in(acme, "kubernetes/login", jwt="x"), 400, "missing role")
    refused(await log_in(acme, "kubernetes/login", role="app"), 400, "missing jwt")
    refused(await pod_login(acme, "x", "none"), 400, 'invalid role name "none"')
    await role(acme)
    refused(await pod_login(acme, "x"), 400, "could not load backend configuration")
    await configured(acme, cluster)
    refused(await pod_login(acme, "x"), 403, DENIED)


@pytest.mark.parametrize("fields,message", [
    ({"bound_service_account_names": ""}, '"bound_service_account_names" can not be empty'),
    ({"bound_service_account_namespaces": ""}, '"bound_service_account_namespaces" can not be empty'),
    ({"bound_service_account_names": "*,app"}, 'can not mix "*" with values'),
    ({"alias_name_source": "x"},
     "invalid alias_name_source 'x', must be one of: serviceaccount_uid, serviceaccount_name"),
    ({"bound_service_account_namespace_selector": "{}"},
     "bound_service_account_namespace_selector is not served: name bound_service_account_namespaces"),
])  # fmt: skip
async def test_a_role_that_makes_no_sense_is_refused(acme: VaultTenant, fields: dict[str, Any], message: str) -> None:
    bounds = {"bound_service_account_names": "app", "bound_service_account_namespaces": "prod"}
    refused(await acme("POST", "auth/kubernetes/role/app", {**bounds, **fields}), 400, message)


@pytest.mark.parametrize("fields,message", [
    ({}, "no host provided"),
    ({"kubernetes_host": "http://10.0.0.1"}, "kubernetes_host is to be https://host[:port], without user and fragment"),
    ({"kubernetes_host": "https://k", "kubernetes_ca_cert": "x"}, "could not parse CA PEM value successfully"),
    ({"kubernetes_host": "https://k", "disable_local_ca_jwt": True},
     "kubernetes_ca_cert must be given when disable_local_ca_jwt is true"),
])  # fmt: skip
async def test_settings_that_make_no_sense_are_refused(acme: VaultTenant, fields: dict[str, Any], message: str) -> None:
    refused(await acme("POST", "auth/kubernetes/config", fields), 400, message)


async def test_a_role_reads_as_it_was_written(acme: VaultTenant) -> None:
    await role(acme, audience="vault", policies="a", num_uses=3)
    data = await acme.data("GET", "auth/kubernetes/role/App")
    assert (data["bound_service_account_names"], data["audience"], data["alias_name_source"]) == (
        ["app"], "vault", "serviceaccount_uid",
    )  # fmt: skip
    assert (data["policies"], data["num_uses"]) == (["a"], 3)
    assert (await acme.data("LIST", "auth/kubernetes/role"))["keys"] == ["app"]


async def test_a_renewal_looks_at_the_role_again(acme: VaultTenant, cluster: KubernetesServer) -> None:
    await configured(acme, cluster)
    accessor = auth_of(await pod_login(acme, cluster.cluster.token_of("prod", "app")))["accessor"]
    await role(acme, token_ttl="60s")
    renewed = await acme("POST", "auth/token/renew-accessor", {"accessor": accessor})
    assert 50 <= auth_of(renewed)["lease_duration"] <= 60
    await acme("DELETE", "auth/kubernetes/role/app")
    renewed = await acme("POST", "auth/token/renew-accessor", {"accessor": accessor})
    refused(renewed, 400, 'failed to renew entry: role "app" does not exist during renewal')
