"""Mounts: listed, enabled, tuned and disabled, with what lies in them."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio


async def enabled(acme: VaultTenant, path: str, **fields: object) -> None:
    answer = await acme("POST", f"sys/{path}", fields)
    assert answer.status == 204, answer


async def test_what_every_tenant_has_is_listed_and_hoisted(acme: VaultTenant) -> None:
    answer = (await acme("GET", "sys/mounts")).json()
    assert {"cubbyhole/", "database/", "secret/", "sys/", "transit/"} == set(answer["data"]) <= set(answer)
    secret = answer["secret/"]
    assert (secret["type"], secret["options"]) == ("kv", {"version": "2"})
    assert secret["config"] == {"default_lease_ttl": 0, "max_lease_ttl": 0, "force_no_cache": False}
    assert set((await acme("GET", "sys/auth")).json()["data"]) == {"token/"}


@pytest.mark.parametrize(
    "kind,options,version",
    [
        ("kv", {}, "1"),
        ("kv", {"version": 2}, "2"),
        ("kv-v2", {}, "2"),
        ("kv-v1", {}, "1"),
        ("generic", {}, "1"),
    ],
)
async def test_key_value_engines_have_their_version(
    acme: VaultTenant, kind: str, options: dict[str, object], version: str
) -> None:
    await enabled(acme, "mounts/team/kv", type=kind, options=options, description="ours")
    mount = await acme.data("GET", "sys/mounts/team/kv")
    assert (mount["type"], mount["options"], mount["description"]) == ("kv", {"version": version}, "ours")
    path = "team/kv/data/a" if version == "2" else "team/kv/a"
    body = {"data": {"a": "1"}} if version == "2" else {"a": "1"}
    assert (await acme("POST", path, body)).status in {200, 204}
    told = await acme.data("GET", "sys/internal/ui/mounts/team/kv/a")
    assert (told["path"], told["options"]) == ("team/kv/", {"version": version})


async def test_a_built_in_engine_is_enabled_once_as_what_it_is(acme: VaultTenant) -> None:
    for fields in ({"type": "kv"}, {"type": "kv-v1"}, {"type": "transit"}):
        answer = await acme("POST", "sys/mounts/secret", fields)
        assert (answer.status, answer.json()) == (400, {"errors": ["path is already in use at secret/"]})
    await enabled(acme, "mounts/secret", type="kv-v2")
    await enabled(acme, "mounts/transit", type="transit")
    assert (await acme("POST", "sys/mounts/secret", {"type": "kv-v2"})).status == 400
    assert (await acme("POST", "sys/mounts/transit", {"type": "transit"})).status == 400


async def test_no_mount_lies_in_another(acme: VaultTenant) -> None:
    await enabled(acme, "mounts/a/b", type="kv")
    for path, taken in (("a/b/c", "a/b/"), ("a", "a/b/"), ("a/b", "a/b/"), ("secret/x", "secret/")):
        answer = await acme("POST", f"sys/mounts/{path}", {"type": "kv"})
        assert (answer.status, answer.json()) == (400, {"errors": [f"path is already in use at {taken}"]})
    await enabled(acme, "mounts/a/c", type="kv")


async def test_of_two_that_cannot_both_be_one_is(acme: VaultTenant) -> None:
    answers = await asyncio.gather(*(acme("POST", f"sys/mounts/{path}", {"type": "kv"}) for path in ("x", "x/y", "x")))
    assert sorted(answer.status for answer in answers) == [204, 400, 400]


@pytest.mark.parametrize(
    "path,fields,told",
    [
        ("mounts/x", {"type": "pki"}, "plugin not found in the catalog: pki"),
        ("mounts/x", {"type": "cubbyhole"}, 'mount type of "cubbyhole" is not mountable'),
        ("mounts/x", {"type": "kv", "options": {"version": "3"}}, "has no version '3'"),
        ("mounts/x", {"type": "kv-v1", "options": {"version": "2"}}, "has no version '2'"),
        ("mounts/x", {}, "backend type must be specified as a string"),
        ("mounts/a~b", {"type": "kv"}, "a mount's path has segments"),
        ("mounts/a/../b", {"type": "kv"}, "a mount's path has segments"),
        ("mounts/sys/x", {"type": "kv"}, "kept for the system"),
        ("mounts/identity/x", {"type": "kv"}, "kept for the system"),
        ("mounts/a--b", {"type": "database"}, "no two hyphens"),
        ("mounts/x", {"type": "kv", "config": {"max_lease_ttl": "1h", "default_lease_ttl": "2h"}}, "less than its"),
        ("auth/x", {"type": "ldap"}, "plugin not found in the catalog: ldap"),
        ("auth/x", {"type": "token"}, 'mount type of "token" is not mountable'),
        ("auth/token", {"type": "approle"}, "path is already in use at auth/token/"),
        ("mounts/x", {"type": "kv", "description": "x" * 20000}, "at most"),
    ],
)
async def test_what_is_no_mount_is_refused(acme: VaultTenant, path: str, fields: object, told: str) -> None:
    answer = await acme("POST", f"sys/{path}", fields)
    assert answer.status == 400
    assert told in answer.json()["errors"][0]


async def test_tuning_changes_what_is_named(acme: VaultTenant) -> None:
    await enabled(acme, "mounts/kv", type="kv-v2", config={"default_lease_ttl": "1h", "max_lease_ttl": "24h"})
    tuned = {"description": "new", "max_lease_ttl": "48h", "options": {"more": "1"}}
    assert (await acme("POST", "sys/mounts/kv/tune", tuned)).status == 204
    told = await acme.data("GET", "sys/mounts/kv/tune")
    assert (told["default_lease_ttl"], told["max_lease_ttl"]) == (3600, 172800)
    assert (told["description"], told["options"]) == ("new", {"version": "2", "more": "1"})
    assert (await acme("POST", "sys/mounts/secret/tune", {"description": "mine"})).status == 204
    assert (await acme.data("GET", "sys/mounts/secret"))["description"] == "mine"
    assert (await acme.data("GET", "sys/mounts/transit/tune"))["default_lease_ttl"] == 2764800
    for body in ({"options": {"version": "1"}}, {"default_lease_ttl": "72h"}):
        assert (await acme("POST", "sys/mounts/kv/tune", body)).status == 400
    assert (await acme("POST", "sys/mounts/none/tune", {"description": "x"})).status == 400
    assert (await acme("GET", "sys/mounts/none")).status == 400


async def test_a_disabled_key_value_mount_takes_its_secrets_along(acme: VaultTenant) -> None:
    await enabled(acme, "mounts/kv", type="kv-v2")
    for path in ("a", "a/b", "c/d/e"):
        await acme.data("POST", f"kv/data/{path}", {"data": {"x": path}})
    await enabled(acme, "mounts/kv2", type="kv-v2")
    await acme.data("POST", "kv2/data/a", {"data": {"x": "stays"}})
    keys = "SELECT count(*) FROM sealed_keys WHERE tenant = ?"
    before = (await acme.system.rows(keys, acme.id))[0][0]
    assert (await acme("DELETE", "sys/mounts/kv")).status == 204
    assert (await acme("GET", "kv/data/a")).status == 404
    assert (await acme.system.rows(keys, acme.id))[0][0] == before - 3
    assert "kv/" not in await acme.data("GET", "sys/mounts")
    await enabled(acme, "mounts/kv", type="kv-v2")
    assert (await acme("LIST", "kv/metadata/")).status == 404
    assert (await acme.data("GET", "kv2/data/a"))["data"] == {"x": "stays"}


async def test_a_disabling_that_was_cut_off_is_gone_on_with(acme: VaultTenant) -> None:
    await enabled(acme, "mounts/kv", type="kv-v2")
    await acme.data("POST", "kv/data/a", {"data": {"x": "1"}})
    commands, kv = acme.system.vaulting.mounts, acme.system.kv.metadata
    kept, kv.delete = kv.delete, None  # type: ignore[assignment, method-assign]
    try:
        assert (await acme("DELETE", "sys/mounts/kv")).status == 500
    finally:
        kv.delete = kept  # type: ignore[method-assign]
    assert commands is acme.system.vaulting.mounts
    assert (await acme("GET", "kv/data/a")).status == 404
    taken = await acme("POST", "sys/mounts/kv", {"type": "kv"})
    assert (taken.status, taken.json()) == (400, {"errors": ["path is already in use at kv/"]})
    assert (await acme("DELETE", "sys/mounts/kv")).status == 204
    await enabled(acme, "mounts/kv", type="kv-v2")
    assert (await acme("GET", "kv/data/a")).status == 404


async def test_what_every_tenant_has_is_not_disabled_and_nothing_is_disabled_twice(acme: VaultTenant) -> None:
    for path in ("mounts/secret", "mounts/sys", "mounts/transit", "auth/token"):
        answer = await acme("DELETE", f"sys/{path}")
        assert answer.status == 400
        assert "cannot be disabled" in answer.json()["errors"][0]
    assert (await acme("DELETE", "sys/mounts/none")).status == 204


async def test_a_disabled_login_method_takes_its_tokens_along(acme: VaultTenant) -> None:
    await enabled(acme, "auth/userpass", type="userpass")
    await enabled(acme, "auth/user_ass", type="userpass")
    texts = []
    for mount in ("userpass", "user_ass"):
        await acme.data("POST", f"auth/{mount}/users/ann", {"password": "correct horse", "token_policies": "default"})
        login = await acme.client(None)("POST", f"auth/{mount}/login/ann", {"password": "correct horse"})
        texts.append(login.json()["auth"]["client_token"])
    assert (await acme("DELETE", "sys/auth/user_ass")).status == 204
    statuses = [(await acme.client(text)("GET", "auth/token/lookup-self")).status for text in texts]
    assert statuses == [200, 403]
    assert set(await acme.data("GET", "sys/auth")) == {"token/", "userpass/"}
    revoked = await acme("PUT", "sys/leases/revoke-prefix/auth/userpass")
    assert revoked.status == 202
    assert (await acme.client(texts[0])("GET", "auth/token/lookup-self")).status == 403


async def test_scopes_and_policies_say_who_changes_mounts(acme: VaultTenant) -> None:
    reader = await acme.holding("mounts:read", "auth:read")
    assert (await reader("GET", "sys/mounts")).status == 200
    assert (await reader("POST", "sys/mounts/kv", {"type": "kv"})).status == 403
    assert (await reader("DELETE", "sys/mounts/kv")).status == 403
    writer = await acme.holding("mounts:write")
    assert (await writer("POST", "sys/mounts/kv", {"type": "kv"})).status == 204
    assert (await writer("POST", "sys/auth/approle", {"type": "approle"})).status == 403
    login = await acme.holding("auth:write")
    assert (await login("POST", "sys/auth/approle", {"type": "approle"})).status == 204
    assert (await login("POST", "sys/mounts/kv2", {"type": "kv"})).status == 403


async def test_a_slash_at_the_end_leads_past_no_rule(acme: VaultTenant) -> None:
    await enabled(acme, "mounts/kv", type="kv")
    text = 'path "sys/mounts/*" { capabilities = ["delete"] }\npath "sys/mounts/kv" { capabilities = ["deny"] }'
    assert (await acme("PUT", "sys/policies/acl/p", {"policy": text})).status == 204
    token = (await acme("POST", "auth/token/create", {"policies": ["p"]})).json()["auth"]["client_token"]
    for path in ("kv", "kv/"):
        assert (await acme.client(token)("DELETE", f"sys/mounts/{path}")).status == 403
    assert (await acme("DELETE", "sys/mounts/kv/")).status == 204


async def test_the_preflight_tells_nobody_of_mounts_that_they_have_nothing_in(acme: VaultTenant) -> None:
    await enabled(acme, "mounts/kv", type="kv")
    text = 'path "secret/data/app/*" { capabilities = ["read"] }\npath "kv/*" { capabilities = ["deny"] }'
    assert (await acme("PUT", "sys/policies/acl/p", {"policy": text})).status == 204
    token = (await acme("POST", "auth/token/create", {"policies": ["p"]})).json()["auth"]["client_token"]
    scoped = await acme.holding("secrets:read:app/*")
    for client in (acme.client(token), scoped):
        told = await client.data("GET", "sys/internal/ui/mounts/secret/other/thing")
        assert (told["path"], told["options"], told["type"]) == ("secret/", {"version": "2"}, "kv")
        for path in ("kv", "kv/a", "nothing/here"):
            answer = await client("GET", f"sys/internal/ui/mounts/{path}")
            assert answer.status == 403
            told = "please ensure client's policies grant access to path"
            assert answer.json()["errors"] == [f'preflight capability check returned 403, {told} "{path}/"']
        seen = await client.data("GET", "sys/internal/ui/mounts")
        assert "secret/" in seen["secret"]
        assert "kv/" not in seen["secret"]
    nobody = acme.client(None)
    assert (await nobody("GET", "sys/internal/ui/mounts/secret/app")).status == 403
    assert await nobody.data("GET", "sys/internal/ui/mounts") == {"secret": {}, "auth": {}}
    in_mount = await acme.holding("secrets:read:mount:kv/*")
    assert (await in_mount.data("GET", "sys/internal/ui/mounts/kv/x"))["path"] == "kv/"
    assert (await in_mount("GET", "sys/internal/ui/mounts/secret/x")).status == 403


async def test_one_tenants_mounts_are_nothing_to_another(acme: VaultTenant, other: VaultTenant) -> None:
    await enabled(acme, "mounts/kv", type="kv")
    assert (await other("GET", "kv/a")).status == 404
    assert "kv/" not in await other.data("GET", "sys/mounts")


async def test_remounting_is_not_served(acme: VaultTenant) -> None:
    answer = await acme("POST", "sys/remount", {"from": "secret", "to": "new"})
    assert (answer.status, answer.json()) == (405, {"errors": ["1 error occurred:\n\t* unsupported operation\n\n"]})
