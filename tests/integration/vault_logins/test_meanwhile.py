"""What changes between the check of a login and its append: the login is decided on what is there then."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from domain.commands.login_secret_ids import SecretIds
from domain.commands.token_minting import TokenMinting
from tests.fakes.issuer import SigningKey
from tests.integration.vault.client import VaultTenant
from tests.integration.vault_logins.calls import app_role, auth_of, events, log_in, made, refused, secret_id

pytestmark = pytest.mark.anyio
Meanwhile = Callable[[Awaitable[Any]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Has something happen once, between the next login's check and its append."""

    def arrange(happening: Awaitable[Any]) -> None:
        minting, waiting = TokenMinting.logged_in, [happening]

        async def later(self: TokenMinting, *args: Any, **options: Any) -> Any:
            if waiting:
                await waiting.pop()
            return await minting(self, *args, **options)

        monkeypatch.setattr(TokenMinting, "logged_in", later)

    return arrange


async def no_token(acme: VaultTenant) -> None:
    """No login has given one."""
    assert await events(acme, "login.succeeded") == []


@pytest.mark.parametrize("uses", [0, 1])
async def test_a_secret_id_that_is_destroyed_gives_no_token(acme: VaultTenant, meanwhile: Meanwhile, uses: int) -> None:
    role_id = await app_role(acme)
    good = (await secret_id(acme, num_uses=uses))["secret_id"]
    meanwhile(made(acme, "auth/approle/role/deployer/secret-id/destroy", secret_id=good))
    answer = await log_in(acme, "approle/login", role_id=role_id, secret_id=good)
    refused(answer, 400, "invalid role or secret ID")
    await no_token(acme)


async def test_a_role_that_is_removed_gives_no_token(acme: VaultTenant, meanwhile: Meanwhile) -> None:
    role_id = await app_role(acme)
    good = (await secret_id(acme))["secret_id"]
    meanwhile(acme("DELETE", "auth/approle/role/deployer"))
    answer = await log_in(acme, "approle/login", role_id=role_id, secret_id=good)
    refused(answer, 400, "invalid role or secret ID")
    await no_token(acme)


async def test_a_role_that_is_changed_gives_what_it_gives_now(acme: VaultTenant, meanwhile: Meanwhile) -> None:
    role_id = await app_role(acme, token_policies="before")
    good = (await secret_id(acme))["secret_id"]
    meanwhile(made(acme, "auth/approle/role/deployer", token_policies="after"))
    auth = auth_of(await log_in(acme, "approle/login", role_id=role_id, secret_id=good))
    assert auth["policies"] == ["after", "default"]


async def test_a_password_that_is_changed_gives_no_token(acme: VaultTenant, meanwhile: Meanwhile) -> None:
    await made(acme, "auth/userpass/users/anna", password="old")
    meanwhile(made(acme, "auth/userpass/users/anna/password", password="new"))
    refused(await log_in(acme, "userpass/login/anna", password="old"), 400, "invalid username or password")
    await no_token(acme)


async def test_an_issuer_that_is_trusted_no_longer_gives_no_token(acme: VaultTenant, meanwhile: Meanwhile) -> None:
    first, second = SigningKey("a", "ES256"), SigningKey("b", "ES256")
    await made(acme, "auth/jwt/config", jwt_validation_pubkeys=first.pem())
    await made(acme, "auth/jwt/role/ci", role_type="jwt", user_claim="sub", bound_subject="ci")
    meanwhile(made(acme, "auth/jwt/config", jwt_validation_pubkeys=second.pem()))
    token = first.sign({"sub": "ci", "exp": int(time.time()) + 60})
    assert (await log_in(acme, "jwt/login", role="ci", jwt=token)).status == 400
    await no_token(acme)


async def test_a_role_that_is_removed_gets_no_secret_id(acme: VaultTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    await app_role(acme)
    append, waiting = SecretIds._append, [acme("DELETE", "auth/approle/role/deployer")]

    async def later(self: SecretIds, *args: Any) -> int:
        if waiting:
            await waiting.pop()
        return await append(self, *args)

    monkeypatch.setattr(SecretIds, "_append", later)
    assert (await acme("POST", "auth/approle/role/deployer/secret-id")).status == 400
    assert await events(acme, "login_secret_id.issued") == []
