"""Policies: written, read, had by tokens, and what they then decide on the Vault surface."""

from __future__ import annotations

import base64

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio
DENIED = {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
READER = 'path "secret/data/app/*" { capabilities = ["read"] }'


async def written(acme: VaultTenant, name: str, text: str) -> None:
    answer = await acme("PUT", f"sys/policies/acl/{name}", {"policy": text})
    assert answer.status == 204, answer


async def with_policies(acme: VaultTenant, *names: str) -> VaultClient:
    answer = await acme("POST", "auth/token/create", {"policies": names})
    return acme.client(answer.json()["auth"]["client_token"])


async def with_rules(acme: VaultTenant, text: str) -> VaultClient:
    await written(acme, "made-up", text)
    return await with_policies(acme, "made-up")


async def test_a_policy_is_read_as_it_was_written_and_listed(acme: VaultTenant) -> None:
    await written(acme, "Reader", READER)
    assert await acme.data("GET", "sys/policies/acl/reader") == {"name": "reader", "policy": READER}
    assert await acme.data("LIST", "sys/policies/acl") == {"keys": ["default", "reader", "root"]}
    assert await acme.data("GET", "sys/policies/acl?list=true") == {"keys": ["default", "reader", "root"]}
    assert (await acme("DELETE", "sys/policies/acl/reader")).status == 204
    assert (await acme("DELETE", "sys/policies/acl/reader")).status == 204
    answer = await acme("GET", "sys/policies/acl/reader")
    assert (answer.status, answer.json()) == (404, {"errors": []})


async def test_older_clients_have_their_paths(acme: VaultTenant) -> None:
    assert (await acme("PUT", "sys/policy/old", {"rules": READER})).status == 204
    answer = (await acme("GET", "sys/policy/old")).json()
    assert (answer["rules"], answer["data"]["rules"], answer["name"]) == (READER, READER, "old")
    answer = (await acme("GET", "sys/policy")).json()
    assert answer["policies"] == answer["data"]["keys"] == ["default", "old", "root"]
    assert (await acme("DELETE", "sys/policy/old")).status == 204


async def test_names_may_have_slashes(acme: VaultTenant) -> None:
    await written(acme, "team/app", READER)
    assert (await acme.data("GET", "sys/policies/acl/team/app"))["policy"] == READER
    await acme.data("POST", "secret/data/app/db", {"data": {"a": "1"}})
    client = await with_policies(acme, "team/app")
    assert (await client("GET", "secret/data/app/db")).status == 200


async def test_base64_and_json_are_taken(acme: VaultTenant) -> None:
    await written(acme, "b", base64.b64encode(READER.encode()).decode())
    assert (await acme.data("GET", "sys/policies/acl/b"))["policy"] == READER
    await written(acme, "j", '{"path": {"secret/*": {"capabilities": ["read"]}}}')


async def test_what_cannot_be_is_told_with_its_line(acme: VaultTenant) -> None:
    for name, text, told in (
        ("x", 'path "a" {\n capabilities = ["reed"]\n}', "line 1, path 'a': invalid capability 'reed'"),
        ("x", 'path "a" {\n', "failed to parse policy: line 2"),
        ("x", "", "'policy' parameter not supplied or empty"),
        ("root", READER, "cannot update 'root' policy"),
        ("a,b", READER, "a policy's name has"),
    ):
        answer = await acme("PUT", f"sys/policies/acl/{name}", {"policy": text})
        assert answer.status == 400
        assert told in answer.json()["errors"][0]
    for name in ("root", "default"):
        assert (await acme("DELETE", f"sys/policies/acl/{name}")).status == 400


async def test_paths_of_identities_are_taken_with_a_warning(acme: VaultTenant) -> None:
    text = 'path "secret/data/{{identity.entity.id}}/*" { capabilities = ["read"] }'
    answer = await acme("PUT", "sys/policies/acl/x", {"policy": text})
    assert answer.status == 200
    assert "identities" in answer.json()["warnings"][0]


async def test_a_token_may_what_its_policies_give_and_no_more(acme: VaultTenant) -> None:
    for path in ("app/db", "other"):
        await acme.data("POST", f"secret/data/{path}", {"data": {"a": "1"}})
    reader = await with_rules(acme, READER)
    assert (await reader.data("GET", "secret/data/app/db"))["data"] == {"a": "1"}
    for method, path in (
        ("GET", "secret/data/other"),
        ("GET", "secret/metadata/app/db"),
        ("LIST", "secret/metadata/app"),
        ("POST", "secret/data/app/db"),
        ("DELETE", "secret/data/app/db"),
        ("GET", "sys/mounts"),
        ("GET", "sys/policies/acl/made-up"),
    ):
        answer = await reader(method, path, {"data": {}} if method == "POST" else None)
        assert (answer.status, answer.json()) == (403, DENIED), (method, path)


async def test_a_change_of_a_policy_holds_for_the_next_request(acme: VaultTenant) -> None:
    await acme.data("POST", "secret/data/app/db", {"data": {"a": "1"}})
    reader = await with_rules(acme, READER)
    assert (await reader("GET", "secret/data/app/db")).status == 200
    await written(acme, "made-up", 'path "secret/data/app/db" { capabilities = ["deny"] }\n' + READER)
    assert (await reader("GET", "secret/data/app/db")).status == 403
    await written(acme, "made-up", READER)
    assert (await reader("GET", "secret/data/app/db")).status == 200
    await acme("DELETE", "sys/policies/acl/made-up")
    assert (await reader("GET", "secret/data/app/db")).status == 403


async def test_deny_of_one_policy_wins_over_what_another_gives(acme: VaultTenant) -> None:
    await acme.data("POST", "secret/data/app/db", {"data": {"a": "1"}})
    await written(acme, "gives", 'path "secret/*" { capabilities = ["read"] }')
    await written(acme, "denies", 'path "secret/*" { capabilities = ["deny"] }')
    assert (await (await with_policies(acme, "gives"))("GET", "secret/data/app/db")).status == 200
    assert (await (await with_policies(acme, "gives", "denies"))("GET", "secret/data/app/db")).status == 403


async def test_creating_and_updating_are_apart(acme: VaultTenant) -> None:
    maker = await with_rules(acme, 'path "secret/data/*" { capabilities = ["create"] }')
    assert (await maker("POST", "secret/data/new", {"data": {"a": "1"}})).status == 200
    assert (await maker("POST", "secret/data/new", {"data": {"a": "2"}})).status == 403
    changer = await with_rules(acme, 'path "secret/data/*" { capabilities = ["update"] }')
    assert (await changer("POST", "secret/data/new", {"data": {"a": "2"}})).status == 200
    assert (await changer("POST", "secret/data/newer", {"data": {"a": "2"}})).status == 403


async def test_parameters_and_wrapping_are_asked_for_as_the_rule_says(acme: VaultTenant) -> None:
    text = """path "sys/tools/random" { capabilities = ["update"], allowed_parameters = { "bytes" = [8, 16] } }
    path "sys/tools/hash/*" { capabilities = ["update"], required_parameters = ["input"], min_wrapping_ttl = "1m" }"""
    client = await with_rules(acme, text)
    assert (await client("POST", "sys/tools/random", {"bytes": 8})).status == 200
    assert (await client("POST", "sys/tools/random", {"bytes": "16"})).status == 200
    assert (await client("POST", "sys/tools/random", {"bytes": 17})).status == 403
    assert (await client("POST", "sys/tools/random", {"format": "hex"})).status == 403
    body = {"input": base64.b64encode(b"x").decode()}
    assert (await client("POST", "sys/tools/hash/sha2-256", body)).status == 403
    assert (await client("POST", "sys/tools/hash/sha2-256", body, x_vault_wrap_ttl="2m")).status == 200
    assert (await client("POST", "sys/tools/hash/sha2-256", {}, x_vault_wrap_ttl="2m")).status == 403


async def test_sudo_is_asked_for_where_vault_asks_for_it(acme: VaultTenant) -> None:
    for more, status in (("", 403), (', "sudo"', 200)):
        client = await with_rules(acme, f'path "auth/token/accessors/" {{ capabilities = ["list"{more}] }}')
        assert (await client("LIST", "auth/token/accessors")).status == status


async def test_default_lets_a_token_look_after_itself(acme: VaultTenant) -> None:
    client = await with_policies(acme, "nothing-of-this-name")
    assert (await client.data("GET", "auth/token/lookup-self"))["policies"] == ["default", "nothing-of-this-name"]
    assert (await client("POST", "auth/token/renew-self")).status == 200
    assert (await client("POST", "sys/capabilities-self", {"paths": ["secret/data/x"]})).status == 200
    assert (await client("GET", "secret/data/x")).status == 403
    assert (await client("POST", "auth/token/revoke-self")).status == 204


async def test_capabilities_are_told_for_policies_and_for_scopes(acme: VaultTenant) -> None:
    client = await with_rules(acme, READER + 'path "secret/metadata/*" { capabilities = ["list", "read"] }')
    answer = (await client("POST", "sys/capabilities-self", {"paths": ["secret/data/app/db", "secret/data/x"]})).json()
    assert answer["data"] == {"secret/data/app/db": ["read"], "secret/data/x": ["deny"]}
    assert answer["secret/data/app/db"] == ["read"]
    one = await client.data("POST", "sys/capabilities-self", {"path": "secret/metadata/app"})
    assert one == {"secret/metadata/app": ["list", "read"], "capabilities": ["list", "read"]}
    root = await acme.data("POST", "sys/capabilities-self", {"path": "any/thing"})
    assert root["capabilities"] == ["root"]
    scoped = await acme.holding("secrets:read:app/*", "secrets:list:app/*", "secrets:write:app/new")
    for path, expected in (
        ("secret/data/app/db", ["read"]),
        ("secret/data/app/new", ["create", "patch", "read", "update"]),
        ("secret/data/other", ["deny"]),
        ("secret/metadata/app/", ["list"]),
        ("secret/metadata/app/db", ["list", "read"]),
        ("sys/policies/acl/x", ["deny"]),
        ("auth/token/lookup-self", ["read"]),
    ):
        told = await scoped.data("POST", "sys/capabilities-self", {"path": path})
        assert told["capabilities"] == expected, path


async def test_capabilities_of_another_token_are_told_to_who_may_see_tokens(acme: VaultTenant) -> None:
    client = await with_rules(acme, READER)
    accessor = (await client.data("GET", "auth/token/lookup-self"))["accessor"]
    for path, body in (
        ("sys/capabilities", {"token": client.token}),
        ("sys/capabilities-accessor", {"accessor": accessor}),
    ):
        told = await acme.data("POST", path, {**body, "path": "secret/data/app/db"})
        assert told["capabilities"] == ["read"]
        assert (await client("POST", path, {**body, "path": "secret/data/app/db"})).status == 403
    unknown = await acme("POST", "sys/capabilities-accessor", {"accessor": "tok_x", "path": "a"})
    assert (unknown.status, unknown.json()) == (400, {"errors": ["invalid accessor"]})


async def test_one_tenants_policies_are_nothing_to_another(acme: VaultTenant, other: VaultTenant) -> None:
    await written(acme, "app", READER)
    assert await other.data("LIST", "sys/policies/acl") == {"keys": ["default", "root"]}
    client = await with_policies(other, "app")
    await other.data("POST", "secret/data/app/db", {"data": {"a": "1"}})
    assert (await client("GET", "secret/data/app/db")).status == 403


RESULTANT = """
path "secret/data/app/*" { capabilities = ["read", "create"] }
path "secret/metadata/+/x" { capabilities = ["list"] }
path "secret/data/app/one" { capabilities = ["deny"] }
path "auth/token/lookup-self" { capabilities = ["update"] }
path "sys/mounts" {
    capabilities = ["sudo", "read"]
    allowed_parameters = { "a" = [1, "x"], "*" = [] }
    denied_parameters = { "q" = [] }
    required_parameters = ["z"]
    min_wrapping_ttl = "1s"
    max_wrapping_ttl = "90s"
}
"""


async def test_all_that_a_token_may_is_told_by_path(acme: VaultTenant) -> None:
    client = await with_rules(acme, RESULTANT)
    told = await client.data("GET", "sys/internal/ui/resultant-acl")
    exact, prefixes = told["exact_paths"], told["glob_paths"]
    assert told["root"] is False
    assert exact["secret/data/app/one"] == {"capabilities": ["deny"]}
    assert exact["auth/token/lookup-self"] == {"capabilities": ["read", "update"]}
    assert exact["sys/mounts"] == {
        "capabilities": ["read", "sudo"], "allowed_parameters": {"a": [1, "x"], "*": []},
        "denied_parameters": {"q": []}, "required_parameters": ["z"], "min_wrapping_ttl": 1, "max_wrapping_ttl": 90,
    }  # fmt: skip
    assert prefixes["secret/data/app/"] == {"capabilities": ["create", "read"]}
    assert prefixes["cubbyhole/"] == {"capabilities": ["create", "delete", "list", "read", "update"]}
    assert not any("+" in path for path in (*exact, *prefixes))
    assert await acme.data("GET", "sys/internal/ui/resultant-acl") == {"root": True}


async def test_who_has_scopes_is_told_where_to_ask_for_them(acme: VaultTenant) -> None:
    scoped = await acme.holding("secrets:read:app/*")
    answer = (await scoped("GET", "sys/internal/ui/resultant-acl")).json()
    assert answer["data"]["exact_paths"]["auth/token/lookup-self"] == {"capabilities": ["read"]}
    assert "sys/capabilities-self" in answer["warnings"][0]
    assert (await acme.client(None)("GET", "sys/internal/ui/resultant-acl")).status == 403
