"""Renewals of what logins gave: the role or user is looked at again, as Vault does it."""

from __future__ import annotations

from typing import Any

import pytest

from domain.commands.token_life import TokenLife
from tests.asgi_client import Answer
from tests.integration.vault.client import VaultClient, VaultTenant
from tests.integration.vault_logins.calls import app_role, auth_of, events, log_in, made, refused, secret_id

pytestmark = pytest.mark.anyio
ROLE = "auth/approle/role/deployer"
GONE = 'failed to renew entry: role "deployer" does not exist during renewal'


async def logged_in(acme: VaultTenant, **role: Any) -> VaultClient:
    """A client with the token of a login as the role `deployer`."""
    role_id = await app_role(acme, **role)
    made_id = await secret_id(acme)
    auth = auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=made_id["secret_id"]))
    return acme.client(auth["client_token"])


async def user(acme: VaultTenant, **fields: Any) -> VaultClient:
    """A client with the token of a login as the user `anna`."""
    await made(acme, "auth/userpass/users/anna", password="correct horse", **fields)
    return acme.client(auth_of(await log_in(acme, "userpass/login/anna", password="correct horse"))["client_token"])


async def renewed(client: VaultClient, increment: object = 0) -> Answer:
    return await client("PUT", "auth/token/renew-self", {"increment": increment})


async def seconds(client: VaultClient, increment: object = 0) -> int:
    """How long it lives after a renewal."""
    return int(auth_of(await renewed(client, increment))["lease_duration"])


async def test_without_its_role_a_token_is_not_renewed_and_lives_on(acme: VaultTenant) -> None:
    client = await logged_in(acme, token_ttl="10m")
    await acme("DELETE", ROLE)
    refused(await renewed(client), 400, GONE)
    accessor = (await client.data("GET", "auth/token/lookup-self"))["accessor"]
    refused(await acme("PUT", "auth/token/renew-accessor", {"accessor": accessor}), 400, GONE)
    assert await events(acme, "api_token.renewed") == []
    await made(acme, ROLE, token_ttl="5m")
    assert 290 <= await seconds(client) <= 300


async def test_without_its_user_a_token_is_not_renewed(acme: VaultTenant) -> None:
    client = await user(acme)
    await acme("DELETE", "auth/userpass/users/anna")
    refused(await renewed(client), 400, 'failed to renew entry: user "anna" does not exist during renewal')


async def test_times_are_those_that_the_role_has_now(acme: VaultTenant) -> None:
    client = await logged_in(acme, token_ttl="10m", token_max_ttl="1h")
    await made(acme, ROLE, token_ttl="5m")
    assert 290 <= await seconds(client) <= 300
    assert 3590 <= await seconds(client, "2h") <= 3600
    await made(acme, ROLE, token_max_ttl="3h")
    assert 7190 <= await seconds(client, "2h") <= 7200
    await made(acme, ROLE, token_period="15m")
    acme.system.clock.advance(minutes=110)
    assert 890 <= await seconds(client, "2h") <= 900
    acme.system.clock.advance(minutes=14)
    await made(acme, ROLE, token_period=0, token_max_ttl="1h")
    refused(await renewed(client), 400, "past the max TTL, cannot renew")


async def test_the_mounts_longest_is_that_of_now(acme: VaultTenant) -> None:
    client = await logged_in(acme, token_ttl="10m")
    await made(acme, "sys/auth/approle/tune", max_lease_ttl="20m")
    assert 1190 <= await seconds(client, "2h") <= 1200


@pytest.mark.parametrize("at_login,most", [("30m", 1800), (0, 7200)])
async def test_an_explicit_longest_is_that_of_the_login(acme: VaultTenant, at_login: object, most: int) -> None:
    client = await logged_in(acme, token_explicit_max_ttl=at_login)
    await made(acme, ROLE, token_explicit_max_ttl="1h")
    assert most - 10 <= await seconds(client, "2h") <= most
    told = await client.data("GET", "auth/token/lookup-self")
    assert told["explicit_max_ttl"] == (1800 if at_login else 0)


async def test_policies_are_those_of_the_login_whatever_the_role_has_now(acme: VaultTenant) -> None:
    client = await logged_in(acme, token_policies="a")
    await made(acme, ROLE, token_policies="a,b")
    assert auth_of(await renewed(client))["policies"] == ["a", "default"]


async def test_a_user_whose_policies_have_changed_is_not_renewed(acme: VaultTenant) -> None:
    client = await user(acme, token_policies="a,b")
    await made(acme, "auth/userpass/users/anna", token_policies="b, A,default", token_ttl="5m")
    assert 290 <= await seconds(client) <= 300
    for policies in ("a", "a,b,c"):
        await made(acme, "auth/userpass/users/anna", token_policies=policies)
        refused(await renewed(client), 400, "failed to renew entry: policies have changed, not renewing")


async def test_a_role_that_goes_in_the_same_moment_renews_nothing(
    acme: VaultTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await logged_in(acme)
    renewing, waiting = TokenLife.renew, [acme("DELETE", ROLE)]

    async def later(self: TokenLife, *args: Any) -> Any:
        if waiting:
            await waiting.pop()
        return await renewing(self, *args)

    monkeypatch.setattr(TokenLife, "renew", later)
    refused(await renewed(client), 400, GONE)
    assert await events(acme, "api_token.renewed") == []


async def test_a_token_that_ends_in_the_same_moment_is_not_renewed(
    acme: VaultTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = await logged_in(acme)
    renewing, waiting = TokenLife.renew, [acme("PUT", "auth/token/revoke", {"token": client.token})]

    async def later(self: TokenLife, *args: Any) -> Any:
        if waiting:
            await waiting.pop()
        return await renewing(self, *args)

    monkeypatch.setattr(TokenLife, "renew", later)
    assert (await renewed(client)).status == 403
