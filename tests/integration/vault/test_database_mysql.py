"""`database/` at a real MariaDB: addresses and statements as Vault's clients write them for MySQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.backends import mysql
from tests.backends.mysql import ADMIN, MysqlWorld
from tests.integration.vault.client import VaultTenant

pytestmark = pytest.mark.anyio
CREATION = "CREATE USER '{{name}}'@'%' IDENTIFIED BY '{{password}}'; GRANT SELECT ON app.orders TO '{{username}}'@'%';"


@pytest.fixture(scope="module")
def world() -> Iterator[MysqlWorld]:
    with mysql.running() as started:
        yield started


@pytest.fixture
async def tenant(acme: VaultTenant, world: MysqlWorld) -> VaultTenant:
    """A tenant with a config of that server."""
    fields = {
        "plugin_name": "mysql-database-plugin", "allowed_roles": "*", "username": ADMIN,
        "connection_url": f"{{{{username}}}}:{{{{password}}}}@tcp(127.0.0.1:{world.gate.port})/app",
        "password": world.setup.secrets["password"],
    }  # fmt: skip
    answer = await acme("POST", "database/config/maria", fields)
    assert answer.status == 204, answer
    return acme


async def test_credentials_of_a_mysql_role_work_and_end(tenant: VaultTenant, world: MysqlWorld) -> None:
    fields = {"db_name": "maria", "creation_statements": CREATION, "default_ttl": "1h"}
    answer = await tenant("POST", "database/roles/reader", fields)
    assert answer.status == 204, answer
    assert (await tenant.data("GET", "database/roles/reader"))["creation_statements"] == [CREATION]
    login = await tenant.data("GET", "database/creds/reader")
    await world.log_in(login)
    assert not await world.exceeds(login)
    tenant.system.clock.advance(hours=1, seconds=1)
    await tenant.system.process()
    assert login["username"] not in await world.names()


async def test_a_standing_account_of_mysqls_gets_passwords(tenant: VaultTenant, world: MysqlWorld) -> None:
    fields = await world.standing()
    role = {
        "db_name": "maria", "username": fields["username"], "rotation_period": "1h",
        "rotation_statements": "ALTER USER '{{name}}'@'%' IDENTIFIED BY '{{password}}';",
    }  # fmt: skip
    assert (await tenant("POST", "database/static-roles/app", role)).status == 204
    first = await tenant.data("GET", "database/static-creds/app")
    await world.log_in({**fields, **first})
    assert (await tenant("POST", "database/rotate-role/app")).status == 204
    second = await tenant.data("GET", "database/static-creds/app")
    await world.log_in({**fields, **second})
    assert first["password"] != second["password"]


async def test_our_own_account_of_mysqls_is_changed(tenant: VaultTenant, world: MysqlWorld) -> None:
    old = world.setup.secrets["password"]
    try:
        assert (await tenant("POST", "database/rotate-root/maria")).status == 204
        with pytest.raises(Exception, match="Access denied"):
            world.run("SELECT 1", user=ADMIN, password=old)
        assert (await tenant.native("POST", "/api/v1/secrets/providers/maria/test")).status == 200
    finally:
        world.run(f"ALTER USER '{ADMIN}' IDENTIFIED BY '{old}'")
