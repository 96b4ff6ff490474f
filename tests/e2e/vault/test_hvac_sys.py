"""The Python client hvac, unchanged, over TLS: its methods for the system, as far as the surface serves them."""

from __future__ import annotations

from collections.abc import Iterator

import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest, UnexpectedError

from tests.e2e.server import Server, dev_server

POLICY = """
path "secret/data/app/*" {
  capabilities = ["read", "update"]
}
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dev_server(tmp_path_factory.mktemp("hvac") / "data") as running:
        yield running


def client_of(server: Server, token: str | None) -> hvac.Client:
    return hvac.Client(url=f"https://127.0.0.1:{server.port}", token=token or "", verify=str(server.folder / "tls.crt"))


@pytest.fixture
def root(server: Server) -> hvac.Client:
    return client_of(server, server.token)


@pytest.fixture
def nobody(server: Server) -> hvac.Client:
    return client_of(server, None)


def test_the_server_is_up_initialised_and_open(nobody: hvac.Client) -> None:
    assert nobody.sys.is_initialized()
    assert not nobody.sys.is_sealed()
    assert nobody.sys.read_init_status() == {"initialized": True}
    assert nobody.sys.read_health_status(method="GET")["initialized"] is True
    assert nobody.sys.read_health_status().status_code == 200
    assert nobody.sys.read_leader_status()["is_self"] is True
    assert nobody.sys.read_seal_status()["progress"] == 0
    assert nobody.seal_status["t"] == 1
    assert nobody.sys.submit_unseal_key("key")["sealed"] is False
    with pytest.raises(InvalidRequest, match="Vault is already initialized"):
        nobody.sys.initialize(1, 1)


def test_it_is_not_sealed_over_the_network(root: hvac.Client) -> None:
    with pytest.raises(InvalidRequest, match="not sealed over the network"):
        root.sys.seal()


def test_policies_are_written_read_listed_and_deleted(root: hvac.Client) -> None:
    assert root.sys.create_or_update_policy("app", POLICY).status_code == 204
    assert root.sys.read_policy("app")["data"]["rules"] == POLICY
    assert "app" in root.sys.list_policies()["data"]["policies"]
    assert root.sys.delete_policy("app").status_code == 204
    assert root.sys.create_or_update_acl_policy("app", {"path": {"secret/*": {"capabilities": ["read"]}}}).ok
    assert '"secret/*"' in root.sys.read_acl_policy("app")["data"]["policy"]
    assert "app" in root.sys.list_acl_policies()["data"]["keys"]
    assert root.sys.delete_acl_policy("app").status_code == 204
    with pytest.raises(InvalidPath):
        root.sys.read_policy("app")
    with pytest.raises(InvalidRequest, match="invalid capability 'reed'"):
        root.sys.create_or_update_policy("app", 'path "a" { capabilities = ["reed"] }')


def test_a_token_has_what_its_policies_give(root: hvac.Client, server: Server) -> None:
    root.secrets.kv.v2.create_or_update_secret("app/db", {"a": "1"})
    root.secrets.kv.v2.create_or_update_secret("other", {"a": "1"})
    root.sys.create_or_update_policy("app", POLICY)
    token = root.auth.token.create(policies=["app"], ttl="1h")["auth"]["client_token"]
    client = client_of(server, token)
    assert client.is_authenticated()
    assert client.secrets.kv.v2.read_secret("app/db", raise_on_deleted_version=True)["data"]["data"] == {"a": "1"}
    assert client.secrets.kv.v2.create_or_update_secret("app/db", {"a": "2"})["data"]["version"] == 2
    with pytest.raises(Forbidden):
        client.secrets.kv.v2.create_or_update_secret("app/new", {"a": "1"})
    with pytest.raises(Forbidden):
        client.secrets.kv.v2.read_secret("other", raise_on_deleted_version=True)
    capabilities = client.sys.get_capabilities(["secret/data/app/db", "secret/data/other"])
    assert capabilities["secret/data/app/db"] == ["read", "update"]
    assert capabilities["data"]["secret/data/other"] == ["deny"]
    assert root.sys.get_capabilities("secret/data/app/db", token=token)["capabilities"] == ["read", "update"]
    accessor = client.auth.token.lookup_self()["data"]["accessor"]
    assert root.sys.get_capabilities(["secret/data/x"], accessor=accessor)["secret/data/x"] == ["deny"]


def test_engines_are_enabled_tuned_and_disabled(root: hvac.Client) -> None:
    assert "secret/" in root.sys.list_mounted_secrets_engines()
    enabled = root.sys.enable_secrets_engine("kv", "team/kv", description="ours", options={"version": 2})
    assert enabled.status_code == 204
    assert root.sys.list_mounted_secrets_engines()["data"]["team/kv/"]["description"] == "ours"
    assert root.sys.retrieve_mount_option("team/kv", "version") == "2"
    root.secrets.kv.v2.create_or_update_secret("a", {"x": "1"}, mount_point="team/kv")
    assert root.sys.tune_mount_configuration("team/kv", default_lease_ttl="1h", description="new").status_code == 204
    tuned = root.sys.read_mount_configuration("team/kv")["data"]
    assert (tuned["default_lease_ttl"], tuned["description"]) == (3600, "new")
    with pytest.raises(InvalidRequest, match="path is already in use at team/kv/"):
        root.sys.enable_secrets_engine("kv", "team/kv")
    with pytest.raises(UnexpectedError, match="unsupported operation"):
        root.sys.move_backend("team/kv", "team/other")
    assert root.sys.disable_secrets_engine("team/kv").status_code == 204
    assert "team/kv/" not in root.sys.list_mounted_secrets_engines()["data"]


def test_login_methods_are_enabled_tuned_and_disabled(root: hvac.Client) -> None:
    assert root.sys.enable_auth_method("userpass", description="us", path="people").status_code == 204
    assert root.sys.list_auth_methods()["people/"]["type"] == "userpass"
    assert root.sys.tune_auth_method("people", max_lease_ttl="2h", default_lease_ttl="1h").status_code == 204
    assert root.sys.read_auth_method_tuning("people")["data"]["max_lease_ttl"] == 7200
    assert root.sys.disable_auth_method("people").status_code == 204
    assert set(root.sys.list_auth_methods()["data"]) == {"token/"}


def test_the_log_is_the_audit_device(root: hvac.Client) -> None:
    assert "log/" in root.sys.list_enabled_audit_devices()
    with pytest.raises(UnexpectedError, match="unsupported operation"):
        root.sys.enable_audit_device("file", options={"path": "/tmp/x"})  # noqa: S108 - nobody writes it


def test_there_are_no_leases_to_begin_with(root: hvac.Client) -> None:
    with pytest.raises(InvalidPath):
        root.sys.list_leases("database/creds/none")
    with pytest.raises(InvalidRequest, match="invalid lease"):
        root.sys.read_lease("database/creds/none/x")
    assert root.sys.revoke_prefix("database/creds/none").status_code == 202
    assert root.sys.revoke_force("database/creds/none").status_code == 202


def test_state_of_the_key_is_told(root: hvac.Client) -> None:
    assert root.sys.get_encryption_key_status()["data"]["term"] == 1


def test_what_is_not_served_is_not_found(root: hvac.Client) -> None:
    for call in (
        root.sys.read_rekey_progress,
        root.sys.read_root_generation_progress,
        root.sys.list_namespaces,
        root.sys.read_raft_config,
        root.sys.list_egp_policies,
        lambda: root.sys.read_quota("x"),
    ):
        with pytest.raises(InvalidPath, match="no handler for route"):
            call()
