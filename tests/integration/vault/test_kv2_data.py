"""KV version 2, `data/` and `subkeys/`: statuses, texts and shapes as clients of Vault know them."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.integration.vault.client import VaultTenant
from tests.integration.vault.kv import PATCHED, gone, nothing, put, refused

pytestmark = pytest.mark.anyio

DATA = "secret/data/app/db"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")


async def test_a_write_answers_with_the_version_and_a_read_with_both(acme: VaultTenant) -> None:
    answer = await acme("PUT", DATA, {"data": {"user": "u", "n": 1}})
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    meta = answer.json()["data"]
    assert TIME.match(meta.pop("created_time"))
    assert meta == {"version": 1, "deletion_time": "", "destroyed": False, "custom_metadata": None}
    body = (await acme("GET", DATA)).json()
    assert body["data"]["data"] == {"user": "u", "n": 1}
    assert body["data"]["metadata"]["version"] == 1
    assert (body["lease_id"], body["renewable"], body["lease_duration"], body["auth"]) == ("", False, 0, None)


@pytest.mark.parametrize("method", ["PUT", "POST"])
async def test_an_identical_write_is_a_new_version(acme: VaultTenant, method: str) -> None:
    for number in (1, 2, 3):
        assert (await acme.data(method, DATA, {"data": {"a": "b"}}))["version"] == number
    assert (await acme.data("GET", f"{DATA}?version=2"))["metadata"]["version"] == 2


@pytest.mark.parametrize(
    "data",
    [
        {}, {"": ""}, {"a": {"b": [1, None, True, 2.5, {"c": "ü \u2028"}]}}, {"big": 2**64 + 1}, {"data": {"data": 1}},
        {str(number): "x" for number in range(1500)},
    ],
)  # fmt: skip
async def test_whatever_an_object_holds_comes_back(acme: VaultTenant, data: dict[str, Any]) -> None:
    await put(acme, DATA, data)
    assert (await acme.data("GET", DATA))["data"] == data


async def test_both_faces_show_the_same_secret(acme: VaultTenant) -> None:
    await put(acme, DATA, {"b": 1, "a": "x"})
    native = (await acme.native("GET", "/api/v1/secrets/store/app/db")).json()
    assert (native["value"], native["content_type"], native["version"]) == ('{"a":"x","b":1}', "application/json", 1)
    for value, shown in (
        ("plain", {"value": "plain"}), ('{"x": 1.50}', {"x": 1.5}), ("[1]", {"value": "[1]"}), ("", {"value": ""}),
        ('{"x":', {"value": '{"x":'}),
    ):  # fmt: skip
        await acme.native("PUT", "/api/v1/secrets/store/app/db", {"value": value})
        assert (await acme.data("GET", DATA))["data"] == shown
    await acme.native("PUT", "/api/v1/secrets/store/app/db", {"value_b64": "/w=="})
    assert (await acme.data("GET", DATA))["data"] == {"value_b64": "/w=="}


async def test_a_read_is_in_the_log_before_the_value_goes_out(acme: VaultTenant) -> None:
    await put(acme, DATA, {"a": "b"})
    answer = await acme("GET", DATA)
    position = int(answer.headers["x-trstctl-position"])
    ((kind, body),) = await acme.system.rows("SELECT type, body FROM events WHERE position = ?", position)
    assert kind == "secret.read"
    assert b'"path":"app/db"' in bytes(body)


@pytest.mark.parametrize("body", [{}, {"data": None}, {"options": {"cas": 0}}, None])
async def test_a_write_without_data_is_refused(acme: VaultTenant, body: object) -> None:
    assert refused(await acme("PUT", DATA, body), "no data provided")
    assert nothing(await acme("GET", "secret/metadata/app/db"))


async def test_data_as_json_text_is_taken_and_what_is_no_object_is_not(acme: VaultTenant) -> None:
    await acme.data("PUT", DATA, {"data": '{"a":"b"}'})
    assert (await acme.data("GET", DATA))["data"] == {"a": "b"}
    for wrong in ("x", 1, ["a"], "[1]"):
        assert (await acme("PUT", DATA, {"data": wrong})).status == 400


MISMATCH = "check-and-set parameter did not match the current version"


@pytest.mark.parametrize("right,wrong", [(1, 0), ("1", "2"), (1.0, 3)])
async def test_check_and_set_names_the_version_that_is_followed(acme: VaultTenant, right: Any, wrong: Any) -> None:
    await put(acme, DATA, {"a": "1"}, cas=0)
    assert refused(await acme("PUT", DATA, {"data": {}, "options": {"cas": wrong}}), MISMATCH)
    assert (await put(acme, DATA, {"a": "2"}, cas=right))["version"] == 2


async def test_a_deleted_version_counts_for_check_and_set(acme: VaultTenant) -> None:
    await put(acme, DATA, {"a": "1"})
    await acme("DELETE", DATA)
    assert refused(await acme("PUT", DATA, {"data": {}, "options": {"cas": 0}}), MISMATCH)
    assert (await put(acme, DATA, {}, cas=1))["version"] == 2


@pytest.mark.parametrize("cas", ["x", -1, True, [], 1.5, "1e3"])
async def test_check_and_set_that_is_no_number_is_refused(acme: VaultTenant, cas: object) -> None:
    answer = await acme("PUT", DATA, {"data": {}, "options": {"cas": cas}})
    assert refused(answer, "error parsing check-and-set parameter")


async def test_check_and_set_that_is_demanded_is_missed(acme: VaultTenant) -> None:
    await acme.data("PUT", "secret/metadata/app/db", {"cas_required": "true"})
    missing = "check-and-set parameter required for this call"
    assert refused(await acme("PUT", DATA, {"data": {}}), missing)
    await put(acme, DATA, {}, cas=0)
    assert refused(await acme("PATCH", DATA, {"data": {}}, **PATCHED), missing)


async def test_a_patch_is_merged(acme: VaultTenant) -> None:
    await put(acme, DATA, {"a": {"x": 1, "y": 2}, "b": "keep"})
    answer = await acme("PATCH", DATA, {"data": {"a": {"x": None, "z": 3}, "c": {"d": None}}, "options": {}}, **PATCHED)
    assert (answer.status, answer.json()["data"]["version"]) == (200, 2)
    assert (await acme.data("GET", DATA))["data"] == {"a": {"y": 2, "z": 3}, "b": "keep", "c": {}}
    assert refused(await acme("PATCH", DATA, {"data": {}, "options": {"cas": 1}}, **PATCHED), MISMATCH)
    assert refused(await acme("PATCH", DATA, {"options": {}}, **PATCHED), "no data provided")


async def test_a_patch_of_what_has_no_value_tells_so(acme: VaultTenant) -> None:
    assert nothing(await acme("PATCH", DATA, {"data": {}}, **PATCHED))
    await acme.data("PUT", "secret/metadata/app/db", {})
    assert nothing(await acme("PATCH", DATA, {"data": {}}, **PATCHED))
    await put(acme, DATA, {})
    await acme("DELETE", DATA)
    data = gone(await acme("PATCH", DATA, {"data": {"a": 1}}, **PATCHED))
    assert (data["version"], bool(data["deletion_time"])) == (1, True)


async def test_a_patch_needs_its_content_type(acme: VaultTenant) -> None:
    await put(acme, DATA, {})
    assert (await acme("PATCH", DATA, {"data": {}}, content_type="application/json")).status == 415


async def test_what_is_deleted_is_told_without_its_value(acme: VaultTenant) -> None:
    await put(acme, DATA, {"a": "secret-one"})
    assert (await acme("DELETE", DATA)).status == 204
    data = gone(await acme("GET", DATA))
    assert data["data"] is None
    assert TIME.match(data["metadata"]["deletion_time"])
    assert (data["metadata"]["destroyed"], data["metadata"]["version"]) == (False, 1)
    assert (await acme.native("GET", "/api/v1/secrets/store/app/db")).status == 404
    for path in (DATA, "secret/data/never"):
        assert (await acme("DELETE", path)).status == 204


async def test_native_deletion_is_seen_here_and_undone_here(acme: VaultTenant) -> None:
    await put(acme, DATA, {"a": 1})
    await acme.native("DELETE", "/api/v1/secrets/store/app/db")
    assert gone(await acme("GET", DATA))["metadata"]["deletion_time"]
    await acme.data("PUT", "secret/undelete/app/db", {"versions": [1]})
    assert (await acme.native("GET", "/api/v1/secrets/store/app/db")).status == 200


@pytest.mark.parametrize("version", ["7", "99999999999999999", "-1"])
async def test_a_version_that_is_not_there_is_nothing(acme: VaultTenant, version: str) -> None:
    await put(acme, DATA, {})
    assert nothing(await acme("GET", f"{DATA}?version={version}"))


async def test_version_zero_is_the_newest_and_words_are_refused(acme: VaultTenant) -> None:
    await put(acme, DATA, {"a": 1})
    assert (await acme.data("GET", f"{DATA}?version=0"))["data"] == {"a": 1}
    assert (await acme("GET", f"{DATA}?version=newest")).status == 400


async def test_subkeys_tell_names_and_no_values(acme: VaultTenant) -> None:
    await put(acme, DATA, {"a": {"b": {"c": "x"}, "e": {}}, "l": [{"m": 1}], "s": "x"})
    path = "secret/subkeys/app/db"
    data = await acme.data("GET", path)
    assert data["subkeys"] == {"a": {"b": {"c": None}, "e": None}, "l": None, "s": None}
    assert data["metadata"]["version"] == 1
    assert (await acme.data("GET", f"{path}?depth=1"))["subkeys"] == {"a": None, "l": None, "s": None}
    assert (await acme.data("GET", f"{path}?depth=2"))["subkeys"]["a"] == {"b": None, "e": None}
    await acme("DELETE", DATA)
    assert gone(await acme("GET", path))["subkeys"] is None
    assert nothing(await acme("GET", "secret/subkeys/never"))


@pytest.mark.parametrize(
    "path", ["with%20space", "%C3%BCn%C3%AF", "a%25b", "approvals", "export/x", "MiXed/Case", "a+b@c", "mount:x/y"]
)
async def test_names_that_the_store_lacks_are_names_all_the_same(acme: VaultTenant, path: str) -> None:
    await put(acme, f"secret/data/{path}", {"p": path})
    assert (await acme.data("GET", f"secret/data/{path}"))["data"] == {"p": path}
    assert (await acme.data("GET", f"secret/metadata/{path}"))["current_version"] == 1


@pytest.mark.parametrize(
    "method,path,command",
    [
        ("GET", "secret/foo", "get"), ("PUT", "secret/foo", "put"), ("DELETE", "secret/foo/bar", "delete"),
        ("LIST", "secret/foo", "list"), ("LIST", "secret", "list"),
    ],
)  # fmt: skip
async def test_who_forgets_the_prefix_is_told_so(acme: VaultTenant, method: str, path: str, command: str) -> None:
    answer = await acme(method, path, {} if method == "PUT" else None)
    assert answer.status == 404
    (warning,) = answer.json()["warnings"]
    assert warning.startswith("Invalid path for a versioned K/V secrets engine.")
    assert f"'vault kv {command}'" in warning


async def test_the_root_of_data_is_for_lists_only(acme: VaultTenant) -> None:
    (warning,) = (await acme("GET", "secret/data")).json()["warnings"]
    assert warning == "Non-listing operations on the root of a K/V v2 mount are not supported."


@pytest.mark.parametrize(
    "method,path,scope",
    [
        ("GET", "secret/data/x", "secrets:read"), ("PUT", "secret/data/x", "secrets:write"),
        ("DELETE", "secret/data/x", "secrets:delete"), ("PUT", "secret/delete/x", "secrets:delete"),
        ("PUT", "secret/undelete/x", "secrets:write"), ("PUT", "secret/destroy/x", "secrets:destroy"),
        ("GET", "secret/metadata/x", "secrets:list"), ("PUT", "secret/metadata/x", "secrets:write"),
        ("LIST", "secret/metadata", "secrets:list"), ("DELETE", "secret/metadata/x", "secrets:destroy"),
        ("GET", "secret/subkeys/x", "secrets:read"), ("GET", "secret/config", "mounts:read"),
        ("PUT", "secret/config", "mounts:write"),
    ],
)  # fmt: skip
async def test_scopes_are_those_of_the_native_face(acme: VaultTenant, method: str, path: str, scope: str) -> None:
    body = {"data": {}, "versions": [1]} if method == "PUT" else None
    others = {"read", "write", "delete", "destroy", "list"} - {scope.partition(":")[2]}
    without = await acme.holding("audit:read", *(f"secrets:{verb}" for verb in others if scope.startswith("secrets")))
    answer = await without(method, path, body)
    assert answer.status == 403
    assert answer.json()["errors"] == ["1 error occurred:\n\t* permission denied\n\n"]
    assert (await (await acme.holding(scope))(method, path, body)).status in {200, 204, 404}
