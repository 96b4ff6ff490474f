"""KV version 2: versions deleted, undeleted, destroyed, pruned, ended by the clock; metadata, lists, mounts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant
from tests.integration.vault.kv import PATCHED, gone, mount, nothing, put, refused

pytestmark = pytest.mark.anyio

DATA = "secret/data/a"
META = "secret/metadata/a"


@pytest.fixture
async def mounted(acme: VaultTenant) -> VaultClient:
    """The tenant's operator, with further mounts."""
    await mount(acme, "kv2", 2)
    await mount(acme, "team/kv2", 2)
    return acme


async def some(client: VaultClient, count: int, path: str = DATA) -> None:
    for number in range(1, count + 1):
        await put(client, path, {"n": number})


async def states(client: VaultClient, path: str = META) -> dict[str, str]:
    versions = (await client.data("GET", path))["versions"]
    return {
        number: "destroyed" if each["destroyed"] else "deleted" if each["deletion_time"] else "shown"
        for number, each in versions.items()
    }


@pytest.mark.parametrize("versions", [[1, 2], ["1", "2"], "1,2", ["2", 1, 9]])
async def test_versions_are_told_as_numbers_texts_or_with_commas(acme: VaultTenant, versions: Any) -> None:
    await some(acme, 3)
    assert (await acme("PUT", "secret/delete/a", {"versions": versions})).status == 204
    assert await states(acme) == {"1": "deleted", "2": "deleted", "3": "shown"}
    assert (await acme("POST", "secret/undelete/a", {"versions": versions})).status == 204
    assert set((await states(acme)).values()) == {"shown"}
    assert (await acme("PUT", "secret/destroy/a", {"versions": versions})).status == 204
    assert await states(acme) == {"1": "destroyed", "2": "destroyed", "3": "shown"}
    assert gone(await acme("GET", f"{DATA}?version=1"))["metadata"]["destroyed"] is True


@pytest.mark.parametrize(
    "path,text",
    [
        ("delete", "No version number provided"), ("undelete", "No version number provided"),
        ("destroy", "no version number provided"),
    ],
)  # fmt: skip
async def test_no_versions_are_refused_and_an_unknown_key_is_not(acme: VaultTenant, path: str, text: str) -> None:
    bodies: list[Any] = [{}, {"versions": []}, {"versions": ""}, None]
    for body in bodies:
        assert refused(await acme("PUT", f"secret/{path}/a", body), text)
    assert (await acme("PUT", f"secret/{path}/a", {"versions": ["x"]})).status == 400
    assert (await acme("PUT", f"secret/{path}/never", {"versions": [1]})).status == 204


async def test_metadata_tells_all_that_is_set_and_every_version(acme: VaultTenant) -> None:
    await some(acme, 2)
    data = await acme.data("GET", META)
    versions = data.pop("versions")
    assert [*versions] == ["2", "1"]
    assert set(versions["1"]) == {"created_time", "deletion_time", "destroyed"}
    assert data.pop("created_time") == versions["1"]["created_time"]
    assert data.pop("updated_time") == versions["2"]["created_time"]
    assert data == {
        "cas_required": False, "current_version": 2, "custom_metadata": None, "delete_version_after": "0s",
        "max_versions": 0, "oldest_version": 0,
    }  # fmt: skip


async def test_metadata_is_set_in_part_also_before_the_first_version(acme: VaultTenant) -> None:
    assert (await acme("PUT", META, {"custom_metadata": {"owner": "ops", "n": 1}})).status == 204
    assert (await acme("POST", META, {"max_versions": "5", "delete_version_after": "1h30m"})).status == 204
    data = await acme.data("GET", META)
    assert (data["versions"], data["current_version"]) == ({}, 0)
    assert data["custom_metadata"] == {"owner": "ops", "n": "1"}
    assert (data["max_versions"], data["delete_version_after"], data["cas_required"]) == (5, "1h30m0s", False)
    assert nothing(await acme("GET", DATA))
    written = await put(acme, DATA, {}, cas=0)
    assert written["version"] == 1
    assert written["custom_metadata"] == {"owner": "ops", "n": "1"}
    await acme.data("PUT", META, {"custom_metadata": {"b": True}})
    assert (await acme.data("GET", DATA))["metadata"]["custom_metadata"] == {"b": "1"}


async def test_metadata_is_patched_by_entry_and_null_resets(acme: VaultTenant) -> None:
    assert nothing(await acme("PATCH", META, {"max_versions": 3}, **PATCHED))
    assert nothing(await acme("PATCH", META, {}, **PATCHED))
    await acme.data("PUT", META, {"max_versions": 3, "cas_required": True, "custom_metadata": {"a": "1", "b": "2"}})
    assert (await acme("PATCH", META, {}, **PATCHED)).status == 204
    assert (await acme("PATCH", META, {"custom_metadata": {"a": None, "c": "3"}}, **PATCHED)).status == 204
    data = await acme.data("GET", META)
    assert (data["custom_metadata"], data["max_versions"], data["cas_required"]) == ({"b": "2", "c": "3"}, 3, True)
    everything = {"max_versions": None, "cas_required": None, "custom_metadata": None, "delete_version_after": None}
    await acme.data("PATCH", META, everything, **PATCHED)
    data = await acme.data("GET", META)
    assert (data["custom_metadata"], data["max_versions"], data["cas_required"]) == (None, 0, False)


@pytest.mark.parametrize(
    "body",
    [
        {"delete_version_after": "-1s"}, {"max_versions": "many"}, {"cas_required": "perhaps"}, {"max_versions": -1},
        {"custom_metadata": {str(number): "x" for number in range(65)}}, {"custom_metadata": {"a": {"b": "c"}}},
        {"custom_metadata": {"a": "x" * 513}}, {"custom_metadata": "x"},
    ],
)  # fmt: skip
async def test_metadata_that_is_wrong_is_refused_whole(acme: VaultTenant, body: dict[str, Any]) -> None:
    answer = await acme("PUT", META, body)
    assert answer.status == 400
    if isinstance(body.get("custom_metadata"), dict):
        assert answer.json()["errors"][0].startswith("custom_metadata validation failed")
    assert nothing(await acme("GET", META))


async def test_more_versions_than_are_kept_vanish_with_the_next_write(acme: VaultTenant) -> None:
    await some(acme, 4)
    await acme.data("PUT", META, {"max_versions": 2})
    assert len(await states(acme)) == 4
    await put(acme, DATA, {"n": 5})
    data = await acme.data("GET", META)
    assert ([*data["versions"]], data["oldest_version"], data["current_version"]) == (["5", "4"], 4, 5)
    assert nothing(await acme("GET", f"{DATA}?version=3"))


async def test_a_further_mount_keeps_ten_and_the_store_itself_all(mounted: VaultClient) -> None:
    await some(mounted, 12, "kv2/data/a")
    assert len(await states(mounted, "kv2/metadata/a")) == 10
    await some(mounted, 12)
    assert len(await states(mounted)) == 12
    await mounted.data("PUT", "kv2/config", {"max_versions": 12})
    await some(mounted, 3, "kv2/data/a")
    assert len(await states(mounted, "kv2/metadata/a")) == 12
    await mounted.data("PUT", "kv2/metadata/a", {"max_versions": 1})
    await some(mounted, 1, "kv2/data/a")
    assert len(await states(mounted, "kv2/metadata/a")) == 12  # the larger number counts


async def test_a_version_ends_by_the_clock(acme: VaultTenant) -> None:
    await acme.data("PUT", META, {"delete_version_after": "60s"})
    written = await put(acme, DATA, {"a": 1})
    assert written["deletion_time"] > written["created_time"]
    assert (await acme.data("GET", DATA))["metadata"]["deletion_time"] == written["deletion_time"]
    acme.system.clock.advance(seconds=61)
    assert gone(await acme("GET", DATA))["metadata"]["deletion_time"] == written["deletion_time"]
    await acme.system.process()
    assert (await acme.data("GET", META))["versions"]["1"]["deletion_time"] == written["deletion_time"]
    await acme.data("PUT", "secret/undelete/a", {"versions": [1]})
    assert (await acme.data("GET", DATA))["metadata"]["deletion_time"] > written["deletion_time"]


async def test_the_mount_says_what_keys_do_not(mounted: VaultClient) -> None:
    assert await mounted.data("GET", "kv2/config") == {
        "cas_required": False, "delete_version_after": "0s", "max_versions": 0,
    }  # fmt: skip
    config = {"cas_required": "true", "delete_version_after": "1h", "max_versions": "3"}
    assert (await mounted("POST", "kv2/config", config)).status == 204
    assert await mounted.data("GET", "kv2/config") == {
        "cas_required": True, "delete_version_after": "1h0m0s", "max_versions": 3,
    }  # fmt: skip
    assert refused(await mounted("PUT", "kv2/data/a", {"data": {}}), "check-and-set parameter required for this call")
    assert (await put(mounted, "kv2/data/a", {}, cas=0))["deletion_time"]
    assert (await put(mounted, "team/kv2/data/a", {}))["deletion_time"] == ""
    answer = await mounted("PUT", "kv2/metadata/a", {"cas_required": False})
    assert answer.status == 200
    assert answer.json()["warnings"] == [
        '"cas_required" set to false, but is mandated by backend config. This value will be ignored.'
    ]
    await mounted.data("PUT", "kv2/config", {"delete_version_after": "-1s", "cas_required": False})
    assert (await mounted.data("GET", "kv2/config"))["delete_version_after"] == "-1s"
    await mounted.data("PUT", "kv2/metadata/a", {"delete_version_after": "1m"})
    assert (await put(mounted, "kv2/data/a", {}))["deletion_time"] == ""
    assert (await mounted.data("GET", "kv2/config"))["max_versions"] == 3


async def test_a_forgotten_key_begins_at_one(acme: VaultTenant) -> None:
    await some(acme, 3)
    await acme.data("PUT", META, {"custom_metadata": {"a": "b"}, "cas_required": True})
    assert (await acme("DELETE", META)).status == 204
    assert nothing(await acme("GET", META))
    assert nothing(await acme("GET", DATA))
    assert (await acme("DELETE", META)).status == 204
    written = await put(acme, DATA, {"n": 1}, cas=0)
    assert (written["version"], written["custom_metadata"]) == (1, None)
    assert (await acme.data("GET", f"{DATA}?version=1"))["data"] == {"n": 1}
    assert nothing(await acme("GET", f"{DATA}?version=2"))
    await some(acme, 1)
    await acme.data("PUT", "secret/destroy/a", {"versions": [1]})
    assert await states(acme) == {"2": "shown", "1": "destroyed"}
    native = (await acme.native("GET", "/api/v1/secrets/store/a")).json()
    assert native["version"] == 5
    await acme.data("PUT", META, {"max_versions": 1})
    await some(acme, 1)
    assert (await acme.data("GET", META))["oldest_version"] == 3


async def test_lists_show_one_level_sorted_with_what_is_deleted(acme: VaultTenant) -> None:
    assert nothing(await acme("LIST", "secret/metadata"))
    for path in ("a", "a/b", "a/c/d", "a-b", "z ü", "approvals", "export/x"):
        await put(acme, f"secret/data/{path}", {})
    await acme.data("PUT", "secret/metadata/only-set", {})
    await acme("DELETE", "secret/data/a")
    wanted = ["a", "a-b", "a/", "approvals", "export/", "only-set", "z ü"]
    assert (await acme.data("LIST", "secret/metadata"))["keys"] == wanted
    assert (await acme.data("GET", "secret/metadata/?list=true"))["keys"] == wanted
    for path in ("secret/metadata/a", "secret/metadata/a/"):
        assert (await acme.data("LIST", path))["keys"] == ["b", "c/"]
    assert (await acme.data("LIST", "secret/metadata/export"))["keys"] == ["x"]
    assert nothing(await acme("LIST", "secret/metadata/a-b"))
    assert (await acme.data("GET", "secret/metadata?list=1&after=a-b&limit=2"))["keys"] == ["a/", "approvals"]


async def test_lists_of_mounts_are_apart(mounted: VaultClient) -> None:
    for path in ("secret/data/one", "kv2/data/two", "team/kv2/data/three/four"):
        await put(mounted, path, {})
    assert (await mounted.data("LIST", "secret/metadata"))["keys"] == ["one"]
    assert (await mounted.data("LIST", "kv2/metadata"))["keys"] == ["two"]
    assert (await mounted.data("LIST", "team/kv2/metadata"))["keys"] == ["three/"]
    assert (await mounted.data("LIST", "team/kv2/metadata/three"))["keys"] == ["four"]
    assert nothing(await mounted("GET", "kv2/data/one"))


async def test_lists_show_what_the_caller_may_list(acme: VaultTenant) -> None:
    for path in ("app/a", "app/b/c", "other/d", "top"):
        await put(acme, f"secret/data/{path}", {})
    some_of = await acme.holding("secrets:list:app/*")
    assert (await some_of.data("LIST", "secret/metadata"))["keys"] == ["app/"]
    assert (await some_of.data("LIST", "secret/metadata/app"))["keys"] == ["a", "b/"]
    assert nothing(await some_of("LIST", "secret/metadata/other"))


async def test_a_long_folder_is_listed_whole(acme: VaultTenant) -> None:
    values = {f"f{number % 7}/n{number:04}": "x" for number in range(600)} | {
        f"n{number:04}": "x" for number in range(600)
    }
    await acme.native("POST", "/api/v1/secrets/store/import", {"values": values})
    keys = (await acme.data("LIST", "secret/metadata"))["keys"]
    assert keys == sorted([*(f"f{number}/" for number in range(7)), *(f"n{number:04}" for number in range(600))])
