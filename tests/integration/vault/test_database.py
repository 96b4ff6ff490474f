"""`database/` at a real PostgreSQL and a real Redis: configs, roles and credentials as Vault's clients know them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.backends import postgresql, redis
from tests.backends.postgresql import ADMIN, PostgresWorld
from tests.backends.redis import RedisWorld
from tests.integration.vault.client import VaultClient, VaultTenant

pytestmark = pytest.mark.anyio
CREATION = (
    "CREATE ROLE \"{{name}}\" WITH LOGIN PASSWORD '{{password}}' VALID UNTIL '{{expiration}}';"
    ' GRANT SELECT ON orders TO "{{username}}";'
)


@pytest.fixture(scope="module")
def world() -> Iterator[PostgresWorld]:
    with postgresql.running() as started:
        yield started


@pytest.fixture(scope="module")
def cache() -> Iterator[RedisWorld]:
    with redis.running() as started:
        yield started


def url(world: PostgresWorld, user: str = "{{username}}", password: str = "{{password}}") -> str:
    return f"postgresql://{user}:{password}@127.0.0.1:{world.gate.port}/app?sslmode=disable"


def settings(world: PostgresWorld, **changes: Any) -> dict[str, Any]:
    """A config of that server."""
    return {
        "plugin_name": "postgresql-database-plugin",
        "allowed_roles": "readonly,my_role",
        "connection_url": url(world),
        "username": ADMIN,
        "password": world.setup.secrets["password"],
        **changes,
    }


async def configured(acme: VaultTenant, world: PostgresWorld, **changes: Any) -> None:
    answer = await acme("POST", "database/config/pg", settings(world, **changes))
    assert (answer.status, answer.body) == (204, b""), answer


async def role(by: VaultClient, name: str = "readonly", **changes: Any) -> None:
    fields = {"db_name": "pg", "creation_statements": [CREATION], "default_ttl": "1h", "max_ttl": "24h", **changes}
    answer = await by("POST", f"database/roles/{name}", fields)
    assert (answer.status, answer.body) == (204, b""), answer


async def refusal(by: VaultClient, method: str, path: str, fields: object = None) -> str:
    answer = await by(method, f"database/{path}", fields)
    assert answer.status == 400, answer
    (message,) = answer.json()["errors"]
    assert isinstance(message, str)
    return message


async def test_a_config_is_read_back_without_its_password(acme: VaultTenant, world: PostgresWorld) -> None:
    kept = {"max_open_connections": 7, "max_connection_lifetime": "5s", "password_authentication": "password"}
    await configured(acme, world, **kept, root_rotation_statements=["ALTER x"])
    answer = await acme("GET", "database/config/pg")
    assert answer.json()["data"] == {
        "allowed_roles": ["readonly", "my_role"],
        "connection_details": {"connection_url": url(world), "username": ADMIN, **kept},
        "password_policy": "",
        "plugin_name": "postgresql-database-plugin",
        "plugin_version": "",
        "root_credentials_rotate_statements": ["ALTER x"],
        "verify_connection": True,
    }
    assert world.setup.secrets["password"].encode() not in answer.body
    assert (await acme.data("LIST", "database/config"))["keys"] == ["pg"]
    rows = await acme.system.rows("SELECT body FROM events WHERE tenant = ?", acme.id)
    assert all(world.setup.secrets["password"].encode() not in bytes(body) for (body,) in rows)


async def test_what_is_repeated_with_its_key_answers_nothing_again(acme: VaultTenant, world: PostgresWorld) -> None:
    for _ in "12":
        answer = await acme("POST", "database/config/pg", settings(world), idempotency_key="c")
        assert (answer.status, answer.body) == (204, b""), answer


async def test_a_password_in_the_address_is_not_told_either(acme: VaultTenant, world: PostgresWorld) -> None:
    password = world.setup.secrets["password"]
    fields = settings(world, connection_url=url(world, ADMIN, password))
    del fields["username"], fields["password"]
    assert (await acme("POST", "database/config/pg", fields)).status == 204
    answer = await acme("GET", "database/config/pg")
    assert password.encode() not in answer.body
    assert answer.json()["data"]["connection_details"] == {"connection_url": url(world), "username": ADMIN}
    rows = await acme.system.rows("SELECT body FROM events WHERE tenant = ?", acme.id)
    assert all(password.encode() not in bytes(body) for (body,) in rows)


async def test_a_config_that_does_not_work_is_not_kept_unless_nobody_looks(
    acme: VaultTenant, world: PostgresWorld
) -> None:
    fields = settings(world, password="wrong")
    assert "error verifying connection" in await refusal(acme, "POST", "config/pg", fields)
    assert (await acme("GET", "database/config/pg")).status == 404
    assert (await acme("POST", "database/config/pg", {**fields, "verify_connection": "false"})).status == 204


async def test_what_is_not_named_stays_and_a_kept_password_goes_to_no_other_server(
    acme: VaultTenant, world: PostgresWorld
) -> None:
    await configured(acme, world)
    assert (await acme("POST", "database/config/pg", {"allowed_roles": "*"})).status == 204
    data = await acme.data("GET", "database/config/pg")
    assert (data["allowed_roles"], data["plugin_name"]) == (["*"], "postgresql-database-plugin")
    assert (await acme("POST", "database/reset/pg")).status == 204
    for change in (url(world).replace("127.0.0.1", "evil.example"), url(world).replace("disable", "require")):
        message = await refusal(acme, "POST", "config/pg", {"connection_url": change})
        assert message == "the connection is a new one: give its credentials as well"


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"plugin_name": "oracle-database-plugin"}, "is not served"),
        ({"plugin_name": ""}, "must supply plugin_name"),
        ({"connection_url": "nonsense"}, "connection_url cannot be read"),
        ({"connection_url": ""}, "connection_url is required"),
        ({"connection_url": "postgresql://{{username}}:{{password}}@h/d?sslmode=prefer"}, "unencrypted"),
        ({"connection_url": "postgresql://{{username}}:{{password}}@h/d?sslrootcert=/etc/x"}, "sslrootcert"),
        ({"username_template": "{{.RoleName}}"}, "username_template is not served"),
        ({"password_authentication": "md5"}, "password_authentication is"),
        ({"password_policy": "strong"}, "password_policy is not served"),
        ({"username": ""}, "username is required"),
    ],
)
async def test_what_no_config_may_say_is_refused(
    acme: VaultTenant, world: PostgresWorld, changes: dict[str, Any], message: str
) -> None:
    assert message in await refusal(acme, "POST", "config/pg", settings(world, **changes))


async def test_credentials_work_are_leased_and_end(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    await role(acme)
    answer = (await acme("GET", "database/creds/readonly")).json()
    data, lease_id = answer["data"], answer["lease_id"]
    assert set(data) == {"username", "password"}
    assert (answer["lease_duration"], answer["renewable"]) == (3600, True)
    assert lease_id.startswith("database/creds/readonly/lse_")
    with psycopg.connect(world.server.dsn("app", data["username"], data["password"])) as connection:
        assert connection.execute("SELECT customer FROM orders").fetchall() == [("Ada",)]
    native = lease_id.rpartition("/")[2]
    lease = (await acme.native("GET", f"/api/v1/secrets/leases/{native}")).json()
    assert (lease["provider"], lease["role"], lease["state"]) == ("pg", "readonly", "active")
    acme.system.clock.advance(hours=1, seconds=1)
    await acme.system.process()
    assert data["username"] not in await world.names()


async def test_a_role_is_read_back_as_it_was_given(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    await role(acme, rollback_statements=["DROP ROLE x"], renew_statements="SELECT 1, 2;", max_ttl=0)
    assert await acme.data("GET", "database/roles/readonly") == {
        "db_name": "pg", "creation_statements": [CREATION], "revocation_statements": [],
        "rollback_statements": ["DROP ROLE x"], "renew_statements": ["SELECT 1, 2;"], "default_ttl": 3600,
        "max_ttl": 0, "credential_type": "password", "credential_config": {},
    }  # fmt: skip
    assert (await acme("POST", "database/roles/readonly", {"default_ttl": "2h"})).status == 204
    data = await acme.data("GET", "database/roles/readonly")
    assert (data["default_ttl"], data["creation_statements"]) == (7200, [CREATION])
    await role(acme, "my_role")
    assert (await acme.data("GET", "database/roles?list=true"))["keys"] == ["my_role", "readonly"]
    assert (await acme("DELETE", "database/roles/my_role")).status == 204
    assert (await acme("DELETE", "database/roles/my_role")).status == 204
    assert (await acme("GET", "database/roles/my_role")).status == 404
    assert await refusal(acme, "GET", "creds/my_role") == "unknown role: my_role"


async def test_only_allowed_roles_give_credentials(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world, allowed_roles=["read*"])
    await role(acme, "readonly")
    await role(acme, "other")
    assert (await acme("GET", "database/creds/readonly")).status == 200
    assert await refusal(acme, "GET", "creds/other") == '"other" is not an allowed role'
    await configured(acme, world, allowed_roles="")
    assert await refusal(acme, "GET", "creds/readonly") == '"readonly" is not an allowed role'


async def test_a_role_moves_to_another_database(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    await acme("POST", "database/config/pg2", settings(world))
    await role(acme)
    await role(acme, db_name="pg2")
    assert (await acme.data("GET", "database/roles/readonly"))["db_name"] == "pg2"
    assert (await acme("GET", "database/creds/readonly")).status == 200


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"db_name": ""}, "database name is required"),
        ({"db_name": "nothing"}, "there is no config"),
        ({"creation_statements": []}, "empty creation statement"),
        ({"default_ttl": "2h", "max_ttl": "1h"}, "must not be greater"),
        ({"default_ttl": "-1"}, "must not be negative"),
        ({"credential_type": "rsa_private_key"}, "credential_type is password"),
        ({"creation_statements": ["CREATE ROLE {{nonsense}}"]}, "placeholder"),
    ],
)
async def test_what_no_role_may_say_is_refused(
    acme: VaultTenant, world: PostgresWorld, changes: dict[str, Any], message: str
) -> None:
    await configured(acme, world)
    fields = {"db_name": "pg", "creation_statements": [CREATION], **changes}
    assert message in await refusal(acme, "POST", "roles/readonly", fields)


async def test_a_config_with_living_accounts_is_not_removed(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    await role(acme)
    lease_id = (await acme("GET", "database/creds/readonly")).json()["lease_id"]
    assert "revoke them first" in await refusal(acme, "DELETE", "config/pg")
    await acme.native("POST", f"/api/v1/secrets/leases/{lease_id.rpartition('/')[2]}/revoke", {})
    await acme.system.process()
    assert (await acme("DELETE", "database/config/pg")).status == 204
    assert (await acme("DELETE", "database/config/pg")).status == 204
    assert (await acme("LIST", "database/config")).status == 404


async def test_both_faces_have_the_same_providers_and_roles(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    await role(acme)
    shown = (await acme.native("GET", "/api/v1/secrets/providers/pg")).json()
    assert (shown["kind"], [each["name"] for each in shown["roles"]]) == ("postgresql", ["readonly"])
    body = {
        "kind": "postgresql", "connection": world.setup.connection, "credentials": world.setup.secrets,
    }  # fmt: skip
    made = await acme.native("PUT", "/api/v1/secrets/providers/native", body)
    assert made.status in {200, 201}, made
    role_body = {"default_ttl_seconds": 60, "max_ttl_seconds": 600, "settings": world.setup.role}
    made = await acme.native("PUT", "/api/v1/secrets/providers/native/roles/plain", role_body)
    assert made.status in {200, 201}, made
    data = await acme.data("GET", "database/config/native")
    assert data["connection_details"] == {"connection_url": url(world), "username": ADMIN}
    assert (await acme.data("GET", "database/roles/plain"))["default_ttl"] == 60
    answer = (await acme("GET", "database/creds/plain")).json()
    assert answer["lease_duration"] == 60


async def test_scopes_say_who_may_do_what(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    await role(acme)
    issuer = await acme.holding("leases:issue:pg/readonly")
    assert (await issuer("GET", "database/creds/readonly")).status == 200
    for method, path in (
        ("GET", "config/pg"), ("POST", "config/pg"), ("DELETE", "config/pg"), ("POST", "reset/pg"),
        ("GET", "roles/readonly"), ("POST", "roles/readonly"), ("DELETE", "roles/readonly"),
        ("LIST", "config"), ("LIST", "roles"),
    ):  # fmt: skip
        assert (await issuer(method, f"database/{path}", settings(world))).status == 403, path
    reader = await acme.holding("providers:read")
    assert (await reader("GET", "database/config/pg")).status == 200
    assert (await reader("GET", "database/creds/readonly")).status == 403
    assert (await (await acme.holding("leases:issue:pg/other"))("GET", "database/creds/readonly")).status == 403


async def test_tenants_have_configs_of_their_own(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    await role(acme)
    other = await VaultTenant.begin(acme.system, acme.app, f"{acme.name}-other")
    assert (await other("GET", "database/config/pg")).status == 404
    assert (await other("LIST", "database/roles")).status == 404
    assert await refusal(other, "GET", "creds/readonly") == "unknown role: readonly"


async def test_credentials_go_out_wrapped(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    await role(acme)
    wrapped = (await acme("GET", "database/creds/readonly", x_vault_wrap_ttl="60")).json()
    assert (wrapped["data"], wrapped["lease_id"]) == (None, "")
    opened = (await acme.client(wrapped["wrap_info"]["token"])("PUT", "sys/wrapping/unwrap")).json()
    assert opened["lease_id"].startswith("database/creds/readonly/")
    assert set(opened["data"]) == {"username", "password"}


async def test_a_mount_of_its_own_ends_with_all_that_is_there(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    assert (await acme("POST", "sys/mounts/team/pg", {"type": "database"})).status == 204
    name = str((await world.standing())["username"])
    for path, fields in (
        ("config/main", settings(world, allowed_roles="*")),
        ("roles/readonly", {"db_name": "main", "creation_statements": [CREATION]}),
        ("static-roles/app", {"db_name": "main", "username": name, "rotation_period": "1h"}),
    ):
        assert (await acme("POST", f"team/pg/{path}", fields)).status == 204, path
    answer = (await acme("GET", "team/pg/creds/readonly")).json()
    assert answer["lease_id"].startswith("team/pg/creds/readonly/lse_")
    assert (await acme.data("LIST", "team/pg/config"))["keys"] == ["main"]
    assert (await acme.data("LIST", "database/config"))["keys"] == ["pg"]
    assert (await acme.native("GET", "/api/v1/secrets/providers/team--pg--main")).status == 200
    ending = asyncio.create_task(acme("DELETE", "sys/mounts/team/pg"))
    while not ending.done():
        await acme.system.process()
    assert ending.result().status == 204, ending.result()
    assert answer["data"]["username"] not in await world.names()
    assert name in await world.names()
    assert (await acme("GET", "team/pg/config/main")).status == 404
    assert (await acme.native("GET", "/api/v1/secrets/providers/team--pg--main")).status == 404
    assert (await acme.data("LIST", "database/config"))["keys"] == ["pg"]
    assert (await acme("POST", "sys/mounts/team/pg", {"type": "database"})).status == 204
    assert (await acme("LIST", "team/pg/config")).status == 404


async def test_redis_is_served_by_its_fields(acme: VaultTenant, cache: RedisWorld) -> None:
    config = {
        "plugin_name": "redis-database-plugin", "host": "127.0.0.1", "port": cache.gate.port, "tls": False,
        "username": "trstctl", "password": cache.setup.secrets["password"], "allowed_roles": "*",
    }  # fmt: skip
    assert (await acme("POST", "database/config/cache", config)).status == 204
    details = (await acme.data("GET", "database/config/cache"))["connection_details"]
    assert details == {"username": "trstctl", "host": "127.0.0.1", "port": cache.gate.port, "tls": False}
    assert (await acme("POST", "database/config/cache", {"allowed_roles": "reader"})).status == 204
    fields = {"db_name": "cache", "creation_statements": '["~orders:*", "+get +ping"]', "default_ttl": "5m"}
    assert (await acme("POST", "database/roles/reader", fields)).status == 204
    answer = (await acme("GET", "database/creds/reader")).json()
    with cache.server.connect(answer["data"]["username"], answer["data"]["password"], cache.gate.port) as client:
        assert client.get("orders:1") == "Ada"
    assert answer["lease_duration"] == 300
