"""A config `pg` of `database/` at a real PostgreSQL, and accounts there."""

from __future__ import annotations

from typing import Any

import psycopg

from tests.backends.postgresql import ADMIN, PostgresWorld
from tests.integration.vault.client import VaultTenant


async def standing(world: PostgresWorld) -> tuple[str, str]:
    """An account of somebody else's that we may change, and its password."""
    fields = await world.standing()
    return str(fields["username"]), str(fields["password"])


def opens(world: PostgresWorld, name: str, password: str) -> bool:
    try:
        psycopg.connect(world.server.dsn("app", name, password)).close()
    except psycopg.OperationalError:
        return False
    return True


async def configured(acme: VaultTenant, world: PostgresWorld, **changes: Any) -> None:
    fields = {
        "plugin_name": "postgresql-database-plugin", "allowed_roles": "*", "username": ADMIN,
        "connection_url": f"postgresql://{{{{username}}}}:{{{{password}}}}@127.0.0.1:{world.gate.port}/app?sslmode=disable",
        "password": world.setup.secrets["password"], **changes,
    }  # fmt: skip
    answer = await acme("POST", "database/config/pg", fields)
    assert answer.status == 204, answer
