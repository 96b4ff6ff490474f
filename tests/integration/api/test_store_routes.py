"""One secret at a time: create, read, rotate, delete, undelete; their answers, refusals and events."""

from __future__ import annotations

import base64
import re
from typing import Any

import pytest

from tests.integration.api.tenants import STORE, Tenant, refused

pytestmark = pytest.mark.anyio

STAMP = re.compile(r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z")


async def test_first_value_is_version_1(acme: Tenant) -> None:
    answer = await acme("POST", f"{STORE}/db/password", {"name": "db/password", "value": "s3cr3t"})
    assert answer.status == 201
    meta = answer.json()
    assert STAMP.fullmatch(meta["created_at"])
    assert meta == {
        "name": "db/password", "version": 1, "created_at": meta["created_at"], "updated_at": meta["created_at"],
        "content_type": "text/plain; charset=utf-8", "metadata": {},
    }  # fmt: skip
    created, written = (await acme.events())[-2:]
    assert answer.position == written["position"]
    assert (created["type"], written["type"], written["cause"]) == (
        "secret.created",
        "secret.version.written",
        "create",
    )
    assert written["request_id"] == answer.headers["x-request-id"]
    assert written["actor"].startswith("ops#tok_")


async def test_name_may_stand_in_the_body_alone(acme: Tenant) -> None:
    assert (await acme("POST", STORE, {"name": "a/b", "value": "x"})).status == 201
    assert (await acme("POST", f"{STORE}/", {"name": "a/c", "value": "x"})).status == 201
    assert await acme.value("a/b") == await acme.value("a/c") == "x"
    refused(await acme("POST", STORE, {"value": "x"}), 400, "invalid")
    refused(await acme("POST", STORE, {"name": "..", "value": "x"}), 400, "bad-name")


async def test_body_that_names_another_secret_is_refused(acme: Tenant) -> None:
    await acme.put("a", "x")
    refused(await acme("POST", f"{STORE}/b", {"name": "c", "value": "x"}), 400, "invalid")
    refused(await acme("PUT", f"{STORE}/a", {"name": "c", "value": "x"}), 400, "invalid")


async def test_name_that_lives_is_not_created_again(acme: Tenant) -> None:
    await acme.put("a", "first")
    for target, body in ((f"{STORE}/a", {"value": "x"}), (STORE, {"name": "a", "value": "x"})):
        problem = refused(await acme("POST", target, body), 409, "already-exists")
        assert problem["paths"] == ["a"]
    assert await acme.value("a") == "first"


async def test_read_tells_value_version_and_times_and_is_audited(acme: Tenant) -> None:
    await acme.put("a", "one", "two", metadata={"owner": "ops"}, content_type="text/x-test")
    answer = await acme("GET", f"{STORE}/a")
    assert answer.status == 200
    told = answer.json()
    assert told == {
        "name": "a", "value": "two", "version": 2, "created_at": told["created_at"], "updated_at": told["updated_at"],
        "content_type": "text/x-test", "metadata": {"owner": "ops"},
    }  # fmt: skip
    assert told["created_at"] < told["updated_at"]
    event = (await acme.events())[-1]
    assert event["position"] == answer.position
    assert event["request_id"] == answer.headers["x-request-id"]
    assert {name: event[name] for name in ("type", "path", "number", "how")} == {
        "type": "secret.read", "path": "a", "number": 2, "how": "get",
    }  # fmt: skip


async def test_older_version_is_read_by_number(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    assert await acme.value("a", "?version=1") == "one"
    assert (await acme.events())[-1]["number"] == 1
    refused(await acme("GET", f"{STORE}/a?version=3"), 404, "not-found")
    for bad in ("0", "-1", "x", "1.0", "1e3", "9" * 30, "%31%00"):
        refused(await acme("GET", f"{STORE}/a?version={bad}"), 400, "invalid")


async def test_name_that_never_was_is_not_found(acme: Tenant) -> None:
    before = await acme.system.head()
    refused(await acme("GET", f"{STORE}/nothing"), 404, "not-found")
    refused(await acme("PUT", f"{STORE}/nothing", {"value": "x"}), 404, "not-found")
    refused(await acme("DELETE", f"{STORE}/nothing"), 404, "not-found")
    refused(await acme("POST", f"{STORE}/undelete/nothing"), 404, "not-found")
    assert await acme.system.head() == before


async def test_rotation_writes_the_next_version(acme: Tenant) -> None:
    await acme.put("a", "one", metadata={"k": "v"})
    answer = await acme("PUT", f"{STORE}/a", {"value": "two"})
    assert answer.status == 200
    assert answer.json()["version"] == 2
    assert answer.json()["metadata"] == {}
    assert "value" not in answer.json()
    assert answer.position == (await acme.events("secret.version.written"))[-1]["position"]
    assert await acme.value("a") == "two"


@pytest.mark.parametrize("tag", ['"1"', "1", ' "1" '])
async def test_check_and_set_lets_the_right_version_through(tag: str, acme: Tenant) -> None:
    await acme.put("a", "one")
    assert (await acme("PUT", f"{STORE}/a", {"value": "two"}, headers={"if-match": tag})).json()["version"] == 2
    assert (await acme("PUT", f"{STORE}/a", {"value": "three", "cas": 2})).json()["version"] == 3
    both = await acme("PUT", f"{STORE}/a", {"value": "four", "cas": 3}, headers={"if-match": '"3"'})
    assert both.json()["version"] == 4


async def test_check_and_set_refuses_any_other_version(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    for number in (0, 1, 3, 10**11):
        problem = refused(await acme("PUT", f"{STORE}/a", {"value": "x", "cas": number}), 412, "check-and-set-failed")
        assert problem["current_version"] == 2
        by_tag = await acme("PUT", f"{STORE}/a", {"value": "x"}, headers={"if-match": f'"{number}"'})
        refused(by_tag, 412, "check-and-set-failed")
    assert await acme.value("a") == "two"


@pytest.mark.parametrize("tag", ["x", '"x"', '"1', "-1", '"1", "2"', "W/x", '"' + "9" * 30 + '"', "1\u00b2"])
async def test_malformed_if_match_is_refused_and_nothing_written(tag: str, acme: Tenant) -> None:
    await acme.put("a", "one")
    refused(await acme("PUT", f"{STORE}/a", {"value": "x"}, headers={"if-match": tag}), 400, "invalid")
    assert await acme.value("a") == "one"


async def test_contradictory_checks_are_refused(acme: Tenant) -> None:
    await acme.put("a", "one")
    answer = await acme("PUT", f"{STORE}/a", {"value": "x", "cas": 1}, headers={"if-match": '"2"'})
    assert answer.status in {400, 412}
    assert await acme.value("a") == "one"


async def test_check_and_set_belongs_to_rotation(acme: Tenant) -> None:
    refused(await acme("POST", f"{STORE}/a", {"value": "x", "cas": 1}), 400, "invalid")
    refused(await acme("GET", f"{STORE}/a"), 404, "not-found")


async def test_deleted_name_does_not_answer_and_comes_back(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    gone = await acme("DELETE", f"{STORE}/a")
    assert (gone.status, gone.body) == (204, b"")
    assert gone.position == (await acme.events("secret.deleted"))[-1]["position"]
    refused(await acme("GET", f"{STORE}/a"), 404, "not-found")
    refused(await acme("GET", f"{STORE}/a?version=1"), 404, "not-found")
    refused(await acme("PUT", f"{STORE}/a", {"value": "x"}), 404, "not-found")
    refused(await acme("DELETE", f"{STORE}/a"), 404, "not-found")
    back = await acme("POST", f"{STORE}/undelete/a")
    assert (back.status, back.json()["version"]) == (200, 2)
    assert back.position == (await acme.events("secret.undeleted"))[-1]["position"]
    assert await acme.value("a") == "two"
    refused(await acme("POST", f"{STORE}/undelete/a"), 409, "conflict")


async def test_deleted_name_can_be_created_anew_and_goes_on_counting(acme: Tenant) -> None:
    await acme.put("a", "one")
    born = (await acme("GET", f"{STORE}/a")).json()["created_at"]
    await acme("DELETE", f"{STORE}/a")
    again = await acme("POST", f"{STORE}/a", {"value": "two"})
    assert (again.status, again.json()["version"], again.json()["created_at"]) == (201, 2, born)
    assert await acme.value("a", "?version=1") == "one"


@pytest.mark.parametrize(
    "value", ["", " ", "\x00", "line\nbreak\r\n\ttab", "ünïcödé \U0001f511", '"\\/', "${not a reference}", "x" * 10_000]
)
async def test_any_text_comes_back_as_it_went_in(value: str, acme: Tenant) -> None:
    await acme.put("a", value)
    assert await acme.value("a") == value


@pytest.mark.parametrize("value", [b"\xff\xfe\x00binary", b"\x80", bytes(range(256))])
async def test_bytes_come_back_in_base64(value: bytes, acme: Tenant) -> None:
    answer = await acme("POST", f"{STORE}/a", {"value_b64": base64.b64encode(value).decode()})
    assert answer.json()["content_type"] == "application/octet-stream"
    told = (await acme("GET", f"{STORE}/a")).json()
    assert base64.b64decode(told["value_b64"]) == value
    assert "value" not in told


async def test_bytes_that_are_text_come_back_as_text(acme: Tenant) -> None:
    await acme("POST", f"{STORE}/a", {"value_b64": base64.b64encode(b"text").decode()})
    assert await acme.value("a") == "text"


async def test_value_may_have_a_mebibyte_and_no_byte_more(acme: Tenant) -> None:
    largest = "x" * 2**20
    await acme.put("a", largest)
    assert await acme.value("a") == largest
    await acme.put("b", "\x00" * 2**20)
    refused(await acme("PUT", f"{STORE}/a", {"value": largest + "y"}), 413, "too-large")
    refused(await acme("POST", f"{STORE}/c", {"value": "é" * (2**19 + 1)}), 413, "too-large")
    b64 = base64.b64encode(b"\xff" * (2**20 + 1)).decode()
    refused(await acme("PUT", f"{STORE}/a", {"value_b64": b64}), 413, "too-large")
    assert await acme.value("a") == largest


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"value": 5},
        {"value": None},
        {"value": ["hunter2-marker"]},
        {"value": "hunter2-marker", "value_b64": "aHVudGVyMg=="},
        {"value": "hunter2-marker", "extra": 1},
        {"value": "hunter2-marker", "metadata": {"k": 1}},
        {"value": "hunter2-marker", "metadata": {"": "v"}},
        {"value": "hunter2-marker", "metadata": {"k": "hunter2-marker" * 100}},
        {"value": "hunter2-marker", "metadata": {str(number): "" for number in range(65)}},
        {"value": "hunter2-marker", "metadata": []},
        {"value": "hunter2-marker", "content_type": "hunter2-marker"},
        {"value_b64": "hunter2-marker!"},
        {"value_b64": "aHVudGVyMg"},
        {"value_b64": 7},
        ["hunter2-marker"],
        "hunter2-marker",
        7,
    ],
    ids=repr,
)
async def test_wrong_body_is_refused_and_not_repeated(body: Any, acme: Tenant) -> None:
    answer = await acme("POST", f"{STORE}/a", body)
    refused(answer, 400, "invalid")
    assert b"hunter2" not in answer.body


@pytest.mark.parametrize(
    "content",
    [
        b'{"value": "hunter2',
        b'{"value": "hunter2"} x',
        b"hunter2",
        b'{"value": "hunter2\xff"}',
        b"\xff\xfe",
        b'{"value": "hunter2\\ud800"}',
        b'{"value": "hunter2", "value": "hunter3"}',
        b"[" * 5000,
        b'{"x":' * 5000,
        b'{"metadata": {"a": "hunter2", "a": "b"}, "value": "x"}',
        b'{"value": NaN}',
    ],
)
async def test_malformed_json_is_refused_and_not_repeated(content: bytes, acme: Tenant) -> None:
    answer = await acme("POST", f"{STORE}/a", content=content, headers={"content-type": "application/json"})
    refused(answer, 400, "invalid")
    assert b"hunter" not in answer.body
    refused(await acme("GET", f"{STORE}/a"), 404, "not-found")


async def test_body_of_another_media_type_is_refused(acme: Tenant) -> None:
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/xml"):
        answer = await acme("POST", f"{STORE}/a", content=b'{"value":"x"}', headers={"content-type": media_type})
        refused(answer, 415, "unsupported-media-type")
    answer = await acme("POST", f"{STORE}/a", content=b'{"value":"x"}')
    assert answer.status == 201
    charset = {"content-type": "Application/JSON; charset=utf-8"}
    assert (await acme("PUT", f"{STORE}/a", content=b'{"value":"y"}', headers=charset)).status == 200


async def test_metadata_and_media_type_are_of_their_version(acme: Tenant) -> None:
    await acme("POST", f"{STORE}/a", {"value": "1", "metadata": {"k" * 128: "v" * 1024}, "content_type": "a/b; c=d"})
    await acme("PUT", f"{STORE}/a", {"value": "2", "metadata": {"b": "ü"}})
    first, second = [(await acme("GET", f"{STORE}/a?version={number}")).json() for number in (1, 2)]
    assert (first["metadata"], first["content_type"]) == ({"k" * 128: "v" * 1024}, "a/b; c=d")
    assert (second["metadata"], second["content_type"]) == ({"b": "ü"}, "text/plain; charset=utf-8")


async def test_unknown_or_doubled_parameters_are_refused(acme: Tenant) -> None:
    await acme.put("a", "x")
    for query in ("verison=1", "version=1&version=1", "resolve=yes", "reveal=true", "version=%ff"):
        refused(await acme("GET", f"{STORE}/a?{query}"), 400, "invalid")
    refused(await acme("DELETE", f"{STORE}/a?force=true"), 400, "invalid")
    assert await acme.value("a") == "x"


async def test_methods_that_a_secret_has_not_are_refused(acme: Tenant) -> None:
    for method in ("PATCH", "TRACE", "FOO"):
        assert (await acme(method, f"{STORE}/a", {"value": "x"})).status in {405, 501}
    for target in (f"{STORE}/history/a", f"{STORE}/export", f"{STORE}/diff/a"):
        answer = await acme("DELETE", target)
        assert answer.status in {400, 404, 405}, answer
    assert (await acme("GET", f"{STORE}/import")).status in {400, 404, 405}
