"""`auth/approle/`: programs log in with two halves, of which the second is counted, bounded and taken back."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest

from tests.integration.vault.client import VaultTenant
from tests.integration.vault_logins.calls import app_role, auth_of, events, log_in, made, refused, secret_id

pytestmark = pytest.mark.anyio
WRONG = "invalid role or secret ID"
NO_BATCH = "'token_type' cannot be 'batch' or 'default_batch' when set to generate"


async def test_a_login_gives_a_token_as_the_role_says(acme: VaultTenant) -> None:
    role_id = await app_role(acme, token_policies="ci,deploy", token_ttl="20m", token_max_ttl="1h")
    made_id = await secret_id(acme, metadata='{"team": "a"}')
    auth = auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=made_id["secret_id"]))
    assert auth["policies"] == auth["token_policies"] == ["ci", "default", "deploy"]
    assert auth["metadata"] == {"role_name": "deployer", "team": "a"}
    assert (auth["lease_duration"], auth["renewable"], auth["token_type"], auth["orphan"]) == (
        1200, True, "service", True,
    )  # fmt: skip
    data = await acme.data("POST", "auth/token/lookup", {"token": auth["client_token"]})
    assert (data["path"], data["display_name"]) == ("auth/approle/login", "approle")


async def test_the_token_lives_no_longer_than_the_roles_longest(acme: VaultTenant) -> None:
    role_id = await app_role(acme, token_ttl="20m", token_max_ttl="30m")
    made_id = await secret_id(acme)
    auth = auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=made_id["secret_id"]))
    acme.system.clock.advance(minutes=15)
    renewed = await acme("POST", "auth/token/renew-accessor", {"accessor": auth["accessor"], "increment": "2h"})
    assert 890 <= renewed.json()["auth"]["lease_duration"] <= 900


async def test_neither_half_logs_in_without_the_other_and_the_answer_does_not_tell_which(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    good = (await secret_id(acme))["secret_id"]
    other = await app_role(acme, "other")
    elsewhere = (await secret_id(acme, "other"))["secret_id"]
    for wrong in ({"role_id": "no-such", "secret_id": good}, {"role_id": role_id, "secret_id": "no-such"},
                  {"role_id": other, "secret_id": good}, {"role_id": role_id, "secret_id": elsewhere}):  # fmt: skip
        refused(await log_in(acme, "approle/login", **wrong), 400, WRONG)
    refused(await log_in(acme, "approle/login", secret_id=good), 400, "missing role_id")
    refused(await log_in(acme, "approle/login", role_id=role_id), 400, "missing secret_id")
    auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=f" {good} "))


async def test_an_accessor_is_no_secret_id(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    handle = (await secret_id(acme))["secret_id_accessor"]
    refused(await log_in(acme, "approle/login", role_id=role_id, secret_id=handle), 400, WRONG)


async def test_another_mount_has_roles_of_its_own(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    good = (await secret_id(acme))["secret_id"]
    refused(await log_in(acme, "other/login", role_id=role_id, secret_id=good), 400, WRONG)
    assert (await acme("GET", "auth/other/role/deployer")).status == 404


async def test_uses_are_counted_exactly_though_many_come_at_once(acme: VaultTenant) -> None:
    role_id = await app_role(acme, secret_id_num_uses=3)
    made_id = await secret_id(acme)
    assert made_id["secret_id_num_uses"] == 3
    answers = await asyncio.gather(
        *(log_in(acme, "approle/login", role_id=role_id, secret_id=made_id["secret_id"]) for _ in range(9))
    )
    assert sorted(answer.status for answer in answers) == [200] * 3 + [400] * 6
    used = await events(acme, "login_secret_id.used")
    assert [event["remaining"] for event in used] == [2, 1, 0]


async def test_nobody_is_turned_away_for_want_of_a_turn(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    made_id = (await secret_id(acme, num_uses=1000))["secret_id"]

    async def again_and_again() -> None:
        for _ in range(12):
            auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=made_id))

    await asyncio.gather(*(again_and_again() for _ in range(24)))
    used = await events(acme, "login_secret_id.used")
    assert [event["remaining"] for event in used] == list(range(999, 999 - 288, -1))


async def test_a_refused_login_uses_nothing_up(acme: VaultTenant) -> None:
    role_id = await app_role(acme, secret_id_num_uses=1)
    made_id = await secret_id(acme, cidr_list="10.0.0.0/8")
    answer = await log_in(acme, "approle/login", role_id=role_id, secret_id=made_id["secret_id"])
    refused(answer, 400, 'source address "127.0.0.1" unauthorized by CIDR restrictions on the secret ID')
    data = await acme.data("POST", "auth/approle/role/deployer/secret-id/lookup", {"secret_id": made_id["secret_id"]})
    assert (data["secret_id_num_uses"], data["cidr_list"]) == (1, ["10.0.0.0/8"])


async def test_a_role_binds_addresses_too(acme: VaultTenant) -> None:
    role_id = await app_role(acme, secret_id_bound_cidrs=["192.0.2.0/24"])
    good = (await secret_id(acme))["secret_id"]
    answer = await log_in(acme, "approle/login", role_id=role_id, secret_id=good)
    refused(answer, 400, 'source address "127.0.0.1" unauthorized by CIDR restrictions on the role')
    await made(acme, "auth/approle/role/deployer", secret_id_bound_cidrs="127.0.0.0/8,192.0.2.0/24")
    auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=good))


async def test_a_secret_id_with_wider_networks_than_the_role_has_by_now_is_refused(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    good = (await secret_id(acme, cidr_list="127.0.0.0/8"))["secret_id"]
    await made(acme, "auth/approle/role/deployer", secret_id_bound_cidrs="127.0.0.1/32")
    refused(await log_in(acme, "approle/login", role_id=role_id, secret_id=good), 400, WRONG)


async def test_a_secret_id_ends_by_the_clock_and_is_cleared_away(acme: VaultTenant) -> None:
    role_id = await app_role(acme, secret_id_ttl="10m")
    good = await secret_id(acme)
    assert good["secret_id_ttl"] == 600
    acme.system.clock.advance(minutes=11)
    refused(await log_in(acme, "approle/login", role_id=role_id, secret_id=good["secret_id"]), 400, WRONG)
    handle = {"secret_id_accessor": good["secret_id_accessor"]}
    assert (await acme("POST", "auth/approle/role/deployer/secret-id-accessor/lookup", handle)).status == 404
    await secret_id(acme)
    assert [event["reason"] for event in await events(acme, "login_secret_id.destroyed")] == ["expired"]
    assert (await acme("POST", "auth/approle/tidy/secret-id")).status == 202


async def test_tidying_clears_what_has_expired(acme: VaultTenant) -> None:
    await app_role(acme, secret_id_ttl="10m")
    for _ in range(3):
        await secret_id(acme)
    acme.system.clock.advance(minutes=11)
    assert (await acme("POST", "auth/approle/tidy/secret-id")).status == 202
    assert len(await events(acme, "login_secret_id.destroyed")) == 3
    assert (await acme("LIST", "auth/approle/role/deployer/secret-id")).status == 404


async def test_a_secret_id_is_looked_up_listed_and_destroyed_by_either_name(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    first, second = await secret_id(acme), await secret_id(acme)
    base = "auth/approle/role/deployer/secret-id"
    keys = (await acme.data("LIST", base))["keys"]
    assert sorted(keys) == sorted([first["secret_id_accessor"], second["secret_id_accessor"]])
    found = await acme.data("POST", f"{base}/lookup", {"secret_id": first["secret_id"]})
    by_handle = await acme.data("POST", f"{base}-accessor/lookup", {"secret_id_accessor": first["secret_id_accessor"]})
    assert found == by_handle
    assert found["expiration_time"] == "0001-01-01T00:00:00Z"
    assert (await acme("POST", f"{base}/lookup", {"secret_id": "no-such"})).status == 204
    await made(acme, f"{base}/destroy", secret_id=first["secret_id"])
    await made(acme, f"{base}/destroy", secret_id=first["secret_id"])
    handle = {"secret_id_accessor": second["secret_id_accessor"]}
    assert (
        await acme("DELETE", f"{base}-accessor/destroy?secret_id_accessor={second['secret_id_accessor']}")
    ).status == 204
    assert (await acme("POST", f"{base}-accessor/destroy", handle)).status == 400
    for gone in (first, second):
        refused(await log_in(acme, "approle/login", role_id=role_id, secret_id=gone["secret_id"]), 400, WRONG)


async def test_a_secret_id_that_somebody_chose_is_hashed_slowly_and_logs_in(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    await made(acme, "auth/approle/role/deployer/custom-secret-id", secret_id="simple", num_uses=1)
    answer = await acme("POST", "auth/approle/role/deployer/custom-secret-id", {"secret_id": "simple"})
    refused(answer, 400, "failed to store secret_id: SecretID is already registered")
    auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id="simple"))
    refused(await log_in(acme, "approle/login", role_id=role_id, secret_id="simple"), 400, WRONG)


@pytest.mark.parametrize(
    "role,asked,message",
    [
        ({"secret_id_num_uses": 2}, {"num_uses": 3}, "num_uses cannot be higher than the role's secret_id_num_uses"),
        ({"secret_id_num_uses": 2}, {"num_uses": 0}, "num_uses cannot be higher than the role's secret_id_num_uses"),
        ({"secret_id_ttl": "1h"}, {"ttl": "2h"}, "ttl cannot be longer than the role's secret_id_ttl"),
        ({"secret_id_ttl": "1h"}, {"ttl": 0}, "ttl cannot be longer than the role's secret_id_ttl"),
        ({"secret_id_bound_cidrs": "10.0.0.0/8"}, {"cidr_list": "192.0.2.0/24"},
         "failed to verify subset relationship between CIDR blocks on the role and CIDR blocks on the secret ID"),
        ({"token_bound_cidrs": "10.0.0.0/8"}, {"token_bound_cidrs": "0.0.0.0/0"},
         "failed to verify subset relationship between CIDR blocks on the role and CIDR blocks on the secret ID"),
        ({"bind_secret_id": False, "secret_id_bound_cidrs": "127.0.0.0/8"}, {},
         "bind_secret_id is not set on the role"),
    ],
)  # fmt: skip
async def test_a_secret_id_may_not_be_more_than_the_role_allows(
    acme: VaultTenant, role: dict[str, Any], asked: dict[str, Any], message: str
) -> None:
    await app_role(acme, **role)
    refused(await acme("POST", "auth/approle/role/deployer/secret-id", asked), 400, message)


async def test_without_secret_id_the_address_alone_counts(acme: VaultTenant) -> None:
    role_id = await app_role(acme, bind_secret_id="false", secret_id_bound_cidrs="127.0.0.1/32")
    auth_of(await log_in(acme, "approle/login", role_id=role_id))


@pytest.mark.parametrize(
    "fields,message",
    [
        ({"bind_secret_id": False}, "at least one constraint should be enabled on the role"),
        ({"token_policies": "root"}, "auth methods cannot create root tokens"),
        ({"token_policies": " ROOT "}, "auth methods cannot create root tokens"),
        ({"token_ttl": "2h", "token_max_ttl": "1h"}, "'token_ttl' cannot be greater than 'token_max_ttl'"),
        ({"secret_id_num_uses": -1}, "secret_id_num_uses cannot be negative"),
        ({"token_num_uses": -1}, "'token_num_uses' cannot be negative"),
        ({"token_type": "strange"}, "invalid 'token_type' value 'strange'"),
        ({"token_type": "batch", "token_num_uses": 1}, f"{NO_BATCH} tokens with limited use count"),
        ({"token_type": "batch", "token_period": 60}, f"{NO_BATCH} periodic tokens"),
        ({"secret_id_bound_cidrs": "x"}, "secret_id_bound_cidrs: 'x' is no CIDR block, such as 10.0.0.0/8"),
    ],
)  # fmt: skip
async def test_a_role_that_makes_no_sense_is_refused(
    acme: VaultTenant, fields: dict[str, object], message: str
) -> None:
    refused(await acme("POST", "auth/approle/role/deployer", fields), 400, message)
    assert (await acme("GET", "auth/approle/role/deployer")).status == 404


async def test_a_role_reads_as_it_was_written_and_changes_in_part(acme: VaultTenant) -> None:
    await app_role(acme, "Deployer", policies="a,b", token_period="72h", secret_id_num_uses="40", secret_id_ttl="10m")
    await made(acme, "auth/approle/role/deployer", token_ttl=30, token_num_uses="10")
    data = await acme.data("GET", "auth/approle/role/deployer")
    assert data == {
        "bind_secret_id": True, "local_secret_ids": False, "secret_id_bound_cidrs": [], "secret_id_num_uses": 40,
        "secret_id_ttl": 600, "token_bound_cidrs": [], "token_explicit_max_ttl": 0, "token_max_ttl": 0,
        "token_no_default_policy": False, "token_num_uses": 10, "token_period": 259200, "token_policies": ["a", "b"],
        "token_strictly_bind_ip": False, "token_ttl": 30, "token_type": "default", "policies": ["a", "b"],
    }  # fmt: skip
    assert (await acme.data("LIST", "auth/approle/role"))["keys"] == ["deployer"]


async def test_settings_with_a_path_of_their_own_are_read_written_and_reset(acme: VaultTenant) -> None:
    await app_role(acme)
    base = "auth/approle/role/deployer"
    for segment, field, value, read in (
        ("policies", "policies", "a,b", ["a", "b"]), ("secret-id-num-uses", "secret_id_num_uses", "7", 7),
        ("secret-id-ttl", "secret_id_ttl", "1m", 60), ("token-ttl", "token_ttl", 5, 5),
        ("token-max-ttl", "token_max_ttl", "1h", 3600), ("period", "period", "2h", 7200),
        ("bound-cidr-list", "bound_cidr_list", "10.0.0.0/8", ["10.0.0.0/8"]),
    ):  # fmt: skip
        await made(acme, f"{base}/{segment}", **{field: value})
        assert (await acme.data("GET", f"{base}/{segment}"))[field] == read
        assert (await acme("DELETE", f"{base}/{segment}")).status == 204
        assert not (await acme.data("GET", f"{base}/{segment}"))[field]
    assert (await acme("GET", "auth/approle/role/none/policies")).status == 404


async def test_a_role_id_may_be_chosen_and_belongs_to_one_role(acme: VaultTenant) -> None:
    assert UUID(await app_role(acme)).version == 4
    await made(acme, "auth/approle/role/deployer/role-id", role_id="chosen")
    good = (await secret_id(acme))["secret_id"]
    auth_of(await log_in(acme, "approle/login", role_id="chosen", secret_id=good))
    refused(await acme("POST", "auth/approle/role/other", {"role_id": "chosen"}), 400, "role_id already in use")


async def test_a_removed_role_takes_its_secret_ids_along(acme: VaultTenant) -> None:
    role_id = await app_role(acme, role_id="same")
    old = (await secret_id(acme))["secret_id"]
    assert (await acme("DELETE", "auth/approle/role/deployer")).status == 204
    assert (await acme("DELETE", "auth/approle/role/deployer")).status == 204
    refused(await log_in(acme, "approle/login", role_id=role_id, secret_id=old), 400, WRONG)
    await app_role(acme, role_id="same")
    refused(await log_in(acme, "approle/login", role_id=role_id, secret_id=old), 400, WRONG)


async def test_secret_ids_of_a_role_that_is_not_there_are_not_served(acme: VaultTenant) -> None:
    base = "auth/approle/role/none/secret-id"
    assert (await acme("POST", base)).status == 404
    refused(await acme("LIST", base), 400, 'role "none" does not exist')
    refused(await acme("POST", f"{base}/lookup", {"secret_id": "x"}), 400, 'role "none" does not exist')


async def test_the_log_tells_of_logins_and_holds_no_secret_id(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    good = (await secret_id(acme))["secret_id"]
    auth = auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=good))
    (told,) = await events(acme, "login.succeeded")
    assert (told["mount"], told["method"], told["role"], told["subject"], told["address"], told["actor"]) == (
        "approle/", "approle", "deployer", "approle/deployer", "127.0.0.1", "approle/deployer",
    )  # fmt: skip
    whole = str(await events(acme))
    assert good not in whole
    assert auth["client_token"] not in whole


async def test_refusals_are_told_once_a_minute_with_their_number(acme: VaultTenant) -> None:
    role_id = await app_role(acme)
    for _ in range(5):
        await log_in(acme, "approle/login", role_id=role_id, secret_id="11111111-1111-4111-8111-111111111111")
    first = {"mount": "approle/", "method": "approle", "role": "deployer", "number": 1, "address": "127.0.0.1",
             "reason": "wrong role id or secret id"}  # fmt: skip
    (told,) = await events(acme, "login.refused")
    assert {name: told[name] for name in first} == first
    assert told["actor"] == "anybody"
    acme.system.clock.advance(seconds=61)
    await acme.system.vaulting.logging_in.flush()
    await acme.system.vaulting.logging_in.flush()
    assert [event["number"] for event in await events(acme, "login.refused")] == [1, 4]


async def test_roles_are_for_those_with_the_scope(acme: VaultTenant) -> None:
    await app_role(acme)
    reader = await acme.holding("auth:read")
    assert (await reader("GET", "auth/approle/role/deployer")).status == 200
    for method, path in (("POST", "role/deployer"), ("DELETE", "role/deployer"), ("POST", "role/deployer/secret-id"),
                         ("POST", "role/deployer/secret-id/destroy"), ("POST", "tidy/secret-id")):  # fmt: skip
        assert (await reader(method, f"auth/approle/{path}", {"secret_id": "x"})).status == 403, path
    nobody = await acme.holding("secrets:read")
    for method, path in (("GET", "role/deployer"), ("LIST", "role"), ("GET", "role/deployer/role-id"),
                         ("LIST", "role/deployer/secret-id")):  # fmt: skip
        assert (await nobody(method, f"auth/approle/{path}")).status == 403, path
    assert (await acme.client(None)("GET", "auth/approle/role/deployer")).status == 403
