"""Accounts made and ended in PostgreSQL by the provider, beside bare `CREATE ROLE` and `DROP ROLE` there."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from statistics import median

import psycopg

from tests.backends.opening import opened, planned
from tests.backends.postgresql import ADMIN, PostgresWorld, running
from tests.bench.report import Report

_ROUNDS = 3
_PASSWORD = " PASSWORD 'abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstu'"


def run(report: Report, *, accounts: int) -> None:
    """Each way with one and with eight connections, in turn."""
    with running() as world:
        for connections in (1, 8):
            rounds = [asyncio.run(_round(world, accounts, connections)) for _ in range(_ROUNDS)]
            nobody, bare, ours = (median(figures) for figures in zip(*rounds, strict=True))
            report.row(f"CREATE ROLE, DROP ROLE, {connections} at once", f"{nobody:,.0f} roles/s")
            report.row(f"the same with a password, {connections} at once", f"{bare:,.0f} roles/s")
            report.row(f"issued and revoked, {connections} at once", f"{ours:,.0f} accounts/s, ratio {ours / bare:.2f}")


async def _round(world: PostgresWorld, accounts: int, connections: int) -> tuple[float, float, float]:
    """The server hashes a password 4,096 times before it keeps it; a role that can log in costs that in any case."""
    nobody = await _bare(world, accounts, connections, "")
    return nobody, await _bare(world, accounts, connections, _PASSWORD), await _ours(world, accounts, connections)


def bare_with_password(world: PostgresWorld, accounts: int, connections: int) -> float:
    """Roles with a password made and dropped a second, by so many connections at once."""
    return asyncio.run(_bare(world, accounts, connections, _PASSWORD))


def make_roles(world: PostgresWorld, names: list[str]) -> None:
    """Roles as the provider makes them, by the same account, but for their passwords."""
    dsn = world.server.dsn("app", ADMIN, world.setup.secrets["password"])
    with psycopg.connect(dsn) as connection, connection.cursor() as cursor:
        for name in names:
            cursor.execute(f'CREATE ROLE "{name}" LOGIN IN ROLE app_readonly'.encode())


def bare_removals(world: PostgresWorld, count: int, connections: int) -> float:
    """Such roles dropped a second, by so many connections at once."""
    names = [f"bare-{number}" for number in range(count)]
    make_roles(world, names)
    return asyncio.run(_dropped(world, names, connections))


async def _dropped(world: PostgresWorld, names: list[str], connections: int) -> float:
    opening = [psycopg.AsyncConnection.connect(world.server.dsn("app"), autocommit=True) for _ in range(connections)]
    open_ones = list(await asyncio.gather(*opening))

    async def one() -> None:
        connection = open_ones.pop()
        await connection.execute(f'DROP ROLE "{names.pop()}"'.encode())
        open_ones.append(connection)

    figure = await per_second(one, len(names), connections)
    await asyncio.gather(*(connection.close() for connection in open_ones))
    return figure


async def _bare(world: PostgresWorld, accounts: int, connections: int, password: str) -> float:
    opening = [psycopg.AsyncConnection.connect(world.server.dsn("app"), autocommit=True) for _ in range(connections)]
    open_ones = list(await asyncio.gather(*opening))
    numbers = itertools.count()

    async def one() -> None:
        connection, name = open_ones.pop(), f"bare_{next(numbers)}"
        await connection.execute(f"CREATE ROLE {name} LOGIN{password}".encode())
        await connection.execute(f"DROP ROLE {name}".encode())
        open_ones.append(connection)

    figure = await per_second(one, accounts, connections)
    await asyncio.gather(*(connection.close() for connection in open_ones))
    return figure


async def _ours(world: PostgresWorld, accounts: int, connections: int) -> float:
    backend = opened(world.setup, connection={"port": world.server.port}, limit=connections, timeout=60)
    await asyncio.gather(*(backend.check() for _ in range(connections)))

    async def one() -> None:
        account = planned(world.setup)
        await backend.create(account)
        await backend.remove(account)
        if await backend.present(account):
            raise RuntimeError("an account is there after its removal")

    figure = await per_second(one, accounts, connections)
    await backend.close()
    return figure


async def per_second(one: Callable[[], Awaitable[None]], count: int, at_once: int) -> float:
    """How often a second `one` is done, so many at once."""
    places, began = asyncio.Semaphore(at_once), time.perf_counter()

    async def placed() -> None:
        async with places:
            await one()

    await asyncio.gather(*(placed() for _ in range(count)))
    return count / (time.perf_counter() - began)
