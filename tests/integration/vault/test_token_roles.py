"""`auth/token/roles/`: tokens as a role says, with policies that its caller may lack."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio


async def role(acme: VaultTenant, name: str = "r", **fields: Any) -> None:
    answer = await acme("POST", f"auth/token/roles/{name}", fields)
    assert (answer.status, answer.body) == (204, b""), answer


async def created(by: VaultClient, name: str = "r", **fields: Any) -> dict[str, Any]:
    answer = await by("POST", f"auth/token/create/{name}", fields)
    assert answer.status == 200, answer
    auth: dict[str, Any] = answer.json()["auth"]
    return auth


async def refusal(by: VaultClient, name: str = "r", **fields: Any) -> tuple[int, str]:
    answer = await by("POST", f"auth/token/create/{name}", fields)
    return answer.status, answer.json()["errors"][0]


async def test_a_role_is_written_read_listed_and_removed(acme: VaultTenant) -> None:
    await role(acme, "ci", allowed_policies="b, A", period="1h", token_bound_cidrs=["10.0.0.0/8"], orphan="true")
    data = await acme.data("GET", "auth/token/roles/ci")
    assert data == {
        "name": "ci", "allowed_policies": ["a", "b"], "allowed_policies_glob": [], "disallowed_policies": [],
        "disallowed_policies_glob": [], "orphan": True, "renewable": True, "path_suffix": "",
        "token_bound_cidrs": ["10.0.0.0/8"], "token_explicit_max_ttl": 0, "explicit_max_ttl": 0,
        "token_no_default_policy": False, "token_num_uses": 0, "token_period": 3600, "period": 3600,
        "token_type": "default-service", "allowed_entity_aliases": None,
    }  # fmt: skip
    await role(acme, "ci", renewable=False)
    data = await acme.data("GET", "auth/token/roles/ci")
    assert (data["renewable"], data["token_period"], data["allowed_policies"]) == (False, 3600, ["a", "b"])
    await role(acme, "app")
    assert (await acme.data("LIST", "auth/token/roles"))["keys"] == ["app", "ci"]
    assert (await acme("DELETE", "auth/token/roles/ci")).status == 204
    assert (await acme("DELETE", "auth/token/roles/ci")).status == 204
    assert (await acme("GET", "auth/token/roles/ci")).status == 404
    await acme("DELETE", "auth/token/roles/app")
    assert (await acme("LIST", "auth/token/roles")).status == 404


async def test_a_role_that_is_removed_and_made_anew_is_as_new(acme: VaultTenant) -> None:
    await role(acme, token_period="1h")
    await acme("DELETE", "auth/token/roles/r")
    await role(acme)
    assert (await acme.data("GET", "auth/token/roles/r"))["token_period"] == 0


async def test_a_role_gives_policies_that_its_caller_does_not_have(acme: VaultTenant) -> None:
    await role(acme, allowed_policies=["deploy", "audit"])
    clerk = await acme.holding("access:write")
    assert (await created(clerk))["policies"] == ["audit", "default", "deploy"]
    assert (await created(clerk, policies=["deploy"]))["policies"] == ["default", "deploy"]
    assert (await created(clerk, policies=["deploy"], no_default_policy=True))["policies"] == ["deploy"]
    status, message = await refusal(clerk, policies=["deploy", "other"])
    assert status == 400
    assert message == (
        'token policies ("default" "deploy" "other") must be subset of the role\'s allowed policies '
        '("audit" "default" "deploy") or glob policies ()'
    )
    assert (await clerk("POST", "auth/token/create", {"policies": ["deploy"]})).status == 403


async def test_patterns_allow_and_disallow(acme: VaultTenant) -> None:
    await role(acme, allowed_policies_glob="app-*", disallowed_policies="app-root", disallowed_policies_glob="*-admin")
    assert (await created(acme, policies="app-db"))["policies"] == ["app-db", "default"]
    for name in ("app-root", "app-x-admin"):
        assert await refusal(acme, policies=[name]) == (400, f'token policy "{name}" is disallowed by this role')
    assert (await refusal(acme, policies="db"))[0] == 400


async def test_a_role_without_default_gives_none(acme: VaultTenant) -> None:
    await role(acme, "a", allowed_policies="x", token_no_default_policy=True)
    await role(acme, "b", allowed_policies="x", disallowed_policies="default")
    for name in ("a", "b"):
        assert (await created(acme, name))["policies"] == ["x"]


async def test_a_role_that_says_nothing_of_policies_gives_no_more_than_its_caller_has(acme: VaultTenant) -> None:
    await role(acme, token_explicit_max_ttl="1h")
    clerk = await acme.holding("access:write", "secrets:read:app/*")
    assert (await created(clerk))["policies"] == ["scope/access:write", "scope/secrets:read:app/*"]
    assert (await refusal(clerk, policies=["admin"]))[0] == 403


async def test_no_role_makes_a_root_of_anybody_else(acme: VaultTenant) -> None:
    await role(acme, allowed_policies="root")
    clerk = await acme.holding("access:write")
    assert (await refusal(clerk))[0] == 403
    assert (await created(acme))["policies"] == ["root"]


async def test_bounds_of_the_role_hold_whatever_is_asked(acme: VaultTenant) -> None:
    await role(
        acme, allowed_policies="x", token_explicit_max_ttl="1h", token_num_uses=5, renewable=False,
        token_bound_cidrs="10.0.0.0/8", path_suffix="edge", orphan=True,
    )  # fmt: skip
    clerk = await acme.holding("access:write")
    auth = await created(clerk, ttl="9h", num_uses=9, renewable=True, explicit_max_ttl="2h", bound_cidrs="0.0.0.0/0")
    assert (auth["num_uses"], auth["renewable"], auth["orphan"]) == (5, False, True)
    assert 3590 <= auth["lease_duration"] <= 3600
    data = await acme.data("POST", "auth/token/lookup-accessor", {"accessor": auth["accessor"]})
    assert (data["path"], data["role"]) == ("auth/token/create/r/edge", "r")
    assert (data["bound_cidrs"], 3590 <= data["explicit_max_ttl"] <= 3600) == (["10.0.0.0/8"], True)
    tighter = await created(clerk, num_uses=2, explicit_max_ttl="10m")
    assert tighter["num_uses"] == 2
    assert tighter["lease_duration"] <= 600


async def test_a_role_makes_periodic_tokens_for_whoever_may_not(acme: VaultTenant) -> None:
    await role(acme, allowed_policies="x", token_period="2h")
    clerk = await acme.holding("access:write")
    auth = await created(clerk)
    assert 7190 <= auth["lease_duration"] <= 7200
    acme.system.clock.advance(hours=1, minutes=50)
    renewed = await acme("POST", "auth/token/renew-accessor", {"accessor": auth["accessor"]})
    assert 7190 <= renewed.json()["auth"]["lease_duration"] <= 7200
    assert (await clerk("POST", "auth/token/create", {"period": "2h"})).status == 400


async def test_a_renewal_looks_at_the_role_again(acme: VaultTenant) -> None:
    await role(acme, allowed_policies="x", token_explicit_max_ttl="2h")
    accessor = {"accessor": (await created(acme, ttl="1h"))["accessor"], "increment": "3h"}

    async def renewed() -> int:
        return int((await acme("POST", "auth/token/renew-accessor", accessor)).json()["auth"]["lease_duration"])

    assert 7190 <= await renewed() <= 7200
    await role(acme, token_explicit_max_ttl="30m")
    assert 1790 <= await renewed() <= 1800
    await role(acme, token_explicit_max_ttl=0, token_period="10m")
    assert 590 <= await renewed() <= 600
    await acme("DELETE", "auth/token/roles/r")
    answer = await acme("POST", "auth/token/renew-accessor", accessor)
    assert (answer.status, answer.json()["errors"]) == (
        400, ['failed to renew entry: original token role "r" could not be found, not renewing'],
    )  # fmt: skip


async def test_only_orphans_of_a_role_outlive_their_maker(acme: VaultTenant) -> None:
    await role(acme, "orphans", allowed_policies="x", orphan=True)
    await role(acme, "children", allowed_policies="x")
    maker = await acme.holding("access:write")
    orphan, below = await created(maker, "orphans"), await created(maker, "children")
    assert (await refusal(maker, "children", no_parent=True))[0] == 403
    await maker("POST", "auth/token/revoke-self")
    look = "auth/token/lookup-accessor"
    assert (await acme("POST", look, {"accessor": orphan["accessor"]})).status == 200
    assert (await acme("POST", look, {"accessor": below["accessor"]})).status == 400


async def test_whoever_may_create_tokens_may_not_write_roles(acme: VaultTenant) -> None:
    clerk = await acme.holding("access:write")
    for method, path in (("POST", "roles/r"), ("GET", "roles/r"), ("DELETE", "roles/r"), ("LIST", "roles")):
        assert (await clerk(method, f"auth/token/{path}", {"allowed_policies": "admin"})).status == 403
    admin = await acme.holding("auth:write", "auth:read")
    assert (await admin("POST", "auth/token/roles/r", {})).status == 204
    assert (await admin("POST", "auth/token/create/r", {})).status == 403


async def test_other_tenants_have_other_roles(acme: VaultTenant) -> None:
    await role(acme, allowed_policies="x")
    other = await VaultTenant.begin(acme.system, acme.app, f"{acme.name}-other")
    assert (await other("GET", "auth/token/roles/r")).status == 404
    assert await refusal(other) == (400, "unknown role r")


@pytest.mark.parametrize(
    "fields",
    [
        {"token_type": "odd"}, {"token_bound_cidrs": "x"}, {"path_suffix": "a b"}, {"token_period": "-1"},
        {"allowed_policies": ["x" * 513]}, {"token_num_uses": -1},
    ],
)  # fmt: skip
async def test_what_no_role_may_say_is_refused(acme: VaultTenant, fields: dict[str, Any]) -> None:
    assert (await acme("POST", "auth/token/roles/r", fields)).status == 400
    assert (await acme("GET", "auth/token/roles/r")).status == 404


async def test_names_and_kinds_that_are_not_served_are_refused(acme: VaultTenant) -> None:
    assert (await acme("POST", "auth/token/roles/-x", {})).status == 400
    await role(acme, token_type="batch")
    status, message = await refusal(acme)
    assert (status, "batch tokens are not served" in message) == (400, True)
