"""References between secrets: expanded only when asked, for those who may read what they lead to, and within bounds."""

from __future__ import annotations

import time

import pytest

from domain.references import MAX_DEPTH, MAX_REFERENCES
from tests.integration.api.tenants import INJECTIONS, STORE, Tenant, refused

pytestmark = pytest.mark.anyio


async def imported(tenant: Tenant, **values: str) -> None:
    named = {name.replace("__", "/"): value for name, value in values.items()}
    assert (await tenant("POST", f"{STORE}/import", {"values": named})).status == 201


async def chain(tenant: Tenant, length: int, last: str = "end") -> None:
    """c0 refers to c1, that to c2, and so on for `length` references."""
    values = {f"c{number}": f"${{secret.c{number + 1}}}" for number in range(length)}
    await imported(tenant, **values, **{f"c{length}": last})


async def resolved(tenant: Tenant, path: str) -> str:
    return await tenant.value(path, "?resolve=true")


async def test_references_stay_as_they_are_unless_resolved(acme: Tenant) -> None:
    await imported(acme, user="payments", dsn="pg://${secret.user}@db")
    assert await acme.value("dsn") == "pg://${secret.user}@db"
    assert await acme.value("dsn", "?resolve=false") == "pg://${secret.user}@db"
    assert await resolved(acme, "dsn") == "pg://payments@db"


@pytest.mark.parametrize(
    "value,expanded",
    [
        ("${secret.a}", "A"),
        ("${secret.a}${secret.a}", "AA"),
        ("<${secret.app/b}>", "<B>"),
        ("${secret.v@1}${secret.v@2}${secret.v}", "onetwotwo"),
        ("$${secret.a}", "${secret.a}"),
        ("$$${secret.a}", "$${secret.a}"),
        ("$${${secret.a}", "${A"),
        ("$$${", "$${"),
        ("${secret.quoted}", "${secret.a}"),
        ("no ${reference} $secret.a ${secret.a", "no ${reference} $secret.a ${secret.a"),
        ("ünï ${secret.a}", "ünï A"),
    ],
)
async def test_value_is_expanded(value: str, expanded: str, acme: Tenant) -> None:
    await imported(acme, a="A", app__b="B", quoted="$${secret.a}", x=value)
    await acme.put("v", "one", "two")
    assert await resolved(acme, "x") == expanded


async def test_version_read_is_the_one_expanded(acme: Tenant) -> None:
    await imported(acme, a="A", b="B")
    await acme.put("x", "1${secret.a}", "2${secret.b}")
    assert await acme.value("x", "?version=1&resolve=true") == "1A"
    assert await resolved(acme, "x") == "2B"


async def test_pinned_version_stays_when_the_secret_is_rotated(acme: Tenant) -> None:
    await acme.put("a", "old", "new")
    await imported(acme, x="${secret.a@1}", y="${secret.a@9}")
    assert await resolved(acme, "x") == "old"
    problem = refused(await acme("GET", f"{STORE}/y?resolve=true"), 404, "not-found")
    assert problem["missing"] == "a"
    await acme("DELETE", f"{STORE}/a")
    refused(await acme("GET", f"{STORE}/x?resolve=true"), 404, "not-found")


async def test_every_secret_it_leads_to_is_audited(acme: Tenant) -> None:
    await imported(acme, a="A${secret.b}", b="B", c="C${secret.b}", x="${secret.a}${secret.c}")
    answer = await acme("GET", f"{STORE}/x?resolve=true")
    reads = await acme.events("secret.read")
    assert sorted((event["path"], event["number"], event["how"]) for event in reads) == [
        (name, 1, "resolve") for name in "abcx"
    ]
    assert answer.position == reads[-1]["position"]


async def test_missing_secret_is_named(acme: Tenant) -> None:
    await imported(acme, x="${secret.y}", y="${secret.no/such}")
    problem = refused(await acme("GET", f"{STORE}/x?resolve=true"), 404, "not-found")
    assert problem["missing"] == "no/such"
    assert await acme.events("secret.read") == []
    problem = refused(await acme("GET", f"{STORE}/nothing?resolve=true"), 404, "not-found")
    assert problem["missing"] == "nothing"


async def test_deleted_or_destroyed_secret_is_missing(acme: Tenant) -> None:
    await imported(acme, a="A", b="B", x="${secret.a}", y="${secret.b}")
    await acme("DELETE", f"{STORE}/a")
    await acme("POST", f"{STORE}/destroy/b", {"versions": [1]})
    for name, missing in (("x", "a"), ("y", "b")):
        problem = refused(await acme("GET", f"{STORE}/{name}?resolve=true"), 404, "not-found")
        assert problem["missing"] == missing


@pytest.mark.parametrize("inside", ["not a path", "..", "history/x", "", "a//b", "${secret.a"])
async def test_reference_to_what_is_no_path_is_refused(inside: str, acme: Tenant) -> None:
    await imported(acme, x=f"${{secret.{inside}}}")
    refused(await acme("GET", f"{STORE}/x?resolve=true"), 400, "bad-name")
    assert await acme.value("x") == f"${{secret.{inside}}}"


@pytest.mark.parametrize("length", [1, 2, 5, MAX_DEPTH])
async def test_circle_is_refused_and_told(length: int, acme: Tenant) -> None:
    await chain(acme, length - 1, last="${secret.c0}")
    problem = refused(await acme("GET", f"{STORE}/c0?resolve=true"), 409, "reference-cycle")
    assert problem["cycle"] == [*(f"c{number}" for number in range(length)), "c0"]
    assert await acme.events("secret.read") == []


async def test_circle_further_on_is_told_without_the_way_to_it(acme: Tenant) -> None:
    await imported(acme, x="${secret.a}", a="${secret.b}", b="${secret.a}")
    problem = refused(await acme("GET", f"{STORE}/x?resolve=true"), 409, "reference-cycle")
    assert problem["cycle"] == ["a", "b", "a"]


async def test_secret_that_names_an_older_version_of_itself_is_no_circle(acme: Tenant) -> None:
    await acme.put("a", "one", "${secret.a@1} and two")
    assert await resolved(acme, "a") == "one and two"


async def test_depth_is_bounded(acme: Tenant) -> None:
    await chain(acme, MAX_DEPTH + 1)
    assert await resolved(acme, "c1") == "end"
    problem = refused(await acme("GET", f"{STORE}/c0?resolve=true"), 400, "reference-too-large")
    assert str(MAX_DEPTH) in problem["detail"]


async def test_depth_is_that_of_the_longest_chain(acme: Tenant) -> None:
    await chain(acme, MAX_DEPTH + 3)
    shortcuts = "".join(f"${{secret.c{number}}}" for number in range(MAX_DEPTH + 4))
    await imported(acme, x=shortcuts)
    refused(await acme("GET", f"{STORE}/x?resolve=true"), 400, "reference-too-large")


async def test_long_chain_among_what_is_exported_is_refused(acme: Tenant) -> None:
    await chain(acme, 1500)
    refused(await acme("GET", f"{STORE}/export?resolve=true"), 400, "reference-too-large")
    assert len((await acme("GET", f"{STORE}/export")).json()["values"]) == 1501


async def test_number_of_secrets_is_bounded(acme: Tenant) -> None:
    leaves = {f"n{number}": "x" for number in range(MAX_REFERENCES + 1)}
    await imported(acme, **leaves)
    marks = [f"${{secret.n{number}}}" for number in range(MAX_REFERENCES + 1)]
    await acme.put("fits", "".join(marks[:-1]))
    await acme.put("too-many", "".join(marks))
    assert await resolved(acme, "fits") == "x" * MAX_REFERENCES
    refused(await acme("GET", f"{STORE}/too-many?resolve=true"), 400, "reference-too-large")


@pytest.mark.parametrize("leaf", ["", "x"])
async def test_few_secrets_that_multiply_are_refused_at_once(leaf: str, acme: Tenant) -> None:
    values = {f"m{number}": f"${{secret.m{number + 1}}}" * 40 for number in range(8)}
    await imported(acme, **values, m8=leaf)
    began = time.perf_counter()
    refused(await acme("GET", f"{STORE}/m0?resolve=true"), 400, "reference-too-large")
    assert time.perf_counter() - began < 1
    assert await resolved(acme, "m7") == leaf * 40


async def test_expanded_size_is_bounded(acme: Tenant) -> None:
    await imported(acme, big="x" * 2**20, fits="${secret.big}" * 4, too="${secret.big}" * 4 + "y")
    assert len(await resolved(acme, "fits")) == 4 * 2**20
    refused(await acme("GET", f"{STORE}/too?resolve=true"), 400, "reference-too-large")


async def test_every_path_needs_the_scope(acme: Tenant) -> None:
    await imported(acme, app__dsn="${secret.app/user}:${secret.vault/key}", app__user="u", vault__key="hunter2")
    bounded = await acme.holding("secrets:read:app/*")
    assert (await bounded("GET", f"{STORE}/app/dsn")).status == 200
    before = await acme.system.head()
    for answer in (
        await bounded("GET", f"{STORE}/app/dsn?resolve=true"),
        await bounded("POST", INJECTIONS, {"variables": {"A": "app/dsn"}, "resolve": True}),
    ):
        refused(answer, 403, "forbidden")
        assert b"hunter2" not in answer.body
    assert await acme.system.head() == before
    wider = await acme.holding("secrets:read:app/*", "secrets:read:vault/key")
    assert (await wider("GET", f"{STORE}/app/dsn?resolve=true")).json()["value"] == "u:hunter2"


async def test_binary_value_is_expanded_as_bytes(acme: Tenant) -> None:
    import base64  # noqa: PLC0415 - only here

    await acme("POST", f"{STORE}/bin", {"value_b64": base64.b64encode(b"\xff\x00").decode()})
    await imported(acme, x="<${secret.bin}>")
    answer = await acme("GET", f"{STORE}/x?resolve=true")
    assert base64.b64decode(answer.json()["value_b64"]) == b"<\xff\x00>"


async def test_references_tell_what_is_used_and_by_whom(acme: Tenant) -> None:
    await imported(acme, dsn="${secret.user}:${secret.key@2}:$${secret.no}", user="u", other="${secret.user}")
    answer = await acme("GET", f"{STORE}/references/dsn")
    assert answer.json() == {
        "name": "dsn",
        "uses": [{"path": "key", "version": 2}, {"path": "user", "version": None}],
        "used_by": [],
    }
    assert (await acme("GET", f"{STORE}/references/user")).json()["used_by"] == ["dsn", "other"]
    assert (await acme("GET", f"{STORE}/references/user?limit=1")).json()["used_by"] == ["dsn"]
    assert (await acme("GET", f"{STORE}/references/key")).json()["used_by"] == ["dsn"]
    await acme("PUT", f"{STORE}/dsn", {"value": "none"})
    assert (await acme("GET", f"{STORE}/references/user")).json()["used_by"] == ["other"]
    await acme("DELETE", f"{STORE}/other")
    assert (await acme("GET", f"{STORE}/references/user")).json()["used_by"] == []
    for bad in ("limit=0", "limit=x", "limit=100001"):
        refused(await acme("GET", f"{STORE}/references/user?{bad}"), 400, "invalid")


async def test_references_tell_of_no_name_that_may_not_be_listed(acme: Tenant) -> None:
    await imported(acme, app__a="${secret.app/b}${secret.hidden/x}", app__b="b", hidden__y="${secret.app/b}")
    client = await acme.holding("secrets:list:app/*")
    uses = await client("GET", f"{STORE}/references/app/a")
    assert uses.json()["uses"] == [{"path": "app/b", "version": None}]
    assert (await client("GET", f"{STORE}/references/app/b")).json()["used_by"] == ["app/a"]
    refused(await client("GET", f"{STORE}/references/hidden/x"), 403, "forbidden")
    refused(await (await acme.holding("secrets:read"))("GET", f"{STORE}/references/app/a"), 403, "forbidden")


async def test_injection_fills_variables_in_one_request(acme: Tenant) -> None:
    await imported(acme, app__user="u", app__dsn="${secret.app/user}@db", other="o")
    answer = await acme("POST", INJECTIONS, {"variables": {"DSN": "app/dsn", "O": "other"}, "resolve": True})
    assert answer.status == 200
    assert answer.json() == {"variables": {"DSN": "u@db", "O": "o"}, "position": answer.position}
    plain = await acme("POST", INJECTIONS, {"variables": {"DSN": "app/dsn"}})
    assert plain.json()["variables"] == {"DSN": "${secret.app/user}@db"}


async def test_injection_is_an_event_with_its_variables_and_each_secret_behind_them(acme: Tenant) -> None:
    await imported(acme, user="u", dsn="${secret.user}@db")
    answer = await acme("POST", INJECTIONS, {"variables": {"A": "dsn", "B": "dsn"}, "resolve": True})
    (event,) = await acme.events("secret.injected")
    assert event["variables"] == {"A": "dsn", "B": "dsn"}
    assert event["position"] == answer.position
    assert [(read["path"], read["how"]) for read in await acme.events("secret.read")] == [("user", "run")]
    assert {read["request_id"] for read in await acme.events("secret.read")} == {answer.headers["x-request-id"]}


@pytest.mark.parametrize(
    "style,prefix,names",
    [
        ("upper", "app/", {"DB_USER": "u", "_1ST": "1", "X_Y": "x"}),
        ("keep", "app/", {"db_user": "u", "_1st": "1", "x_y": "x"}),
        ("upper", "app", {"_DB_USER": "u", "_1ST": "1", "_X_Y": "x"}),
    ],
)
async def test_folder_is_injected_under_names_made_of_its_paths(
    style: str, prefix: str, names: dict[str, str], acme: Tenant
) -> None:
    values = {"app/db/user": "u", "app/1st": "1", "app/x-y": "x", "other": "o"}
    await acme("POST", f"{STORE}/import", {"values": values})
    answer = await acme("POST", INJECTIONS, {"prefix": prefix, "name_style": style})
    assert answer.json()["variables"] == names
    named = await acme("POST", INJECTIONS, {"prefix": "app/x", "variables": {"_Y": "other"}, "name_style": style})
    assert named.json()["variables"]["_Y"] == "o"


async def test_two_paths_that_become_one_variable_are_refused(acme: Tenant) -> None:
    await acme("POST", f"{STORE}/import", {"values": {"app/a-b": "1", "app/a_b": "2"}})
    problem = refused(await acme("POST", INJECTIONS, {"prefix": "app/"}), 409, "conflict")
    assert "A_B" in problem["detail"]


async def test_folder_that_may_not_be_read_is_refused_without_its_names(acme: Tenant) -> None:
    values = {"app/hidden-b": "1", "app/hidden_b": "2"}
    await acme("POST", f"{STORE}/import", {"values": values})
    for scopes in (["secrets:list:other"], ["secrets:read:app/other"], ["secrets:read:app/hidden-b"]):
        answer = await (await acme.holding(*scopes))("POST", INJECTIONS, {"prefix": "app/"})
        refused(answer, 403, "forbidden")
        assert b"hidden" not in answer.body


@pytest.mark.parametrize(
    "body,code",
    [
        ({}, "invalid"),
        ({"variables": {}}, "invalid"),
        ({"variables": {"1A": "a"}}, "invalid"),
        ({"variables": {"A-B": "a"}}, "invalid"),
        ({"variables": {"A=B": "a"}}, "invalid"),
        ({"variables": {"": "a"}}, "invalid"),
        ({"variables": {"A": 1}}, "invalid"),
        ({"variables": {"A": ".."}}, "bad-name"),
        ({"prefix": "//"}, "bad-name"),
        ({"variables": {"A": "a"}, "name_style": "snake"}, "invalid"),
        ({"variables": {"A": "a"}, "resolve": "yes"}, "invalid"),
        ({"variables": {f"A{number}": "a" for number in range(1001)}}, "invalid"),
    ],
)
async def test_wrong_injection_is_refused(body: object, code: str, acme: Tenant) -> None:
    await imported(acme, a="x")
    refused(await acme("POST", INJECTIONS, body), 400, code)


async def test_injection_names_what_is_missing_or_no_text(acme: Tenant) -> None:
    problem = refused(await acme("POST", INJECTIONS, {"variables": {"A": "no/such"}}), 404, "not-found")
    assert problem["missing"] == "no/such"
    await acme("POST", f"{STORE}/bin", {"value_b64": "/w=="})
    refused(await acme("POST", INJECTIONS, {"variables": {"A": "bin"}}), 400, "invalid")
