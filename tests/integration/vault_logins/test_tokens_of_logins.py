"""What a login gives is a token like others: it looks itself up, is renewed, counted, bound and revoked."""

from __future__ import annotations

from typing import Any

import pytest

from tests.integration.vault.client import VaultClient, VaultTenant
from tests.integration.vault_logins.calls import app_role, auth_of, log_in, secret_id

pytestmark = pytest.mark.anyio


async def logged_in(acme: VaultTenant, **role: Any) -> tuple[VaultClient, dict[str, Any]]:
    """A client with the token of a login."""
    role_id = await app_role(acme, **role)
    made = await secret_id(acme)
    auth = auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=made["secret_id"]))
    return acme.client(auth["client_token"]), auth


async def test_it_looks_itself_up_is_renewed_and_revokes_itself(acme: VaultTenant) -> None:
    client, auth = await logged_in(acme, token_ttl="10m", token_max_ttl="1h")
    data = await client.data("GET", "auth/token/lookup-self")
    assert (data["id"], data["meta"], data["orphan"]) == (auth["client_token"], {"role_name": "deployer"}, True)
    acme.system.clock.advance(minutes=9)
    renewed = await client("PUT", "auth/token/renew-self", {"increment": 0})
    assert renewed.json()["auth"]["lease_duration"] >= 590
    acme.system.clock.advance(minutes=9)
    assert (await client("GET", "auth/token/lookup-self")).status == 200
    assert (await client("PUT", "auth/token/revoke-self")).status == 204
    assert (await client("GET", "auth/token/lookup-self")).status == 403


async def test_no_renewal_goes_beyond_the_systems_longest(acme: VaultTenant) -> None:
    client, _ = await logged_in(acme)
    assert (await client.data("GET", "auth/token/lookup-self"))["explicit_max_ttl"] == 0
    acme.system.clock.advance(hours=767)
    assert (await client("PUT", "auth/token/renew-self")).json()["auth"]["lease_duration"] <= 3600


async def test_it_ends_by_the_clock(acme: VaultTenant) -> None:
    client, _ = await logged_in(acme, token_ttl="10m")
    acme.system.clock.advance(minutes=11)
    assert (await client("GET", "auth/token/lookup-self")).status == 403


async def test_a_periodic_one_lives_on_by_renewals(acme: VaultTenant) -> None:
    client, _ = await logged_in(acme, token_period="10m", token_max_ttl="20m")
    for _ in range(5):
        acme.system.clock.advance(minutes=9)
        assert (await client("PUT", "auth/token/renew-self")).status == 200


async def test_its_uses_are_counted(acme: VaultTenant) -> None:
    client, _ = await logged_in(acme, token_num_uses=2)
    statuses = [(await client("GET", "auth/token/lookup-self")).status for _ in range(3)]
    assert statuses == [200, 200, 403]


async def test_it_is_bound_to_its_networks(acme: VaultTenant) -> None:
    client, _ = await logged_in(acme, token_bound_cidrs="192.0.2.0/24")
    assert (await client("GET", "auth/token/lookup-self")).status == 403


async def test_one_of_the_kind_batch_is_not_renewed_and_can_be_revoked(acme: VaultTenant) -> None:
    client, auth = await logged_in(acme, token_type="batch", token_ttl="10m")
    assert (auth["token_type"], auth["renewable"]) == ("batch", False)
    assert (await client("PUT", "auth/token/renew-self")).status == 400
    assert (await acme("POST", "auth/token/revoke", {"token": auth["client_token"]})).status == 204
    assert (await client("GET", "auth/token/lookup-self")).status == 403


async def test_it_may_do_nothing_beyond_its_policies(acme: VaultTenant) -> None:
    client, _ = await logged_in(acme)
    assert (await client("GET", "auth/approle/role/deployer")).status == 403
    assert (await client("POST", "auth/approle/role/deployer/secret-id")).status == 403
    assert (await client("GET", "secret/data/app")).status == 403
