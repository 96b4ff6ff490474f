"""`auth/userpass/`: people log in by name and password."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.login_hashing import HashingThreads
from adapters.sealing import EnvelopeSealer
from domain.plaintext import Plaintext
from domain.ports import SealContext
from tests.integration.vault.client import VaultTenant
from tests.integration.vault_logins.calls import auth_of, events, log_in, made, mounted, refused

pytestmark = pytest.mark.anyio
WRONG = "invalid username or password"


async def user(acme: VaultTenant, name: str = "anna", password: str = "correct horse", **fields: Any) -> None:
    await made(acme, f"auth/userpass/users/{name}", password=password, **fields)


async def test_a_login_gives_a_token_as_the_user_has_it(acme: VaultTenant) -> None:
    await user(acme, "Anna", token_policies="dev,ops", token_ttl="30m", token_num_uses=5)
    auth = auth_of(await log_in(acme, "userpass/login/ANNA", password="correct horse"))
    assert (auth["policies"], auth["metadata"]) == (["default", "dev", "ops"], {"username": "anna"})
    assert (auth["lease_duration"], auth["num_uses"]) == (1800, 5)
    data = await acme.data("POST", "auth/token/lookup-accessor", {"accessor": auth["accessor"]})
    assert (data["display_name"], data["path"]) == ("userpass-anna", "auth/userpass/login")
    (told,) = await events(acme, "login.succeeded")
    assert told["subject"] == "userpass/anna"


async def test_the_answer_does_not_tell_users_from_strangers(acme: VaultTenant) -> None:
    await user(acme)
    refused(await log_in(acme, "userpass/login/anna", password="wrong"), 400, WRONG)
    refused(await log_in(acme, "userpass/login/nobody", password="correct horse"), 400, WRONG)
    refused(await log_in(acme, "userpass/login/anna"), 400, "missing password")
    # One event for both: a reason, or an append, of its own would tell them apart by the time it takes.
    (told,) = await events(acme, "login.refused")
    assert told["reason"] == "unknown user or wrong password"


async def test_a_stranger_costs_the_same_hash(acme: VaultTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    await user(acme)
    hashed: list[int] = []
    opened: list[str] = []
    digest, opening = HashingThreads.digest, EnvelopeSealer.open

    async def counted(self: HashingThreads, text: Plaintext, salt: bytes) -> bytearray:
        hashed.append(len(salt))
        return await digest(self, text, salt)

    async def looked(self: EnvelopeSealer, context: SealContext, seal_id: str) -> Plaintext:
        opened.append(seal_id)
        return await opening(self, context, seal_id)

    monkeypatch.setattr(HashingThreads, "digest", counted)
    monkeypatch.setattr(EnvelopeSealer, "open", looked)
    await log_in(acme, "userpass/login/anna", password="wrong")
    await log_in(acme, "userpass/login/nobody", password="wrong")
    assert hashed == [16, 16]
    assert [len(seal_id) for seal_id in opened] == [32, 32]


async def test_another_password_ends_the_first_and_its_hash(acme: VaultTenant) -> None:
    await user(acme)
    await made(acme, "auth/userpass/users/anna/password", password="another one")
    refused(await log_in(acme, "userpass/login/anna", password="correct horse"), 400, WRONG)
    auth_of(await log_in(acme, "userpass/login/anna", password="another one"))
    first, second = await events(acme, "login_role.configured")
    sql = "SELECT count(*) FROM sealed_keys WHERE seal_id = ?"
    assert await acme.system.rows(sql, first["seal_id"]) == [(0,)]
    assert await acme.system.rows(sql, second["seal_id"]) == [(1,)]
    refused(await acme("POST", "auth/userpass/users/none/password", {"password": "x"}), 400, "username does not exist")


async def test_the_log_holds_neither_password_nor_its_hash(acme: VaultTenant) -> None:
    await user(acme)
    await log_in(acme, "userpass/login/anna", password="correct horse")
    whole = str(await events(acme))
    assert "correct horse" not in whole
    assert "argon" not in whole.lower()


async def test_a_password_is_the_same_however_it_was_typed(acme: VaultTenant) -> None:
    await user(acme, password="caf\u00e9")
    auth_of(await log_in(acme, "userpass/login/anna", password="cafe\u0301"))


async def test_policies_have_a_path_of_their_own(acme: VaultTenant) -> None:
    await user(acme, policies="a", ttl="1h", max_ttl="2h")
    await made(acme, "auth/userpass/users/anna/policies", policies="b,c")
    data = await acme.data("GET", "auth/userpass/users/anna")
    assert (data["policies"], data["token_policies"]) == (["b", "c"], ["b", "c"])
    assert (data["ttl"], data["token_max_ttl"], "password" in data) == (3600, 7200, False)
    auth_of(await log_in(acme, "userpass/login/anna", password="correct horse"))
    refused(await acme("POST", "auth/userpass/users/none/policies", {"policies": "x"}), 400, "username does not exist")


async def test_a_user_keeps_the_password_when_something_else_changes(acme: VaultTenant) -> None:
    await user(acme)
    await made(acme, "auth/userpass/users/anna", token_ttl=60)
    assert auth_of(await log_in(acme, "userpass/login/anna", password="correct horse"))["lease_duration"] == 60


async def test_a_new_user_needs_a_password_that_we_hash_ourselves(acme: VaultTenant) -> None:
    refused(await acme("POST", "auth/userpass/users/anna", {"policies": "a"}), 400, "missing password")
    told = "password_hash is not taken: give password, of which a slow hash is kept here"
    refused(await acme("POST", "auth/userpass/users/anna", {"password_hash": "$2b$12$x"}), 400, told)
    assert (await acme("GET", "auth/userpass/users/anna")).status == 404


async def test_a_removed_user_logs_in_no_longer(acme: VaultTenant) -> None:
    await user(acme)
    assert (await acme.data("LIST", "auth/userpass/users"))["keys"] == ["anna"]
    assert (await acme("DELETE", "auth/userpass/users/anna")).status == 204
    refused(await log_in(acme, "userpass/login/anna", password="correct horse"), 400, WRONG)
    assert (await acme("LIST", "auth/userpass/users")).status == 404
    (told, *_) = await events(acme, "login_role.configured")
    assert await acme.system.rows("SELECT count(*) FROM sealed_keys WHERE seal_id = ?", told["seal_id"]) == [(0,)]


async def test_an_address_out_of_bounds_is_denied_after_the_password(acme: VaultTenant) -> None:
    await user(acme, token_bound_cidrs="192.0.2.0/24")
    refused(await log_in(acme, "userpass/login/anna", password="correct horse"), 403, "permission denied")
    refused(await log_in(acme, "userpass/login/anna", password="wrong"), 400, WRONG)


async def test_the_mount_bounds_how_long_tokens_live(acme: VaultTenant) -> None:
    await made(acme, "auth/short/users/anna", password="x", token_ttl="1h")
    assert auth_of(await log_in(acme, "short/login/anna", password="x"))["lease_duration"] == 900
    await made(acme, "auth/short/users/bert", password="x")
    assert auth_of(await log_in(acme, "short/login/bert", password="x"))["lease_duration"] == 600
    await made(acme, "auth/short/users/cleo", password="x", token_period="2h")
    assert auth_of(await log_in(acme, "short/login/cleo", password="x"))["lease_duration"] == 900


async def test_another_tenants_users_are_strangers(acme: VaultTenant) -> None:
    await user(acme)
    other = await VaultTenant.begin(acme.system, acme.app, f"{acme.name}-other")
    await mounted(other)
    refused(await log_in(other, "userpass/login/anna", password="correct horse"), 400, WRONG)
    assert (await other("GET", "auth/userpass/users/anna")).status == 404


async def test_a_mount_that_goes_takes_everything_along(acme: VaultTenant) -> None:
    await user(acme)
    auth = auth_of(await log_in(acme, "userpass/login/anna", password="correct horse"))
    assert (await acme("DELETE", "sys/auth/userpass")).status == 204
    assert (await acme.client(auth["client_token"])("GET", "auth/token/lookup-self")).status == 403
    await made(acme, "sys/auth/userpass", type="userpass")
    refused(await log_in(acme, "userpass/login/anna", password="correct horse"), 400, WRONG)
    (told, *_) = await events(acme, "login_role.configured")
    assert await acme.system.rows("SELECT count(*) FROM sealed_keys WHERE seal_id = ?", told["seal_id"]) == [(0,)]
