"""The command line of OpenBao, or of Vault, unchanged, where one is installed: `kv`, `token`, `policy`, Agent, more."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.server import Server, dev_server
from tests.e2e.vault.test_other_clients import environment

STOCK = shutil.which("bao") or shutil.which("vault") or ""
pytestmark = pytest.mark.skipif(not STOCK, reason="neither bao nor vault is on the PATH")

AGENT = """
exit_after_auth = true
auto_auth {
  method "approle" {
    mount_path = "auth/approle"
    config = { role_id_file_path = "role-id", secret_id_file_path = "secret-id" }
  }
  sink "file" { config = { path = "token" } }
}
template {
  contents = "password={{ with secret \\"secret/data/agent/db\\" }}{{ .Data.data.password }}{{ end }}"
  destination = "app.env"
}
"""


class Command:
    """The command, with a server in its environment."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.folder = folder
        self._environment = environment(server) | {"HOME": str(folder)}

    def __call__(self, *words: str, stdin: str = "", expect: int = 0, **more: str) -> str:
        """Run it to its end with this exit code; what it printed."""
        outcome = subprocess.run(
            [STOCK, *words], input=stdin, cwd=self.folder, env=self._environment | more, capture_output=True, text=True,
            timeout=60, check=False,
        )  # fmt: skip
        assert outcome.returncode == expect, f"{words}: {outcome.stdout}{outcome.stderr}"
        return outcome.stdout

    def json(self, *words: str) -> Any:
        *verbs, target = words
        return json.loads(self(*verbs, "-format=json", target))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dev_server(tmp_path_factory.mktemp("stock") / "data") as running:
        yield running


@pytest.fixture
def stock(server: Server, tmp_path: Path) -> Command:
    return Command(server, tmp_path)


def test_the_commands_of_the_mission_work_as_written(stock: Command, server: Server) -> None:
    stock("login", "-no-store", server.token)
    stock("kv", "put", "secret/db", "username=payments", "password=s3cr3t")
    found = json.loads(stock("kv", "get", "-format=json", "secret/db"))
    assert found["data"]["data"] == {"username": "payments", "password": "s3cr3t"}


def test_versions_come_and_go(stock: Command) -> None:
    for number in range(3):
        stock("kv", "put", "secret/v/a", f"n={number}")
    stock("kv", "patch", "secret/v/a", "more=1")
    stock("kv", "put", "-cas=1", "secret/v/a", "n=9", expect=2)
    stock("kv", "delete", "secret/v/a")
    assert "deletion_time" in stock("kv", "get", "secret/v/a")
    stock("kv", "undelete", "-versions=4", "secret/v/a")
    stock("kv", "rollback", "-version=1", "secret/v/a")
    assert stock("kv", "get", "-field=n", "secret/v/a") == "0"
    stock("kv", "destroy", "-versions=1", "secret/v/a")
    stock("kv", "metadata", "put", "-max-versions=9", "-custom-metadata=team=a", "secret/v/a")
    assert "team:a" in stock("kv", "metadata", "get", "secret/v/a")
    assert stock.json("kv", "list", "secret/v") == ["a"]
    stock("kv", "metadata", "delete", "secret/v/a")
    stock("kv", "get", "secret/v/a", expect=2)


def test_mounts_policies_and_tokens_are_managed(stock: Command) -> None:
    assert "false" in stock("status")
    stock("secrets", "enable", "-path=stock", "-version=2", "kv")
    assert json.loads(stock("secrets", "list", "-format=json"))["stock/"]["options"] == {"version": "2"}
    stock("kv", "put", "stock/a", "x=1")
    stock("policy", "write", "stock", "-", stdin='path "stock/data/*" { capabilities = ["read"] }')
    token = stock("token", "create", "-policy=stock", "-ttl=1h", "-field=token")
    assert stock("kv", "get", "-field=x", "stock/a", BAO_TOKEN=token, VAULT_TOKEN=token) == "1"
    stock("kv", "put", "stock/a", "x=2", expect=2, BAO_TOKEN=token, VAULT_TOKEN=token)
    assert stock("token", "capabilities", token, "stock/data/a").strip() == "read"
    stock("token", "renew", token)
    stock("token", "revoke", token)
    stock("kv", "get", "stock/a", expect=2, BAO_TOKEN=token, VAULT_TOKEN=token)
    wrapping = json.loads(stock("kv", "get", "-wrap-ttl=60s", "-format=json", "stock/a"))["wrap_info"]["token"]
    assert json.loads(stock("unwrap", "-format=json", wrapping))["data"]["data"] == {"x": "1"}
    stock("unwrap", wrapping, expect=2)
    stock("secrets", "disable", "stock")


def test_the_agent_logs_in_and_fills_its_template_in(stock: Command) -> None:
    stock("auth", "enable", "approle")
    stock("policy", "write", "agent", "-", stdin='path "secret/data/agent/*" { capabilities = ["read"] }')
    stock("write", "auth/approle/role/agent", "token_policies=agent", "token_ttl=20m")
    (stock.folder / "role-id").write_text(stock("read", "-field=role_id", "auth/approle/role/agent/role-id"))
    (stock.folder / "secret-id").write_text(
        stock("write", "-f", "-field=secret_id", "auth/approle/role/agent/secret-id")
    )
    stock("kv", "put", "secret/agent/db", "password=p1")
    (stock.folder / "agent.hcl").write_text(AGENT)
    stock("agent", "-config=agent.hcl", VAULT_TOKEN="", BAO_TOKEN="")
    assert (stock.folder / "app.env").read_text() == "password=p1"
