"""The Python client hvac, unchanged, over TLS, in key-value mounts that it enables itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hvac
import pytest
from hvac.exceptions import InvalidPath

from tests.e2e.server import dev_server


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with dev_server(tmp_path_factory.mktemp("hvac") / "data") as server:
        url, verify = f"https://127.0.0.1:{server.port}", str(server.folder / "tls.crt")
        yield hvac.Client(url=url, token=server.token, verify=verify)


def test_version_one_in_a_mount_of_its_own(client: Any) -> None:
    client.sys.enable_secrets_engine("kv", path="old", options={"version": 1})
    v1: Any = client.secrets.kv.v1
    assert v1.create_or_update_secret("a/b", {"x": "1"}, mount_point="old").status_code == 204
    assert v1.create_or_update_secret("a/b", {"x": "2"}, mount_point="old").status_code == 204
    answer = v1.read_secret("a/b", mount_point="old")
    assert (answer["data"], answer["lease_duration"]) == ({"x": "2"}, 2764800)
    assert v1.list_secrets("a", mount_point="old")["data"]["keys"] == ["b"]
    assert v1.delete_secret("a/b", mount_point="old").status_code == 204
    with pytest.raises(InvalidPath):
        v1.read_secret("a/b", mount_point="old")
    with pytest.raises(InvalidPath):
        v1.list_secrets("a", mount_point="old")


def test_version_two_in_a_mount_of_its_own_keeps_ten(client: Any) -> None:
    client.sys.enable_secrets_engine("kv", path="two", options={"version": 2})
    v2 = client.secrets.kv.v2
    for number in range(11):
        v2.create_or_update_secret("a", {"n": number}, mount_point="two")
    data = v2.read_secret_metadata("a", mount_point="two")["data"]
    assert (len(data["versions"]), data["oldest_version"]) == (10, 2)
