"""Names in the address: which are refused, how they are decoded, and that none is mistaken for another."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from domain.names import RESERVED
from tests.integration.api.tenants import INJECTIONS, STORE, Tenant, refused

pytestmark = pytest.mark.anyio

CHANGING = [
    ("POST", "", {"value": "x"}),
    ("PUT", "", {"value": "x"}),
    ("DELETE", "", None),
    ("POST", "/undelete", None),
    ("POST", "/recover", {"at": "2026-01-01T00:00:00Z"}),
    ("POST", "/destroy", {"all": True}),
]
READING = [
    ("GET", "", ""),
    ("GET", "", "?version=1"),
    ("GET", "", "?resolve=true"),
    ("GET", "/history", ""),
    ("GET", "/history", "?version=1"),
    ("GET", "/diff", "?from=1&to=1"),
    ("GET", "/references", ""),
]
BAD = [
    "..", ".", "a/..", "a/../b", "./a", "a/.", "%2e%2e", "a/%2E%2E/b", "%2e", "a//b", "/a", "a%2F%2Fb", "%2Fa", "a%2F",
    "a/", "%20", "a%20b", "a%0Ab", "a%0A", "a%00", "a%252Fb", "a%25", "%C3%A4", "%FF", "a%5Cb", "a%3Fb", "a%23b", "a*b",
    "a'b", "a%22b", "%24%7Ba%7D", "a@3", "a" * 256, "/".join(["a" * 200] * 6), "a%E2%80%AEb", "a;b=c", "a|b",
]  # fmt: skip


@pytest.mark.parametrize("path", BAD)
async def test_bad_name_is_refused_on_every_route(path: str, acme: Tenant) -> None:
    await acme.put("a/b", "untouched")
    before = await acme.system.head()
    for method, route, body in CHANGING:
        refused(await acme(method, f"{STORE}{route}/{path}", body), 400, "bad-name")
    for method, route, query in READING:
        refused(await acme(method, f"{STORE}{route}/{path}{query}"), 400, "bad-name")
    assert await acme.system.head() == before


@pytest.mark.parametrize("word", sorted(RESERVED))
async def test_reserved_name_is_refused_wherever_a_name_enters(word: str, acme: Tenant) -> None:
    for path in (f"{word}/x", word):
        refused(await acme("POST", STORE, {"name": path, "value": "x"}), 400, "bad-name")
        refused(await acme("POST", f"{STORE}/import", {"values": {path: "x"}}), 400, "bad-name")
        refused(await acme("POST", INJECTIONS, {"variables": {"A": path}}), 400, "bad-name")
        for method, route, body in CHANGING[3:]:
            refused(await acme(method, f"{STORE}{route}/{path}", body), 400, "bad-name")
        for method, route, query in READING[3:]:
            refused(await acme(method, f"{STORE}{route}/{path}{query}"), 400, "bad-name")
    refused(await acme("POST", f"{STORE}/import", {"prefix": word, "values": {"x": "x"}}), 400, "bad-name")
    assert (await acme("GET", STORE)).json()["items"] == []


@pytest.mark.parametrize("word", sorted(RESERVED))
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "GET"])
async def test_no_secret_can_be_reached_at_a_reserved_name(word: str, method: str, acme: Tenant) -> None:
    body = {"value": "x"} if method in {"POST", "PUT"} else None
    for path in (word, f"{word}/x", f"%{ord(word[0]):02x}{word[1:]}/x"):
        answer = await acme(method, f"{STORE}/{path}", body)
        assert 400 <= answer.status < 500 or method == "GET", answer
        assert not {"value", "version"} & set(answer.json()), answer
    assert (await acme("GET", STORE)).json()["items"] == []


@pytest.mark.parametrize("word", sorted(RESERVED))
async def test_reserved_word_is_a_name_like_others_further_down(word: str, acme: Tenant) -> None:
    for path in (f"app/{word}", f"app/{word}/x", f"{word}s", word.upper()):
        await acme.put(path, "x")
        assert await acme.value(path) == "x"
        history = await acme("GET", f"{STORE}/history/{path}")
        assert history.json()["name"] == path


async def test_refusal_of_a_reserved_name_says_what_to_do(acme: Tenant) -> None:
    problem = refused(await acme("POST", STORE, {"name": "history/db", "value": "x"}), 400, "bad-name")
    assert "route of the API" in problem["detail"]
    assert "app/history/db" in problem["detail"]


@pytest.mark.parametrize(
    "path", ["a", "a/b/c", "A-Z_a.z~0+9=:,x", "...", "..a", "a..", "-", "~", "a" * 255, "/".join("x" * 100)]
)
async def test_good_name_is_stored_and_found_as_it_is(path: str, acme: Tenant) -> None:
    answer = await acme("POST", f"{STORE}/{path}", {"value": "x"})
    assert answer.json()["name"] == path
    assert [item["name"] for item in (await acme("GET", STORE)).json()["items"]] == [path]
    assert await acme.value(path) == "x"


async def test_percent_encoding_is_undone_once(acme: Tenant) -> None:
    await acme.put("app/db", "x")
    for spelling in ("app%2Fdb", "%61pp/db", quote("app/db", safe=""), "app/%64%62"):
        assert (await acme("GET", f"{STORE}/{spelling}")).json()["name"] == "app/db"
        assert (await acme("GET", f"{STORE}/history/{spelling}")).json()["name"] == "app/db"
    refused(await acme("GET", f"{STORE}/app%252Fdb"), 400, "bad-name")


@pytest.mark.parametrize("target", ["//a", "/a//b", "/a/", "/history//a", "/history/a/", "/a%2F%2Fb", "//"])
async def test_doubled_and_trailing_slashes_ask_for_nothing_else(target: str, acme: Tenant) -> None:
    for path in ("a", "a/b"):
        await acme.put(path, "x")
    refused(await acme("GET", f"{STORE}{target}"), 400, "bad-name")


async def test_dot_segments_reach_no_other_route(acme: Tenant) -> None:
    for target in (f"{STORE}/../injections", f"{STORE}/a/../../x", f"{STORE}/./a"):
        answer = await acme("GET", target)
        assert answer.status in {400, 404}, answer
    answer = await acme("GET", "/api/v1/./secrets/store")
    assert answer.status == 404


async def test_name_is_case_sensitive(acme: Tenant) -> None:
    await acme.put("app", "lower")
    await acme.put("App", "upper")
    assert (await acme.value("app"), await acme.value("App")) == ("lower", "upper")


async def test_longest_name_works_on_every_route(acme: Tenant) -> None:
    path = "/".join(["a" * 127] * 8) + "b"
    assert len(path) == 1024
    await acme.put(path, "x", "y")
    for method, route, query in READING:
        answer = await acme(method, f"{STORE}{route}/{path}{query}")
        assert answer.status == 200, answer
    assert (await acme("DELETE", f"{STORE}/{path}")).status == 204
