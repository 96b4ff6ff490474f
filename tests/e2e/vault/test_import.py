"""`trstctl import vault`, from one server to another over TLS: every version, what is told of it, again and again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from subprocess import CompletedProcess
from typing import Any

import hvac
import pytest

from tests.e2e.server import Server, dev_server, trstctl

pytestmark = pytest.mark.filterwarnings("ignore:The raise_on_deleted_version:DeprecationWarning")


def kv(server: Server) -> Any:
    url = f"https://127.0.0.1:{server.port}"
    return hvac.Client(url=url, token=server.token, verify=str(server.folder / "tls.crt")).secrets.kv.v2


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """What is to be moved: it answers as Vault does."""
    with dev_server(tmp_path_factory.mktemp("source") / "data") as running:
        v2 = kv(running)
        for number in range(4):
            v2.create_or_update_secret("app/db", {"password": f"pw-{number}", "größe": number})
        v2.destroy_secret_versions("app/db", [1])
        v2.delete_secret_versions("app/db", [2])
        v2.update_metadata("app/db", max_versions=9, custom_metadata={"team": "a"}, delete_version_after="300h")
        v2.create_or_update_secret("my key/ü", {"deep": {"list": [1, None, True]}})
        v2.create_or_update_secret("app", {"a": "a name and a folder"})
        yield running


@pytest.fixture
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dev_server(tmp_path_factory.mktemp("target") / "data") as running:
        yield running


def imported(source: Server, target: Server, *words: str, **more: str) -> CompletedProcess[str]:
    environment = {
        "VAULT_ADDR": f"https://localhost:{source.port}", "VAULT_TOKEN": source.token,
        "VAULT_CACERT": str(source.folder / "tls.crt"), "TRSTCTL_SERVER": f"https://localhost:{target.port}",
        "TRSTCTL_TOKEN": target.token, "TRSTCTL_CACERT": str(target.folder / "tls.crt"),
    }  # fmt: skip
    return trstctl("import", "vault", "-o", "json", *words, **{**environment, **more})


def report(outcome: CompletedProcess[str]) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(outcome.stdout)
    return told


def test_everything_comes_over_under_its_own_number(source: Server, target: Server) -> None:
    dry = imported(source, target, "--dry-run")
    assert (dry.returncode, report(dry)["versions"], report(dry)["unreadable"]) == (0, 6, 2)
    outcome = imported(source, target)
    told = report(outcome)
    assert (outcome.returncode, told["names"], told["versions"], told["there"]) == (0, 3, 6, 0), outcome.stderr
    assert (told["failed"], told["different"]) == ({}, {})
    v2 = kv(target)
    third = v2.read_secret_version("app/db", version=3, raise_on_deleted_version=True)["data"]
    assert third["data"] == {"password": "pw-2", "größe": 2}
    metadata = v2.read_secret_metadata("app/db")["data"]
    assert metadata["custom_metadata"] == {"team": "a"}
    assert (metadata["max_versions"], metadata["delete_version_after"]) == (9, "300h0m0s")
    assert [metadata["versions"][str(number)]["destroyed"] for number in (1, 2, 3, 4)] == [True, True, False, False]
    assert v2.read_secret_version("my key/ü", raise_on_deleted_version=True)["data"]["data"] == {
        "deep": {"list": [1, None, True]}
    }


def test_a_second_run_brings_what_is_new_and_nothing_twice(source: Server, target: Server) -> None:
    assert imported(source, target).returncode == 0
    kv(source).create_or_update_secret("app", {"a": "newer"})
    again = report(imported(source, target))
    assert (again["versions"], again["there"], again["different"]) == (1, 6, {})
    assert report(imported(source, target))["versions"] == 0


def test_a_copy_that_was_cut_off_goes_on(source: Server, target: Server) -> None:
    """As it is after a kill: some versions are there, and nothing of what is told of them."""
    first = imported(source, target, "--prefix", "app/")
    assert first.returncode == 0
    assert report(imported(source, target))["there"] == 4
    assert imported(source, target).returncode == 0


def test_what_was_changed_here_is_not_written_over(source: Server, target: Server) -> None:
    kv(target).create_or_update_secret("app", {"mine": "1"})
    outcome = imported(source, target)
    told = report(outcome)
    assert (outcome.returncode, list(told["failed"])) == (1, ["app"])
    assert "was not imported" in told["failed"]["app"]
    assert kv(target).read_secret_version("app", raise_on_deleted_version=True)["data"]["data"] == {"mine": "1"}


def test_a_difference_is_told_without_values(source: Server, target: Server) -> None:
    assert imported(source, target).returncode == 0
    kv(target).update_metadata("app/db", custom_metadata={"team": "b"})
    outcome = imported(source, target, "--no-compare")
    assert outcome.returncode == 0, "what is told of a name is brought over again"
    kv(target).destroy_secret_versions("app/db", [4])
    told = report(imported(source, target))
    assert list(told["different"]) == ["app/db"]
    assert "pw-" not in json.dumps(told)


@pytest.mark.parametrize(
    "more, says",
    [
        ({"VAULT_TOKEN": ""}, "VAULT_TOKEN"),
        ({"TRSTCTL_TOKEN": ""}, "TRSTCTL_TOKEN"),
        ({"VAULT_TOKEN": "hvs.wrong"}, "403"),
        ({"VAULT_ADDR": "http://vault.example"}, "in the clear"),
        ({"VAULT_ADDR": "https://localhost:1"}, "does not answer"),
    ],
)
def test_what_cannot_be_done_is_told_with_a_remedy(source: Server, more: dict[str, str], says: str) -> None:
    outcome = imported(source, source, **more)
    assert outcome.returncode in {1, 2}
    assert says in outcome.stderr
    assert outcome.stdout == ""


def test_another_kind_of_mount_is_refused(source: Server) -> None:
    outcome = imported(source, source, "--mount", "transit")
    assert (outcome.returncode, "no KV version 2" in outcome.stderr) == (2, True)
