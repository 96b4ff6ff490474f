"""`database/static-roles/` at a real PostgreSQL and a real Redis: passwords of standing accounts, set anew and told."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from adapters.providers.postgresql.backend import PostgresqlBackend
from domain.backends import BackendUnavailable
from tests.backends import pages, postgresql, redis
from tests.backends.postgresql import ADMIN, PAGE, PostgresWorld
from tests.backends.redis import RedisWorld
from tests.integration.vault.client import VaultTenant
from tests.integration.vault.postgresql_config import configured, opens, standing

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def world() -> Iterator[PostgresWorld]:
    with postgresql.running() as started:
        yield started


@pytest.fixture(scope="module")
def cache() -> Iterator[RedisWorld]:
    with redis.running() as started:
        yield started


async def role(acme: VaultTenant, username: str, name: str = "app", **changes: Any) -> None:
    fields = {
        "db_name": "pg", "username": username, "rotation_period": "24h",
        "rotation_statements": ["ALTER USER \"{{name}}\" WITH PASSWORD '{{password}}';"], **changes,
    }  # fmt: skip
    answer = await acme("POST", f"database/static-roles/{name}", fields)
    assert (answer.status, answer.body) == (204, b""), answer


async def password(acme: VaultTenant, name: str = "app") -> str:
    return str((await acme.data("GET", f"database/static-creds/{name}"))["password"])


async def test_an_account_is_taken_over_and_its_password_told(acme: VaultTenant, world: PostgresWorld) -> None:
    name, old = await standing(world)
    await configured(acme, world)
    await role(acme, name)
    data = await acme.data("GET", "database/static-creds/app")
    assert (data["username"], data["rotation_period"], 86390 <= data["ttl"] <= 86400) == (name, 86400, True)
    assert not opens(world, name, old)
    assert opens(world, name, data["password"])
    shown = await acme.data("GET", "database/static-roles/app")
    assert shown == {
        "db_name": "pg", "username": name, "credential_type": "password", "rotation_period": 86400,
        "rotation_statements": ["ALTER USER \"{{name}}\" WITH PASSWORD '{{password}}';"],
        "last_vault_rotation": data["last_vault_rotation"],
    }  # fmt: skip
    assert (await acme.data("LIST", "database/static-roles"))["keys"] == ["app"]


async def test_it_is_set_anew_when_asked_and_when_its_time_has_come(acme: VaultTenant, world: PostgresWorld) -> None:
    name, _ = await standing(world)
    await configured(acme, world)
    await role(acme, name)
    first = await password(acme)
    assert (await acme("POST", "database/rotate-role/app")).status == 204
    second = await password(acme)
    acme.system.clock.advance(hours=23)
    await acme.system.process()
    assert await password(acme) == second
    acme.system.clock.advance(hours=1, seconds=5)
    await acme.system.process()
    third = await password(acme)
    assert len({first, second, third}) == 3
    assert [opens(world, name, each) for each in (first, second, third)] == [False, False, True]
    keys = "SELECT count(*) FROM sealed_keys k JOIN static_roles s ON s.seal_id = k.seal_id WHERE k.tenant = ?"
    assert await acme.system.rows(keys, acme.id) == [(1,)]
    numbers = await acme.system.rows("SELECT number FROM static_roles WHERE tenant = ?", acme.id)
    assert numbers == [(3,)]


async def test_a_crash_after_the_backend_was_told_is_made_good_by_another_attempt(
    acme: VaultTenant, world: PostgresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = await standing(world)
    await configured(acme, world)
    await role(acme, name)
    before = await password(acme)

    async def silent(*_: object) -> None:
        raise BackendUnavailable("it did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlBackend, "log_in", silent)
        assert (await acme("POST", "database/rotate-role/app")).status == 400
    assert not opens(world, name, before)
    acme.system.clock.advance(seconds=101)
    await acme.system.process()
    after = await password(acme)
    assert after != before
    assert opens(world, name, after)
    assert await acme.system.rows("SELECT number FROM static_roles WHERE tenant = ?", acme.id) == [(2,)]


async def test_rotations_at_once_leave_one_password_that_works(acme: VaultTenant, world: PostgresWorld) -> None:
    name, _ = await standing(world)
    await configured(acme, world)
    await role(acme, name)
    answers = await asyncio.gather(*(acme("POST", "database/rotate-role/app") for _ in range(5)))
    assert {answer.status for answer in answers} == {204}
    assert opens(world, name, await password(acme))


async def test_what_is_repeated_with_its_key_sets_no_other_password(acme: VaultTenant, world: PostgresWorld) -> None:
    name, _ = await standing(world)
    await configured(acme, world)
    fields = {"db_name": "pg", "username": name, "rotation_period": "24h"}
    for path, sent in (("static-roles/app", fields), ("rotate-role/app", {})):
        seen = []
        for _ in range(2):
            answer = await acme("POST", f"database/{path}", sent, idempotency_key=path)
            assert (answer.status, answer.body) == (204, b""), answer
            seen.append(await password(acme))
        assert seen[0] == seen[1]
        assert opens(world, name, seen[0])
    for _ in range(2):
        assert (await acme("DELETE", "database/static-roles/app", idempotency_key="end")).status == 204


async def test_what_was_begun_is_finished_by_who_repeats_it_with_its_key(
    acme: VaultTenant, world: PostgresWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _ = await standing(world)
    await configured(acme, world)
    await role(acme, name)
    before = await password(acme)

    async def silent(*_: object) -> None:
        raise BackendUnavailable("it did not answer")

    with monkeypatch.context() as patch:
        patch.setattr(PostgresqlBackend, "log_in", silent)
        for _ in range(2):
            assert (await acme("POST", "database/rotate-role/app", idempotency_key="k")).status == 400
    assert (await acme("POST", "database/rotate-role/app", idempotency_key="k")).status == 204
    after = await password(acme)
    assert after != before
    assert opens(world, name, after)
    assert await acme.system.rows("SELECT number FROM static_roles WHERE tenant = ?", acme.id) == [(2,)]


async def test_a_role_that_was_not_made_is_tried_anew_with_the_same_key(
    acme: VaultTenant, world: PostgresWorld
) -> None:
    await configured(acme, world)
    name = f"late_{secrets.token_hex(4)}"
    fields = {"db_name": "pg", "username": name, "rotation_period": 3600}
    assert (await acme("POST", "database/static-roles/app", fields, idempotency_key="k")).status == 400
    with world.connect() as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN".encode())
        connection.execute(f"GRANT {name} TO {ADMIN} WITH ADMIN OPTION".encode())
    assert (await acme("POST", "database/static-roles/app", fields, idempotency_key="k")).status == 204
    assert opens(world, name, await password(acme))


async def test_an_account_that_is_not_there_makes_no_role(acme: VaultTenant, world: PostgresWorld) -> None:
    await configured(acme, world)
    fields = {"db_name": "pg", "username": f"nobody_{secrets.token_hex(4)}", "rotation_period": 3600}
    answer = await acme("POST", "database/static-roles/app", fields)
    assert answer.status == 400
    assert "could not be set" in answer.json()["errors"][0]
    assert (await acme("GET", "database/static-roles/app")).status == 404
    assert await acme.system.rows("SELECT 1 FROM due_work WHERE tenant = ?", acme.id) == []


async def test_a_removed_role_forgets_its_password_and_leaves_the_account(
    acme: VaultTenant, world: PostgresWorld
) -> None:
    name, _ = await standing(world)
    await configured(acme, world)
    await role(acme, name)
    known = await password(acme)
    assert "static roles" in (await acme("DELETE", "database/config/pg")).json()["errors"][0]
    assert (await acme("DELETE", "database/static-roles/app")).status == 204
    assert (await acme("DELETE", "database/static-roles/app")).status == 204
    for method, path in (("GET", "static-creds/app"), ("POST", "rotate-role/app")):
        answer = await acme(method, f"database/{path}")
        assert (answer.status, answer.json()["errors"]) == (400, ["unknown role: app"])
    assert (await acme("LIST", "database/static-roles")).status == 404
    assert opens(world, name, known)
    await role(acme, name)
    assert await password(acme) != known
    await acme("DELETE", "database/static-roles/app")
    assert (await acme("DELETE", "database/config/pg")).status == 204


async def test_when_it_comes_round_can_be_changed_and_whose_it_is_cannot(
    acme: VaultTenant, world: PostgresWorld
) -> None:
    name, _ = await standing(world)
    await configured(acme, world)
    await role(acme, name)
    first = await password(acme)
    assert (await acme("POST", "database/static-roles/app", {"rotation_period": "1h"})).status == 204
    assert 3590 <= (await acme.data("GET", "database/static-creds/app"))["ttl"] <= 3600
    assert await password(acme) == first
    assert (await acme("POST", "database/static-roles/app", {"rotation_schedule": "0 0 * * 6"})).status == 204
    assert (await acme.data("GET", "database/static-roles/app"))["rotation_schedule"] == "0 0 * * 6"
    moved = await acme("POST", "database/static-roles/app", {"username": "other"})
    assert (moved.status, "cannot update static account" in moved.json()["errors"][0]) == (400, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"username": ""}, {"db_name": "nothing"}, {"rotation_period": "5s"}, {"rotation_period": 0},
        {"rotation_period": "1h", "rotation_schedule": "0 0 * * 6"}, {"rotation_statements": ["DROP TABLE x"]},
        {"credential_type": "rsa_private_key"}, {"skip_import_rotation": True}, {"rotation_window": "1h"},
    ],
)  # fmt: skip
async def test_what_no_static_role_may_say_is_refused(
    acme: VaultTenant, world: PostgresWorld, changes: dict[str, Any]
) -> None:
    await configured(acme, world)
    fields = {"db_name": "pg", "username": "x", "rotation_period": "1h", **changes}
    assert (await acme("POST", "database/static-roles/app", fields)).status == 400
    assert (await acme("GET", "database/static-roles/app")).status == 404


async def test_only_allowed_roles_and_scopes_get_a_password(acme: VaultTenant, world: PostgresWorld) -> None:
    name, _ = await standing(world)
    await configured(acme, world, allowed_roles="app")
    assert (await acme("POST", "database/static-roles/b", {"db_name": "pg", "username": name})).status == 400
    await role(acme, name)
    reader = await acme.holding("leases:issue:pg/app")
    assert (await reader("GET", "database/static-creds/app")).status == 200
    for method, path in (
        ("POST", "static-roles/app"), ("GET", "static-roles/app"), ("DELETE", "static-roles/app"),
        ("LIST", "static-roles"), ("POST", "rotate-role/app"),
    ):  # fmt: skip
        assert (await reader(method, f"database/{path}", {"rotation_period": "2h"})).status == 403, path
    other = await acme.holding("leases:issue:pg/b")
    assert (await other("GET", "database/static-creds/app")).status == 403
    await configured(acme, world, allowed_roles="other")
    refused = await acme("GET", "database/static-creds/app")
    assert (refused.status, refused.json()["errors"]) == (400, ['"app" is not an allowed role'])
    rotator = await acme.holding("rotations:run:database/app")
    assert (await rotator("POST", "database/rotate-role/app")).status == 204


async def test_each_use_is_in_the_log_and_no_password_is(acme: VaultTenant, world: PostgresWorld) -> None:
    name, _ = await standing(world)
    await configured(acme, world)
    await role(acme, name)
    known = await password(acme)
    rows = await acme.system.rows(
        "SELECT type, body FROM events WHERE tenant = ? AND type LIKE 'static_role.%' ORDER BY position", acme.id
    )
    assert [row[0] for row in rows] == [
        "static_role.created", "static_role.configured", "static_role.rotation.started", "static_role.rotated",
        "static_role.read",
    ]  # fmt: skip
    assert all(known.encode() not in bytes(row[1]) for row in rows)


async def test_redis_is_given_passwords_too(acme: VaultTenant, cache: RedisWorld) -> None:
    fields = await cache.standing()
    name = str(fields["username"])
    config = {
        "plugin_name": "redis-database-plugin", "host": "127.0.0.1", "port": cache.gate.port, "username": "trstctl",
        "password": cache.setup.secrets["password"], "allowed_roles": "*",
    }  # fmt: skip
    assert (await acme("POST", "database/config/pg", config)).status == 204
    await role(acme, name, rotation_statements=[])
    with cache.server.connect(name, await password(acme), cache.gate.port) as client:
        assert client.get("orders:1") == "Ada"


def test_the_documented_account_may_set_passwords() -> None:
    assert "CREATEROLE" in pages.sql(PAGE, "An account for trstctl")
