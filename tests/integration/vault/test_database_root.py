"""`database/rotate-root/` at a real PostgreSQL: our own account's password is changed, and never lost."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from adapters.providers.postgresql.backend import PostgresqlBackend
from domain.backends import BackendRefused, BackendUnavailable
from tests.backends import postgresql
from tests.backends.postgresql import PostgresWorld
from tests.integration.vault.client import VaultTenant
from tests.integration.vault.postgresql_config import configured, opens, standing

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def world() -> Iterator[PostgresWorld]:
    with postgresql.running() as started:
        yield started


async def own_account(acme: VaultTenant, world: PostgresWorld) -> str:
    """An account of ours, of this test alone, as which the config `pg` logs in; its password."""
    name, first = f"ours_{secrets.token_hex(4)}", secrets.token_hex(16)
    with world.connect() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN CREATEROLE PASSWORD '{first}' IN ROLE pg_signal_backend".encode())
    await configured(acme, world, username=name, password=first)
    return first


async def works(acme: VaultTenant) -> bool:
    """Whether accounts can be made with the credentials that the config has."""
    tried = await acme.native("POST", "/api/v1/secrets/providers/pg/test")
    return tried.status == 200


async def passwords(acme: VaultTenant) -> int:
    ((count,),) = await acme.system.rows(
        "SELECT count(*) FROM sealed_keys WHERE tenant = ? AND seal_id IN (SELECT seal_id FROM sealed_values)", acme.id
    )
    return int(count)


async def test_the_password_of_our_own_account_is_changed_to_one_that_nobody_knows(
    acme: VaultTenant, world: PostgresWorld
) -> None:
    first = await own_account(acme, world)
    name = (await acme.data("GET", "database/config/pg"))["connection_details"]["username"]
    before, note = await passwords(acme), await acme.data("GET", "database/config/pg")
    for _ in range(2):
        assert (await acme("POST", "database/rotate-root/pg")).status == 204
        assert not opens(world, name, first)
        assert await works(acme)
    assert await passwords(acme) == before
    assert await acme.data("GET", "database/config/pg") == note
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE tenant = ?", acme.id) == []


@pytest.mark.parametrize("method", ["set_password", "check"])
async def test_a_change_that_was_interrupted_is_finished(
    acme: VaultTenant, world: PostgresWorld, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    first = await own_account(acme, world)
    name = (await acme.data("GET", "database/config/pg"))["connection_details"]["username"]

    async def silent(*_: object) -> None:
        raise BackendUnavailable("it did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlBackend, method, silent)
        assert (await acme("POST", "database/rotate-root/pg")).status == 400
    assert opens(world, name, first) is (method == "set_password")
    await world.stop()  # and with it every connection that the old password has opened
    await world.start()
    acme.system.clock.advance(seconds=101)
    await acme.system.process()
    assert not opens(world, name, first)
    assert await works(acme)
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE tenant = ?", acme.id) == []


async def test_what_is_repeated_with_its_key_changes_the_password_once(acme: VaultTenant, world: PostgresWorld) -> None:
    await own_account(acme, world)
    events = "SELECT count(*) FROM events WHERE tenant = ? AND type LIKE 'provider%'"
    seen = []
    for _ in range(2):
        assert (await acme("POST", "database/rotate-root/pg", idempotency_key="k")).status == 204
        seen.append(await acme.system.rows(events, acme.id))
    assert seen[0] == seen[1]
    assert await works(acme)


async def test_who_repeats_a_change_that_was_interrupted_finishes_it(
    acme: VaultTenant, world: PostgresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await own_account(acme, world)

    async def silent(*_: object) -> None:
        raise BackendUnavailable("it did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlBackend, "set_password", silent)
        assert (await acme("POST", "database/rotate-root/pg", idempotency_key="k")).status == 400
    name = (await acme.data("GET", "database/config/pg"))["connection_details"]["username"]
    assert opens(world, name, first)
    assert (await acme("POST", "database/rotate-root/pg", idempotency_key="k")).status == 204
    assert not opens(world, name, first)
    assert await works(acme)
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE tenant = ?", acme.id) == []


async def test_a_change_that_the_backend_refuses_leaves_all_as_it_was(
    acme: VaultTenant, world: PostgresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_account(acme, world)
    before = await passwords(acme)

    async def refusing(*_: object) -> None:
        raise BackendRefused("no")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlBackend, "set_password", refusing)
        assert (await acme("POST", "database/rotate-root/pg")).status == 400
    assert await works(acme)
    assert await passwords(acme) == before
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE tenant = ?", acme.id) == []


async def test_a_config_written_in_between_wins(
    acme: VaultTenant, world: PostgresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    await own_account(acme, world)
    before = await passwords(acme)

    async def silent(*_: object) -> None:
        raise BackendUnavailable("it did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlBackend, "set_password", silent)
        await acme("POST", "database/rotate-root/pg")
    await configured(acme, world)
    assert await passwords(acme) == before
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE tenant = ?", acme.id) == []
    assert await works(acme)


async def test_who_may_not_configure_may_not_rotate(acme: VaultTenant, world: PostgresWorld) -> None:
    await own_account(acme, world)
    reader = await acme.holding("providers:read", "leases:issue")
    assert (await reader("POST", "database/rotate-root/pg")).status == 403
    assert (await acme("POST", "database/rotate-root/other")).status == 404


async def test_the_log_of_all_that_verifies(acme: VaultTenant, world: PostgresWorld) -> None:
    name, _ = await standing(world)
    await own_account(acme, world)
    await acme("POST", "database/rotate-root/pg")
    await configured(acme, world)
    fields = {"db_name": "pg", "username": name, "rotation_period": "24h"}
    assert (await acme("POST", "database/static-roles/app", fields)).status == 204
    await acme("POST", "database/rotate-role/app")
    await acme("DELETE", "database/static-roles/app")
    assert not (await acme.system.auditing.verify())["findings"]
