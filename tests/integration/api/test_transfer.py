"""Import, all or nothing, and export in its forms."""

from __future__ import annotations

import asyncio
import base64

import pytest
import yaml

from domain.commands import transfer
from tests.integration.api.tenants import STORE, Tenant, refused

pytestmark = pytest.mark.anyio

IMPORT = f"{STORE}/import"


async def names(tenant: Tenant) -> list[str]:
    return [item["name"] for item in (await tenant("GET", STORE)).json()["items"]]


async def test_every_value_becomes_a_first_version(acme: Tenant) -> None:
    answer = await acme("POST", IMPORT, {"prefix": "app", "values": {"db/user": "payments", "db/password": "s3cr3t"}})
    assert answer.status == 201
    assert [(item["name"], item["version"]) for item in answer.json()["items"]] == [
        ("app/db/password", 1),
        ("app/db/user", 1),
    ]
    assert b"s3cr3t" not in answer.body
    assert await acme.value("app/db/password") == "s3cr3t"
    causes = {event["path"]: event["cause"] for event in await acme.events("secret.version.written")}
    assert causes == {"app/db/password": "import", "app/db/user": "import"}
    assert answer.position == (await acme.events("secret.version.written"))[-1]["position"]


@pytest.mark.parametrize("prefix,name", [("", "x"), ("app", "app/x"), ("app/", "app/x"), ("a/b", "a/b/x")])
async def test_prefix_is_a_folder(prefix: str, name: str, acme: Tenant) -> None:
    await acme("POST", IMPORT, {"prefix": prefix, "values": {"x": "1"}})
    assert await names(acme) == [name]


async def test_names_that_exist_are_all_told_and_nothing_is_written(acme: Tenant) -> None:
    for name in ("app/a", "app/c"):
        await acme.put(name, "old")
    before = await acme.system.head()
    body = {"prefix": "app", "values": dict.fromkeys("abcd", "new")}
    problem = refused(await acme("POST", IMPORT, body), 409, "already-exists")
    assert problem["paths"] == ["app/a", "app/c"]
    assert await acme.system.head() == before
    assert await names(acme) == ["app/a", "app/c"]


async def test_deleted_name_is_imported_as_its_next_version(acme: Tenant) -> None:
    await acme.put("a", "old")
    await acme("DELETE", f"{STORE}/a")
    answer = await acme("POST", IMPORT, {"values": {"a": "new", "b": "new"}})
    assert {item["name"]: item["version"] for item in answer.json()["items"]} == {"a": 2, "b": 1}
    assert (await acme.value("a"), await acme.value("a", "?version=1")) == ("new", "old")


@pytest.mark.parametrize(
    "body,code",
    [
        ({"values": {"good": "x", "..": "x"}}, "bad-name"),
        ({"values": {"good": "x", "/a": "x"}}, "bad-name"),
        ({"values": {"good": "x", "": "x"}}, "bad-name"),
        ({"values": {"good": "x"}, "prefix": ".."}, "bad-name"),
        ({"values": {"good": "x"}, "prefix": "//"}, "bad-name"),
        ({"values": {"good": "x", "other": 7}}, "invalid"),
        ({"values": {}}, "invalid"),
        ({"values": {"a": "x"}, "cas": 1}, "invalid"),
        ({"values": ["a"]}, "invalid"),
        ({"prefix": "app"}, "invalid"),
    ],
)
async def test_one_wrong_entry_refuses_all(body: object, code: str, acme: Tenant) -> None:
    refused(await acme("POST", IMPORT, body), 400, code)
    assert await names(acme) == []


async def test_doubled_name_is_refused(acme: Tenant) -> None:
    content = b'{"values": {"a": "1", "b": "2", "a": "3"}}'
    refused(await acme("POST", IMPORT, content=content), 400, "invalid")
    assert await names(acme) == []


async def test_value_over_the_bound_refuses_all(acme: Tenant) -> None:
    refused(await acme("POST", IMPORT, {"values": {"a": "x", "b": "x" * (2**20 + 1)}}), 413, "too-large")
    assert await names(acme) == []


async def test_number_of_values_is_bounded(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "MAX_IMPORT", 3)
    refused(await acme("POST", IMPORT, {"values": dict.fromkeys("abcd", "x")}), 400, "invalid")
    assert (await acme("POST", IMPORT, {"values": dict.fromkeys("abc", "x")})).status == 201
    assert transfer.MAX_EXPORT == 10_000


async def test_ten_thousand_values_come_in_one_call(acme: Tenant) -> None:
    values = {f"n{number}": f"v{number}" for number in range(10_000)}
    answer = await acme("POST", IMPORT, {"prefix": "many", "values": values})
    assert answer.status == 201
    assert len(answer.json()["items"]) == 10_000
    assert await acme.value("many/n9999") == "v9999"


async def test_every_path_needs_the_scope(acme: Tenant) -> None:
    client = await acme.holding("secrets:write:app/*")
    body = {"values": {"app/a": "x", "other": "x"}}
    refused(await client("POST", IMPORT, body), 403, "forbidden")
    assert await names(acme) == []
    assert (await client("POST", IMPORT, {"prefix": "app", "values": {"a": "x"}})).status == 201


async def test_imports_of_the_same_deleted_names_do_not_wait_for_each_other(acme: Tenant) -> None:
    for name in "ab":
        await acme.put(name, "old")
        await acme("DELETE", f"{STORE}/{name}")
    async with asyncio.timeout(5):
        answers = await asyncio.gather(
            *(acme("POST", IMPORT, {"values": dict.fromkeys(order, "new")}) for order in ("ab", "ba", "ab", "ba"))
        )
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]


async def test_of_imports_at_once_the_others_are_told_the_names(acme: Tenant) -> None:
    answers = await asyncio.gather(*(acme("POST", IMPORT, {"values": {"a": "x", "b": "x"}}) for _ in range(5)))
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409, 409]
    for answer in answers:
        if answer.status == 409:
            assert refused(answer, 409, "already-exists")["paths"] == ["a", "b"]


async def test_import_does_not_write_over_a_name_that_came_back_to_life_meanwhile(acme: Tenant) -> None:
    await acme.put("a", "old")
    await acme("DELETE", f"{STORE}/a")
    created, taken_in = await asyncio.gather(
        acme("POST", f"{STORE}/a", {"value": "created"}), acme("POST", IMPORT, {"values": {"a": "imported"}})
    )
    assert sorted([created.status, taken_in.status]) == [201, 409]
    assert (await acme("GET", f"{STORE}/a")).json()["version"] == 2
    assert await acme.value("a") == ("created" if created.status == 201 else "imported")


VALUES = {
    "app/db/user": "payments",
    "app/db/pass-word": 'q"uo$te\\ #x\nline',
    "app/1st": "ünï",
    "app/empty": "",
    "app/ref": "${secret.app/db/user}@db",
}


async def exported(tenant: Tenant, query: str) -> bytes:
    answer = await tenant("GET", f"{STORE}/export?{query}")
    assert answer.status == 200, answer
    return answer.body


async def test_export_as_json(acme: Tenant) -> None:
    await acme("POST", IMPORT, {"values": {**VALUES, "other/x": "not this"}})
    answer = await acme("GET", f"{STORE}/export?prefix=app/")
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.json() == {"prefix": "app/", "values": VALUES}


async def test_export_as_yaml(acme: Tenant) -> None:
    await acme("POST", IMPORT, {"values": VALUES})
    assert yaml.safe_load(await exported(acme, "prefix=app/&format=yaml")) == VALUES


async def test_export_as_dotenv(acme: Tenant) -> None:
    await acme("POST", IMPORT, {"values": VALUES})
    answer = await acme("GET", f"{STORE}/export?prefix=app/&format=dotenv")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.body.decode().splitlines() == [
        '_1ST="ünï"',
        'DB_PASS_WORD="q\\"uo\\$te\\\\ #x\\nline"',
        "DB_USER=payments",
        "EMPTY=",
        'REF="\\${secret.app/db/user}@db"',
    ]


async def test_export_expands_references_when_asked(acme: Tenant) -> None:
    await acme("POST", IMPORT, {"values": VALUES})
    answer = await acme("GET", f"{STORE}/export?prefix=app/ref&resolve=true")
    assert answer.json()["values"] == {"app/ref": "payments@db"}
    assert {(event["path"], event["how"]) for event in await acme.events("secret.read")} == {
        ("app/ref", "export"),
        ("app/db/user", "export"),
    }


async def test_each_exported_value_is_an_event(acme: Tenant) -> None:
    await acme("POST", IMPORT, {"values": VALUES})
    answer = await acme("GET", f"{STORE}/export?prefix=app/")
    reads = await acme.events("secret.read")
    assert {event["path"] for event in reads} == set(VALUES)
    assert {event["how"] for event in reads} == {"export"}
    assert {event["request_id"] for event in reads} == {answer.headers["x-request-id"]}
    assert answer.position == reads[-1]["position"]


async def test_export_of_nothing_is_empty(acme: Tenant) -> None:
    assert (await acme("GET", f"{STORE}/export?prefix=no/")).json() == {"prefix": "no/", "values": {}}
    assert await exported(acme, "prefix=no/&format=dotenv") == b""
    assert yaml.safe_load(await exported(acme, "prefix=no/&format=yaml")) == {}


async def test_deleted_and_destroyed_values_are_not_exported(acme: Tenant) -> None:
    await acme("POST", IMPORT, {"values": {"a": "1", "b": "2"}})
    await acme("DELETE", f"{STORE}/a")
    assert (await acme("GET", f"{STORE}/export")).json()["values"] == {"b": "2"}


async def test_value_that_is_no_text_is_named(acme: Tenant) -> None:
    await acme.put("app/a", "text")
    await acme("POST", f"{STORE}/app/b", {"value_b64": base64.b64encode(b"\xff").decode()})
    for form in ("json", "dotenv", "yaml"):
        problem = refused(await acme("GET", f"{STORE}/export?prefix=app/&format={form}"), 400, "invalid")
        assert "app/b" in problem["detail"]


async def test_export_needs_both_scopes_on_everything_and_names_nothing(acme: Tenant) -> None:
    await acme("POST", IMPORT, {"values": {"app/a": "1", "app/hidden": "2", "app/b": "3"}})
    for scopes in (
        ["secrets:read"],
        ["secrets:export"],
        ["secrets:export", "secrets:read:app/a"],
        ["secrets:read", "secrets:export:app/a", "secrets:export:app/b"],
        ["role:editor"],
    ):
        answer = await (await acme.holding(*scopes))("GET", f"{STORE}/export?prefix=app/")
        refused(answer, 403, "forbidden")
        assert b"hidden" not in answer.body
    assert await acme.events("secret.read") == []
    bounded = await acme.holding("secrets:read:app/*", "secrets:export:app/*")
    assert len((await bounded("GET", f"{STORE}/export?prefix=app/")).json()["values"]) == 3
    refused(await bounded("GET", f"{STORE}/export?prefix=other/"), 403, "forbidden")


@pytest.mark.parametrize("query", ["format=xml", "format=", "resolve=1x", "prefix=a&prefix=b", "path=a"])
async def test_wrong_parameter_of_export_is_refused(query: str, acme: Tenant) -> None:
    refused(await acme("GET", f"{STORE}/export?{query}"), 400, "invalid")


async def test_exports_size_is_bounded(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    await acme("POST", IMPORT, {"values": {"a": "x" * 60, "b": "x" * 60}})
    monkeypatch.setattr("domain.commands.expansion.MAX_TOGETHER", 100)
    refused(await acme("GET", f"{STORE}/export"), 413, "too-large")
    assert (await acme("GET", f"{STORE}/export?prefix=a")).status == 200
    monkeypatch.setattr(transfer, "MAX_EXPORT", 1)
    refused(await acme("GET", f"{STORE}/export"), 413, "too-large")
