"""Requests that no honest client sends: each is refused with a problem, and none is a fault of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.integration.api.tenants import EVENTS, INJECTIONS, STORE, TOKENS, Tenant, refused

pytestmark = pytest.mark.anyio

VALUE = "zq-strange-value"
DEEP = 100_000


@pytest.mark.parametrize(
    "content",
    [
        b"{", b"null", b"[]", b'"x"', b"1", b'{"value":"x"} {}', b"\xef\xbb\xbf" + b'{"value":"x"}',
        b'{"value":"\\ud800"}', b'{"value":"\\udc00x"}', b'{"value":"\xff\xfe"}', b'{"value":"\xed\xa0\x80"}',
        b'{"value":"x","value":"y"}', b'{"value":"x","val\\u0075e":"y"}', b'{"value":"x","metadata":{"a":"1","a":"2"}}',
        b'{"value":NaN}', b'{"value":"x","cas":NaN}', b'{"value":"x","cas":Infinity}', b'{"value":"x","cas":-0.0}',
        b'{"value":"x","cas":' + b"9" * 30 + b"}", b'{"value":"x","cas":' + b"9" * 5000 + b"}",
        b'{"value":"x","cas":1e400}', b'{"value":"x","cas":true}', b'{"value":"x","cas":-1}',
        b'{"value":"x","cas":null}',
        b"[" * DEEP, b'{"value":' + b"[" * DEEP, b'{"x":' * DEEP, b'{"value":"x","metadata":{"a":' + b"[" * DEEP,
        b'{"value":"x","other":1}', b'{"value":null}', b'{"value_b64":"_-=="}', b'{"value_b64":"QQ"}',
        b'{"value":"x","metadata":{"a":1}}', b'{"value":"x","content_type":"\\u0000/x"}', b'{"value":"x"\x00}',
    ],
    ids=lambda content: f"{len(content)} {content[:40].decode('latin-1')}",
)  # fmt: skip
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_strange_body_is_refused(method: str, content: bytes, acme: Tenant) -> None:
    await acme.put("there", "first")
    path = "there" if method == "PUT" else "new"
    refused(await acme(method, f"{STORE}/{path}", content=content), 400, "invalid")
    assert await acme.value("there") == "first"


@pytest.mark.parametrize("place", ["value", "name", "more"])
async def test_refusal_of_a_body_does_not_repeat_its_values(place: str, acme: Tenant) -> None:
    bodies = {
        "value": f'{{"value":"{VALUE}\xff"}}'.encode("latin-1"),
        "name": json.dumps({"value": VALUE, "name": "other"}).encode(),
        "more": json.dumps({"value": VALUE, "metadata": {"a": 1}}).encode(),
    }
    answer = await acme("POST", f"{STORE}/new", content=bodies[place])
    refused(answer, 400, "invalid")
    assert VALUE not in answer.body.decode()


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "*/*",
        "x",
    ],
)
async def test_body_that_is_said_to_be_no_json_is_refused(kind: str, acme: Tenant) -> None:
    answer = await acme("POST", f"{STORE}/new", {"value": "x"}, headers={"content-type": kind})
    refused(answer, 415, "unsupported-media-type")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/json;charset=x"])
async def test_json_is_known_by_its_media_type_alone(kind: str, acme: Tenant) -> None:
    assert (await acme("POST", f"{STORE}/new", {"value": "x"}, headers={"content-type": kind})).status == 201


@pytest.mark.parametrize("host", ["-Ya\\g^XC.-jTUQ/Gb9", "a b", "a/b", "a^b", "", "a:99999", "[a", "a:b", "a" * 300])
@pytest.mark.parametrize("method,body", [("DELETE", None), ("GET", None), ("PUT", {"value": "y"})])
async def test_host_that_is_none_is_refused(host: str, method: str, body: object, acme: Tenant) -> None:
    await acme.put("there", "x")
    refused(await acme(method, f"{STORE}/there", body, headers={"host": host}), 400, "invalid")
    assert await acme.value("there") == "x"


@pytest.mark.parametrize("host", ["localhost", "a_b.example:8443", "127.0.0.1:1", "[::1]:8443"])
async def test_host_that_is_one_is_good(host: str, acme: Tenant) -> None:
    assert (await acme("POST", f"{STORE}/there", {"value": "x"}, headers={"host": host})).status == 201


@pytest.mark.parametrize("length", ["²", "-1", "9" * 5000, "1, 1", "+5"])
async def test_strange_content_length_is_no_fault(length: str, acme: Tenant) -> None:
    await acme.put("there", "x")
    answer = await acme("GET", f"{STORE}/there", headers={"content-length": length})
    assert answer.status in {200, 400, 413}, answer


@pytest.mark.parametrize(
    "query",
    [
        "version=", "version=x", "version=0", "version=-1", "version=1.0", "version=1e2", "version=+1", "version=%001",
        "version=99999999999999999999", "version=" + "9" * 5000, "version=%D9%A3", "version=1&version=2", "Version=1",
        "version=null", "resolve", "resolve=", "resolve=TRUE", "resolve=2", "resolve=true&resolve=true", "other=1",
        "=1", "version=%FF", "%FF=1", "version=%ED%A0%80", "\xe4=1", "version[]=1",
        "&".join(f"a{number}=1" for number in range(40)),
    ],
)  # fmt: skip
async def test_strange_query_is_refused(query: str, acme: Tenant) -> None:
    await acme.put("there", "x")
    refused(await acme("GET", f"{STORE}/there?{query}"), 400, "invalid")


@pytest.mark.parametrize(
    "target",
    [f"{EVENTS}?actor=%00", f"{EVENTS}?q=a%0Ab", f"{EVENTS}?path=%FF", f"{EVENTS}?since=0001-01-01T00:00:00%2B14:00",
     f"{EVENTS}?until=9999-12-31T23:59:59-14:00", f"{EVENTS}?since=1e300", f"{EVENTS}?since=2026-06-25T12:00:00",
     f"{TOKENS}?subject=%00", f"{TOKENS}?cursor=%0A", f"{TOKENS}?subject={'x' * 1101}", f"{STORE}?cursor=%00",
     f"{STORE}?delimiter=%00", f"{STORE}?cursor={'x' * 1101}"],
)  # fmt: skip
async def test_strange_text_in_a_search_is_refused(target: str, acme: Tenant) -> None:
    refused(await acme("GET", target), 400, "invalid")


@pytest.mark.parametrize("text", ["%F0%9F%98%80", "%C2%80", "%EF%BF%BD", "%E2%80%AE"])
async def test_any_text_on_one_line_may_be_searched(text: str, acme: Tenant) -> None:
    for target in (
        f"{EVENTS}?q={text}",
        f"{EVENTS}?actor={text}",
        f"{TOKENS}?subject={text}",
        f"{STORE}?cursor={text}",
    ):
        assert (await acme("GET", target)).status == 200, target


@pytest.mark.parametrize(
    "method, target",
    [("DELETE", f"{STORE}/there"), ("PUT", f"{STORE}/there"), ("POST", f"{STORE}/new"), ("POST", INJECTIONS),
     ("POST", f"{STORE}/destroy/there"), ("POST", TOKENS), ("GET", "/api/v1/access/whoami"),
     ("GET", "/api/v1/audit/export"), ("POST", "/api/v1/audit/verify")],
)  # fmt: skip
async def test_parameters_are_refused_where_there_are_none(method: str, target: str, acme: Tenant) -> None:
    await acme.put("there", "x")
    refused(await acme(method, f"{target}?version=1", {} if method != "GET" else None), 400, "invalid")
    assert await acme.value("there") == "x"


@pytest.mark.parametrize(
    "path", ["%FF", "%00", "a%0Ab", "%ED%A0%80", "a%5Cb", "a%3Fb", "%E4%B8%80", "a%2F%2Fb", "a%20b"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE"])
async def test_strange_path_is_refused(method: str, path: str, acme: Tenant) -> None:
    body = {"value": "x"} if method in {"PUT", "POST"} else None
    refused(await acme(method, f"{STORE}/{path}", body), 400, "bad-name")


@pytest.mark.parametrize("method", ["HEAD", "TRACE", "PATCH", "CONNECT", "PROPFIND", "get"])
@pytest.mark.parametrize("target", [f"{STORE}/there", STORE, "/healthz", f"{STORE}/history/there", "/api/v1/audit/key"])
async def test_other_method_is_refused_naming_those_there_are(method: str, target: str, acme: Tenant) -> None:
    answer = await acme(method, target)
    refused(answer, 405, "method-not-allowed")
    asked = await acme("OPTIONS", target)
    assert asked.status == 204
    assert set(asked.headers["allow"].split(", ")) == set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
async def test_path_that_is_not_there_is_not_found(method: str, acme: Tenant) -> None:
    refused(await acme(method, "/api/v1/nothing"), 404, "not-found")


@pytest.mark.parametrize("tag", ["*", 'W/"1"', '"1", "2"', "²", '"-1"', '""', "1" * 13, '"1', "\t"])
async def test_strange_version_to_match_is_refused(tag: str, acme: Tenant) -> None:
    await acme.put("there", "x")
    refused(await acme("PUT", f"{STORE}/there", {"value": "y"}, headers={"if-match": tag}), 400, "invalid")


async def test_two_versions_to_match_are_refused(acme: Tenant) -> None:
    await acme.put("there", "x")
    answer = await acme("PUT", f"{STORE}/there", {"value": "y", "cas": 2}, headers={"if-match": '"1"'})
    refused(answer, 400, "invalid")


@pytest.mark.parametrize("reason", ["\x00", "a\nb", "\x7f"])
async def test_reason_with_a_control_character_is_refused(reason: str, acme: Tenant) -> None:
    issued: dict[str, Any] = (await acme("POST", TOKENS, {"subject": "ci", "scopes": ["role:viewer"]})).json()
    refused(await acme("DELETE", f"{TOKENS}/{issued['id']}", {"reason": reason}), 400, "invalid")


async def test_nul_in_a_value_and_its_metadata_is_kept(acme: Tenant) -> None:
    await acme.put("there", "a\x00b", metadata={"k\x00": "v\x00"})
    answer = (await acme("GET", f"{STORE}/there")).json()
    assert (answer["value"], answer["metadata"]) == ("a\x00b", {"k\x00": "v\x00"})
