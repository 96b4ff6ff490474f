"""The Python client hvac, unchanged, over TLS: every method it has for approle, userpass, jwt and kubernetes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest

from tests.e2e.server import Server, dev_server
from tests.fakes.issuer import Issuer, SigningKey, issuing
from tests.fakes.kubernetes.cluster import Cluster
from tests.fakes.kubernetes.server import KubernetesServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dev_server(tmp_path_factory.mktemp("hvac") / "data") as running:
        root = client_of(running)
        for method in ("approle", "userpass", "jwt", "kubernetes"):
            root.sys.enable_auth_method(method)
        root.sys.create_or_update_policy("app", 'path "secret/data/app/*" { capabilities = ["read"] }')
        root.secrets.kv.v2.create_or_update_secret("app/a", {"a": "1"})
        yield running


def client_of(server: Server, token: str | None = None) -> hvac.Client:
    url, verify = f"https://127.0.0.1:{server.port}", str(server.folder / "tls.crt")
    return hvac.Client(url=url, token=token or server.token, verify=verify)


@pytest.fixture
def root(server: Server) -> hvac.Client:
    return client_of(server)


@pytest.fixture
def nobody(server: Server) -> hvac.Client:
    """A client that has no token yet."""
    client = client_of(server)
    client.token = None
    return client


def must_work(client: hvac.Client) -> None:
    """The token that the client has got reads what its policy gives, is renewed, and ends."""
    assert client.is_authenticated()
    read = client.secrets.kv.v2.read_secret_version("app/a", raise_on_deleted_version=True)
    assert read["data"]["data"] == {"a": "1"}
    with pytest.raises(Forbidden):
        client.secrets.kv.v2.read_secret_version("other", raise_on_deleted_version=True)
    assert client.auth.token.renew_self()["auth"]["client_token"] == client.token
    client.auth.token.revoke_self()
    with pytest.raises(Forbidden):
        client.auth.token.lookup_self()


def test_approle(root: hvac.Client, nobody: hvac.Client) -> None:
    approle: Any = root.auth.approle
    assert approle.create_or_update_approle("app", token_policies=["app"], token_ttl="10m").status_code == 204
    assert approle.list_roles()["data"]["keys"] == ["app"]
    assert approle.read_role("app")["data"]["token_ttl"] == 600
    role_id = approle.read_role_id("app")["data"]["role_id"]
    made = approle.generate_secret_id("app", metadata={"build": "7"})["data"]
    assert nobody.auth.approle.login(role_id, made["secret_id"])["auth"]["metadata"]["build"] == "7"
    must_work(nobody)
    assert approle.read_secret_id("app", made["secret_id"])["data"]["metadata"] == {"build": "7"}
    found = approle.read_secret_id_accessor("app", made["secret_id_accessor"])["data"]
    assert found["secret_id_accessor"] == made["secret_id_accessor"]
    assert approle.list_secret_id_accessors("app")["data"]["keys"] == [made["secret_id_accessor"]]
    assert approle.destroy_secret_id("app", made["secret_id"]).status_code == 204
    with pytest.raises(InvalidRequest, match="invalid role or secret ID"):
        nobody.auth.approle.login(role_id, made["secret_id"])
    assert approle.update_role_id("app", "chosen").status_code == 204
    own = approle.create_custom_secret_id("app", "of-my-own")["data"]
    nobody.auth.approle.login("chosen", "of-my-own")
    assert approle.destroy_secret_id_accessor("app", own["secret_id_accessor"]).status_code == 204
    with pytest.raises(InvalidPath):
        approle.read_secret_id_accessor("app", own["secret_id_accessor"])
    assert approle.delete_role("app").status_code == 204
    with pytest.raises(InvalidPath):
        approle.read_role("app")


def test_a_secret_id_is_handed_on_wrapped(root: hvac.Client, nobody: hvac.Client) -> None:
    approle: Any = root.auth.approle
    approle.create_or_update_approle("wrapped", token_policies=["app"])
    wrapped = approle.generate_secret_id("wrapped", wrap_ttl="60s")
    assert (wrapped["data"], bool(wrapped["wrap_info"]["wrapped_accessor"])) == (None, True)
    secret_id = nobody.sys.unwrap(wrapped["wrap_info"]["token"])["data"]["secret_id"]
    nobody.auth.approle.login(approle.read_role_id("wrapped")["data"]["role_id"], secret_id)
    must_work(nobody)


def test_userpass(root: hvac.Client, nobody: hvac.Client) -> None:
    userpass: Any = root.auth.userpass
    assert userpass.create_or_update_user("anna", "correct horse", policies="app").status_code == 204
    assert userpass.list_user()["data"]["keys"] == ["anna"]
    assert userpass.read_user("anna")["data"]["policies"] == ["app"]
    nobody.auth.userpass.login("anna", "correct horse")
    must_work(nobody)
    assert userpass.update_password_on_user("anna", "battery staple").status_code == 204
    with pytest.raises(InvalidRequest, match="invalid username or password"):
        nobody.auth.userpass.login("anna", "correct horse")
    nobody.auth.userpass.login("anna", "battery staple")
    assert userpass.delete_user("anna").status_code == 204
    with pytest.raises(InvalidRequest, match="invalid username or password"):
        nobody.auth.userpass.login("anna", "battery staple")


@pytest.fixture
def issuer(tmp_path: Path) -> Iterator[Issuer]:
    with issuing(tmp_path, SigningKey("first", "ES256")) as found:
        yield found


def test_jwt(root: hvac.Client, nobody: hvac.Client, issuer: Issuer) -> None:
    jwt: Any = root.auth.jwt
    configured = jwt.configure(oidc_discovery_url=issuer.url, oidc_discovery_ca_pem=issuer.ca_pem, default_role="app")
    assert configured.status_code == 204
    assert jwt.read_config()["data"]["oidc_discovery_url"] == issuer.url
    created = jwt.create_role(
        "app", "sub", [], role_type="jwt", bound_audiences=["trstctl"], bound_claims={"team": "a"},
        claim_mappings={"team": "team"}, token_policies=["app"],
    )  # fmt: skip
    assert created.status_code == 204
    assert jwt.list_roles()["data"]["keys"] == ["app"]
    assert jwt.read_role("app")["data"]["bound_claims"] == {"team": "a"}
    answer = nobody.auth.jwt.jwt_login("app", issuer.token(team="a"))
    assert answer["auth"]["metadata"] == {"role": "app", "team": "a"}
    nobody.token = answer["auth"]["client_token"]
    must_work(nobody)
    with pytest.raises(InvalidRequest, match="does not match any associated bound claim values"):
        nobody.auth.jwt.jwt_login("app", issuer.token(team="b"))
    assert jwt.delete_role("app").status_code == 204
    with pytest.raises(InvalidPath):
        jwt.read_role("app")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[KubernetesServer]:
    cluster = Cluster()
    served = KubernetesServer(cluster, tmp_path)
    cluster.apply({"kind": "ServiceAccount", "metadata": {"name": "app", "namespace": "default"}})
    yield served
    served.stop()
    cluster.stop()


def test_kubernetes(root: hvac.Client, nobody: hvac.Client, cluster: KubernetesServer) -> None:
    kubernetes: Any = root.auth.kubernetes
    configured = kubernetes.configure(
        f"https://localhost:{cluster.port}", kubernetes_ca_cert=cluster.ca_file.read_text(),
        token_reviewer_jwt=cluster.cluster.administrator,
    )  # fmt: skip
    assert configured.status_code == 204
    assert kubernetes.read_config()["kubernetes_host"] == f"https://localhost:{cluster.port}"
    created = kubernetes.create_role("app", "app", "default", policies="app", ttl="10m")
    assert created.status_code == 204
    assert kubernetes.list_roles()["keys"] == ["app"]
    assert kubernetes.read_role("app")["bound_service_account_names"] == ["app"]
    nobody.auth.kubernetes.login("app", cluster.cluster.token_of("default", "app"))
    must_work(nobody)
    with pytest.raises(Forbidden):
        nobody.auth.kubernetes.login("app", cluster.cluster.token_of("default", "default"))
    with pytest.raises(InvalidRequest, match="invalid role name"):
        nobody.auth.kubernetes.login("none", "a.b.c")
    assert kubernetes.delete_role("app").status_code == 204


def test_a_method_that_is_disabled_ends_its_tokens(root: hvac.Client, nobody: hvac.Client) -> None:
    root.sys.enable_auth_method("userpass", path="people")
    root.auth.userpass.create_or_update_user("anna", "correct horse", mount_point="people")
    nobody.auth.userpass.login("anna", "correct horse", mount_point="people")
    assert nobody.is_authenticated()
    root.sys.disable_auth_method("people")
    assert not nobody.is_authenticated()
    with pytest.raises((Forbidden, InvalidPath)):
        nobody.auth.userpass.login("anna", "correct horse", mount_point="people")
    root.sys.enable_auth_method("userpass", path="people")
    with pytest.raises(InvalidRequest, match="invalid username or password"):
        nobody.auth.userpass.login("anna", "correct horse", mount_point="people")
