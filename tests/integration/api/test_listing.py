"""Lists of names: by prefix, by folder, page by page, and only what the caller may see."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.asgi_client import AsgiClient
from tests.integration.api.tenants import STORE, Tenant, refused

pytestmark = pytest.mark.anyio


async def listed(client: AsgiClient | Tenant, **query: Any) -> dict[str, Any]:
    text = "&".join(f"{name}={quote(str(value), safe='')}" for name, value in query.items())
    answer = await client("GET", f"{STORE}?{text}")
    assert answer.status == 200, answer
    told: dict[str, Any] = answer.json()
    return told


async def walked(client: AsgiClient | Tenant, **query: Any) -> tuple[list[str], list[str]]:
    """All names and all folders, page by page, each page within its limit and in order."""
    names: list[str] = []
    folders: list[str] = []
    cursor: str | None = ""
    for _ in range(100):
        page = await listed(client, **query, **({"cursor": cursor} if cursor else {}))
        entries = [item["name"] for item in page["items"]] + page["folders"]
        assert len(entries) <= query.get("limit", 100)
        names += [item["name"] for item in page["items"]]
        folders += page["folders"]
        cursor = page["next_cursor"]
        if cursor is None:
            return names, folders
    raise AssertionError("the cursors do not end")


async def imported(tenant: Tenant, names: set[str]) -> None:
    if names:
        answer = await tenant("POST", f"{STORE}/import", {"values": dict.fromkeys(names, "x")})
        assert answer.status == 201, answer


async def test_empty_store_lists_nothing(acme: Tenant) -> None:
    assert await listed(acme) == {"items": [], "folders": [], "next_cursor": None}


async def test_names_are_listed_in_byte_order_with_what_is_open_and_never_values(acme: Tenant) -> None:
    await acme.put("b", "hunter2", "hunter3", metadata={"k": "v"})
    await imported(acme, {"a/x", "B", "a-x", "a"})
    answer = await acme("GET", STORE)
    items = answer.json()["items"]
    assert [item["name"] for item in items] == ["B", "a", "a-x", "a/x", "b"]
    assert items[-1] == {
        "name": "b", "version": 2, "created_at": items[-1]["created_at"], "updated_at": items[-1]["updated_at"],
        "content_type": "text/plain; charset=utf-8", "metadata": {"k": "v"},
    }  # fmt: skip
    assert b"hunter" not in answer.body
    assert "x-trstctl-position" not in answer.headers


async def test_prefix_is_any_beginning(acme: Tenant) -> None:
    await imported(acme, {"app/a", "app/b", "apple", "ap", "b"})
    found = {prefix: (await walked(acme, prefix=prefix))[0] for prefix in ("", "a", "app", "app/", "appl", "z")}
    assert found == {
        "": ["ap", "app/a", "app/b", "apple", "b"],
        "a": ["ap", "app/a", "app/b", "apple"],
        "app": ["app/a", "app/b", "apple"],
        "app/": ["app/a", "app/b"],
        "appl": ["apple"],
        "z": [],
    }


async def test_delimiter_shows_folders_once(acme: Tenant) -> None:
    await imported(acme, {"a", "app/a", "app/db/x", "app/db/y", "app/c/z", "b/x"})
    assert await walked(acme, delimiter="/") == (["a"], ["app/", "b/"])
    assert await walked(acme, delimiter="/", prefix="app/") == (["app/a"], ["app/c/", "app/db/"])
    assert await walked(acme, delimiter="/", prefix="app") == ([], ["app/"])
    assert await walked(acme, delimiter="p") == (["a", "b/x"], ["ap"])


async def test_deleted_names_are_listed_apart(acme: Tenant) -> None:
    await imported(acme, {"a", "b", "c/d"})
    await acme("DELETE", f"{STORE}/b")
    await acme("POST", f"{STORE}/destroy/c/d", {"all": True})
    assert await walked(acme) == (["a"], [])
    assert await walked(acme, deleted="true") == (["b", "c/d"], [])
    assert await walked(acme, deleted="true", delimiter="/") == (["b"], ["c/"])


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1001", "limit=-1", "limit=x", "delimiter=ab", "deleted=maybe", "prefix=a%00", "cursor=%00",
        "cursor=" + "a" * 1101, "prefx=a", "limit=1&limit=2", "prefix=%ff",
    ],
)  # fmt: skip
async def test_parameters_out_of_bounds_are_refused(query: str, acme: Tenant) -> None:
    refused(await acme("GET", f"{STORE}?{query}"), 400, "invalid")


@pytest.mark.parametrize("prefix", ["..", "a//b", "a%20b", "%2525", "a" * 256, "//"])
async def test_prefix_that_no_name_can_have_is_refused(prefix: str, acme: Tenant) -> None:
    refused(await acme("GET", f"{STORE}?prefix={prefix}"), 400, "bad-name")


SEGMENT = st.sampled_from(["a", "b", "ab", "a-b", "~"])
NAMES = st.sets(st.lists(SEGMENT, min_size=1, max_size=3).map("/".join), max_size=14)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    names=NAMES,
    prefix=st.sampled_from(["", "a", "a/", "ab/", "b/a", "~"]),
    limit=st.integers(1, 5),
    delimiter=st.sampled_from(["/", "/", "b", "~", "%"]),
    scopes=st.sampled_from(
        [("*",), ("secrets:list:a/*",), ("secrets:list:*b",), ("secrets:list:a*", "secrets:list:ab/b")]
    ),
)
async def test_cursors_lead_to_the_end_never_skipping_or_repeating(
    names: set[str], prefix: str, limit: int, delimiter: str, scopes: tuple[str, ...], acme: Tenant
) -> None:
    tenant = await Tenant.begin(acme.system, acme.app, f"t{await acme.system.head()}")
    await imported(tenant, names)
    client = await tenant.holding(*scopes)
    seen = sorted(name for name in names if name.startswith(prefix) and visible(name, scopes))
    assert await walked(client, prefix=prefix, limit=limit) == (seen, [])
    inner = {name: name[len(prefix) :].partition(delimiter) for name in seen}
    plain = [name for name in seen if not inner[name][1]]
    folders = sorted({f"{prefix}{inner[name][0]}{delimiter}" for name in seen if inner[name][1]})
    assert await walked(client, prefix=prefix, limit=limit, delimiter=delimiter) == (plain, folders)


def visible(name: str, scopes: tuple[str, ...]) -> bool:
    patterns = [scope.removeprefix("secrets:list:") for scope in scopes]
    return any(
        name == pattern
        or (pattern.endswith("*") and name.startswith(pattern[:-1]))
        or (pattern.startswith("*") and name.endswith(pattern[1:]))
        for pattern in patterns
    )


async def test_nothing_of_a_page_tells_of_names_that_may_not_be_listed(acme: Tenant) -> None:
    await imported(acme, {"app/a", "app/b", "hidden/1", "zz-hidden", "aa-hidden"})
    client = await acme.holding("secrets:list:app/*")
    for query in (
        "limit=1",
        "limit=2",
        "limit=100",
        "limit=1&delimiter=/",
        "limit=2&prefix=app/",
        "cursor=hidden/0&limit=1",
    ):
        answer = await client("GET", f"{STORE}?{query}")
        assert answer.status == 200
        assert b"hidden" not in answer.body.replace(b"hidden/0", b"")


async def test_reading_is_not_listing(acme: Tenant) -> None:
    await imported(acme, {"a"})
    refused(await (await acme.holding("secrets:read"))("GET", STORE), 403, "forbidden")
    assert (await walked(await acme.holding("secrets:list:b*"))) == ([], [])
