"""Comparing versions and folders without showing their values."""

from __future__ import annotations

import pytest

from tests.integration.api.tenants import STORE, Tenant, refused

pytestmark = pytest.mark.anyio


async def test_versions_are_compared_without_their_values(acme: Tenant) -> None:
    await acme.put("a", "hunter2", "hunter3", "hunter2")
    differing = await acme("GET", f"{STORE}/diff/a?from=1&to=2")
    assert differing.json() == {"name": "a", "from": 1, "to": 2, "equal": False}
    equal = await acme("GET", f"{STORE}/diff/a?from=1&to=3")
    assert equal.json()["equal"] is True
    assert (await acme("GET", f"{STORE}/diff/a?from=2&to=2")).json()["equal"] is True
    assert b"hunter" not in differing.body + equal.body
    event = (await acme.events("secret.compared"))[0]
    assert (event["left"], event["right"], event["position"]) == ("a@1", "a@2", differing.position)
    assert await acme.events("secret.read") == []


async def test_values_are_revealed_only_when_asked_and_audited(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    answer = await acme("GET", f"{STORE}/diff/a?from=1&to=2&reveal=true")
    assert (answer.json()["from_value"], answer.json()["to_value"]) == ("one", "two")
    reads = [(event["number"], event["how"]) for event in await acme.events("secret.read")]
    assert reads == [(1, "diff"), (2, "diff")]


async def test_binary_values_are_revealed_in_base64(acme: Tenant) -> None:
    await acme("POST", f"{STORE}/a", {"value_b64": "/w=="})
    await acme("PUT", f"{STORE}/a", {"value": "text"})
    told = (await acme("GET", f"{STORE}/diff/a?from=1&to=2&reveal=true")).json()
    assert (told["from_value_b64"], told["to_value"]) == ("/w==", "text")
    assert "from_value" not in told


async def test_comparing_versions_needs_list_and_revealing_needs_read(acme: Tenant) -> None:
    await acme.put("app/a", "one", "two")
    lister, reader = await acme.holding("secrets:list:app/*"), await acme.holding("secrets:read")
    assert (await lister("GET", f"{STORE}/diff/app/a?from=1&to=2")).status == 200
    refused(await lister("GET", f"{STORE}/diff/app/a?from=1&to=2&reveal=true"), 403, "forbidden")
    refused(await reader("GET", f"{STORE}/diff/app/a?from=1&to=2"), 403, "forbidden")
    assert await acme.events("secret.read") == []


@pytest.mark.parametrize(
    "query", ["", "from=1", "to=1", "from=0&to=1", "from=a&to=1", "from=1&to=1&reveal=2", "from=1&to=1&x=1"]
)
async def test_wrong_comparison_of_versions_is_refused(query: str, acme: Tenant) -> None:
    await acme.put("a", "one")
    refused(await acme("GET", f"{STORE}/diff/a?{query}"), 400, "invalid")


async def test_versions_that_are_not_there_are_not_found(acme: Tenant) -> None:
    await acme.put("a", "one", "two")
    refused(await acme("GET", f"{STORE}/diff/a?from=1&to=3"), 404, "not-found")
    refused(await acme("GET", f"{STORE}/diff/b?from=1&to=2"), 404, "not-found")
    await acme("POST", f"{STORE}/destroy/a", {"versions": [1]})
    refused(await acme("GET", f"{STORE}/diff/a?from=1&to=2"), 404, "not-found")


async def environments(tenant: Tenant) -> None:
    values = {
        "staging/same": "hunter2", "staging/differs": "hunter3", "staging/only": "x", "staging/deep/same": "y",
        "production/same": "hunter2", "production/differs": "hunter4", "production/new": "x",
        "production/deep/same": "y", "staging-2/same": "not compared", "production": "not compared either",
    }  # fmt: skip
    assert (await tenant("POST", f"{STORE}/import", {"values": values})).status == 201


@pytest.mark.parametrize("slash", ["", "/"])
async def test_folders_are_compared_name_by_name_without_values(slash: str, acme: Tenant) -> None:
    await environments(acme)
    answer = await acme("GET", f"{STORE}/diff?left=staging{slash}&right=production{slash}")
    assert answer.json() == {
        "left": f"staging{slash}", "right": f"production{slash}", "only_left": ["only"], "only_right": ["new"],
        "equal": ["deep/same", "same"], "different": [{"name": "differs", "left_version": 1, "right_version": 1}],
    }  # fmt: skip
    assert b"hunter" not in answer.body
    (event,) = await acme.events("secret.compared")
    assert event["position"] == answer.position
    assert await acme.events("secret.read") == []


async def test_differing_values_are_revealed_only_when_asked(acme: Tenant) -> None:
    await environments(acme)
    answer = await acme("GET", f"{STORE}/diff?left=staging&right=production&reveal=true")
    (different,) = answer.json()["different"]
    assert (different["left_value"], different["right_value"]) == ("hunter3", "hunter4")
    assert b"hunter2" not in answer.body
    assert "staging/differs" in {event["path"] for event in await acme.events("secret.read")}


async def test_folders_of_one_name_are_compared_with_empty_ones(acme: Tenant) -> None:
    await environments(acme)
    told = (await acme("GET", f"{STORE}/diff?left=nothing&right=production")).json()
    assert (told["only_left"], told["only_right"]) == ([], ["deep/same", "differs", "new", "same"])
    assert (await acme("GET", f"{STORE}/diff?left=no&right=nothing")).json()["equal"] == []


async def test_comparing_folders_needs_list_on_all_of_both_and_names_nothing(acme: Tenant) -> None:
    await acme("POST", f"{STORE}/import", {"values": {"staging/a": "1", "production/hidden": "2"}})
    for scopes in (
        ["secrets:list:staging/*"],
        ["secrets:read"],
        ["secrets:list:staging/*", "secrets:list:production/a*"],
    ):
        answer = await (await acme.holding(*scopes))("GET", f"{STORE}/diff?left=staging&right=production")
        refused(answer, 403, "forbidden")
        assert b"hidden" not in answer.body
    lister = await acme.holding("secrets:list")
    assert (await lister("GET", f"{STORE}/diff?left=staging&right=production")).status == 200
    await acme.put("production/a", "3")
    refused(await lister("GET", f"{STORE}/diff?left=staging&right=production&reveal=true"), 403, "forbidden")


@pytest.mark.parametrize(
    "query,code",
    [
        ("", "invalid"), ("left=a", "invalid"), ("right=a", "invalid"), ("left=&right=", "invalid"),
        ("left=a&right=b&from=1", "invalid"), ("left=..&right=b", "bad-name"), ("left=a&right=b%20c", "bad-name"),
    ],
)  # fmt: skip
async def test_wrong_comparison_of_folders_is_refused(query: str, code: str, acme: Tenant) -> None:
    refused(await acme("GET", f"{STORE}/diff?{query}"), 400, code)


async def test_comparison_opens_no_more_than_one_answer_may_hold(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    await acme.put("a/x", "x" * 60)
    await acme.put("b/x", "x" * 60)
    monkeypatch.setattr("domain.commands.expansion.MAX_TOGETHER", 100)
    refused(await acme("GET", f"{STORE}/diff?left=a&right=b"), 413, "too-large")
