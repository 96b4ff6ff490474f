"""The Python client hvac, unchanged, over TLS: every method it has for KV version 2 and version 1."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import hvac
import pytest
from hvac.exceptions import Forbidden, InvalidPath, InvalidRequest

from tests.e2e.server import Server, dev_server

pytestmark = pytest.mark.filterwarnings("ignore:The raise_on_deleted_version:DeprecationWarning")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with dev_server(tmp_path_factory.mktemp("hvac") / "data") as running:
        yield running


def client_of(server: Server, token: str | None = None) -> hvac.Client:
    url, verify = f"https://127.0.0.1:{server.port}", str(server.folder / "tls.crt")
    return hvac.Client(url=url, token=token or server.token, verify=verify)


@pytest.fixture
def v2(server: Server) -> Any:
    return client_of(server).secrets.kv.v2


def test_secrets_are_written_and_read_by_version(v2: Any) -> None:
    written = v2.create_or_update_secret("rw/a", {"user": "u", "password": "ü 1"}, cas=0)
    assert written["data"]["version"] == 1
    v2.create_or_update_secret("rw/a", {"user": "u2"})
    assert v2.read_secret("rw/a", raise_on_deleted_version=True)["data"]["data"] == {"user": "u2"}
    first = v2.read_secret_version("rw/a", version=1, raise_on_deleted_version=True)
    assert first["data"]["data"] == {"user": "u", "password": "ü 1"}
    assert first["data"]["metadata"]["version"] == 1
    with pytest.raises(InvalidRequest, match="check-and-set parameter did not match the current version"):
        v2.create_or_update_secret("rw/a", {}, cas=1)
    with pytest.raises(InvalidPath):
        v2.read_secret_version("rw/never", raise_on_deleted_version=True)


def test_patch_is_read_and_written_with_check_and_set(v2: Any) -> None:
    v2.create_or_update_secret("patch/a", {"a": "1", "b": "2"})
    assert v2.patch("patch/a", {"b": "3", "c": "4"})["data"]["version"] == 2
    found = v2.read_secret_version("patch/a", raise_on_deleted_version=True)["data"]["data"]
    assert found == {"a": "1", "b": "3", "c": "4"}
    with pytest.raises(InvalidPath):
        v2.patch("patch/never", {"a": "1"})


def test_the_latest_version_is_deleted_and_undeleted(v2: Any) -> None:
    v2.create_or_update_secret("end/a", {"a": "1"})
    assert v2.delete_latest_version_of_secret("end/a").status_code == 204
    with pytest.raises(InvalidPath):
        v2.read_secret_version("end/a", raise_on_deleted_version=True)
    shown = v2.read_secret_version("end/a", raise_on_deleted_version=False)["data"]
    assert (shown["data"], bool(shown["metadata"]["deletion_time"])) == (None, True)
    assert v2.undelete_secret_versions("end/a", [1]).status_code == 204
    assert v2.read_secret_version("end/a", raise_on_deleted_version=True)["data"]["data"] == {"a": "1"}


def test_versions_are_deleted_and_destroyed(v2: Any) -> None:
    for number in range(3):
        v2.create_or_update_secret("end/b", {"n": number})
    assert v2.delete_secret_versions("end/b", [1, 2]).status_code == 204
    assert v2.destroy_secret_versions("end/b", [2]).status_code == 204
    versions = v2.read_secret_metadata("end/b")["data"]["versions"]
    assert [bool(versions[number]["deletion_time"]) for number in "123"] == [True, True, False]
    assert [versions[number]["destroyed"] for number in "123"] == [False, True, False]
    for verb in ("delete", "undelete", "destroy"):  # hvac itself refuses to send none
        with pytest.raises(InvalidRequest, match=r"(?i)no version number provided"):
            v2._adapter.post(f"/v1/secret/{verb}/end/b", json={"versions": []})


def test_metadata_is_set_and_told(v2: Any) -> None:
    settings = {"max_versions": 5, "cas_required": True, "delete_version_after": "1h2m3s"}
    answer = v2.update_metadata("meta/a", **settings, custom_metadata={"owner": "ops"})
    assert answer.status_code == 204
    data = v2.read_secret_metadata("meta/a")["data"]
    assert {name: data[name] for name in settings} == settings
    assert data["custom_metadata"] == {"owner": "ops"}
    with pytest.raises(InvalidRequest, match="check-and-set parameter required for this call"):
        v2.create_or_update_secret("meta/a", {})
    written = v2.create_or_update_secret("meta/a", {}, cas=0)["data"]
    assert written["custom_metadata"] == {"owner": "ops"}
    assert written["deletion_time"] > written["created_time"]


def test_a_key_is_deleted_with_all_its_versions(v2: Any) -> None:
    v2.create_or_update_secret("all/a", {"a": "1"})
    v2.create_or_update_secret("all/a", {"a": "2"})
    assert v2.delete_metadata_and_all_versions("all/a").status_code == 204
    for method in (v2.read_secret_metadata, v2.read_secret):
        with pytest.raises(InvalidPath):
            method("all/a")
    assert v2.create_or_update_secret("all/a", {"a": "3"}, cas=0)["data"]["version"] == 1


def test_names_are_listed(v2: Any) -> None:
    for path in ("list/a", "list/b/c", "list/ü x"):
        v2.create_or_update_secret(path, {"a": "1"})
    assert v2.list_secrets("list")["data"]["keys"] == ["a", "b/", "ü x"]
    assert "list/" in v2.list_secrets("")["data"]["keys"]
    with pytest.raises(InvalidPath):
        v2.list_secrets("list/never")


def test_the_mount_is_configured(v2: Any) -> None:
    assert v2.read_configuration()["data"] == {"max_versions": 0, "cas_required": False, "delete_version_after": "0s"}
    assert v2.configure(max_versions=7, delete_version_after="1h").status_code == 204
    assert v2.read_configuration()["data"]["max_versions"] == 7
    assert v2.configure(max_versions=0, delete_version_after="0s").status_code == 204


def test_a_version_ends_while_nobody_is_there(v2: Any) -> None:
    v2.update_metadata("soon/a", delete_version_after="1s")
    v2.create_or_update_secret("soon/a", {"a": "1"})
    end = time.monotonic() + 30
    while time.monotonic() < end:
        try:
            v2.read_secret_version("soon/a", raise_on_deleted_version=True)
        except InvalidPath:
            break
        time.sleep(0.1)
    else:
        pytest.fail("the version did not end")


def test_who_may_not_is_told_so(server: Server) -> None:
    stranger = client_of(server, "hvs.unknown").secrets.kv.v2
    with pytest.raises(Forbidden, match="permission denied"):
        stranger.read_secret("rw/a")
