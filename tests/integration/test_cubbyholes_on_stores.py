"""Cubbyholes on each kind of store: nothing is left of one whose token has ended, whatever two nodes do at once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from adapters.kek_file import create_kek_file
from adapters.log.follower import Follower
from adapters.postgres.migrations import migrate
from cli.server.auditing import LogAuditing
from cli.server.compose import Runtime, open_runtime
from cli.server.config import Settings, load
from cli.server.replaying import compared, rebuilding
from cli.server.stores import unread_views
from domain.call import Call
from domain.commands.tenants import operator
from domain.errors import Conflict, Refused
from domain.plaintext import Plaintext
from domain.process_vault import END_CUBBYHOLE

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["sqlite", "postgres"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """An empty store of each kind, with a key."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    create_kek_file(folder / "kek")
    store = ""
    if request.param == "postgres":
        store = request.getfixturevalue("postgres_dsn")
        migrate(store, unread_views())
    return load(environment={}, data_dir=str(folder), store=store)


async def new_call(runtime: Runtime, tenant: str) -> Call:
    """A call with a token of its own."""
    issued = await runtime.tokens.issue(operator(tenant, "r"), "ci", ["secrets:list"], None)
    assert isinstance(issued.result.token, str)
    principal = await runtime.tokens.authenticate(issued.result.token)
    return Call(principal=principal, request_id="r1")


async def write(node: Runtime, call: Call, path: str) -> None:
    with Plaintext(bytearray(b'{"a":1}')) as value:
        await node.vaulting.cubbyholes.write(call, path, value)


async def keys(runtime: Runtime) -> int:
    return int((await runtime.store.reader.system_rows("SELECT count(*) FROM sealed_keys"))[0][0])


async def end(runtime: Runtime, call: Call) -> None:
    """Do what has come due about the cubbyhole, if anything has."""
    work = await runtime.views.due_work.of(call.tenant, END_CUBBYHOLE, call.principal.token_id)
    if work:
        assert work.due_at.year < 9999
        await runtime.vaulting.cubbyholes.end(work)


async def test_two_nodes_that_write_lose_nothing_and_leave_no_key(settings: Settings) -> None:
    async with open_runtime(settings) as one, open_runtime(settings) as two:
        tenant = (await one.tenants.create("acme", "Acme", "r0")).result.tenant
        call = await new_call(one, tenant)
        await asyncio.gather(*(write((one, two)[n % 2], call, f"p{n % 4}") for n in range(16)))
        assert await two.vaulting.cubbyholes.paths(call, "") == ["p0", "p1", "p2", "p3"]
        assert await keys(one) == 4


async def test_what_is_written_while_the_token_ends_is_destroyed_or_refused(settings: Settings) -> None:
    async with open_runtime(settings) as one, open_runtime(settings) as two:
        tenant = (await one.tenants.create("acme", "Acme", "r0")).result.tenant
        for _ in range(4):
            call = await new_call(one, tenant)
            await write(one, call, "first")
            outcomes = await asyncio.gather(
                one.token_ends.revoke(operator(tenant, "r"), call.principal.token_id),
                *(write((one, two)[n % 2], call, f"p{n}") for n in range(6)),
                return_exceptions=True,
            )
            assert all(not isinstance(each, BaseException) or isinstance(each, Refused) for each in outcomes)
            await end(two, call)
            assert await keys(one) == 0


async def test_a_token_that_has_ended_keeps_nothing_more_whoever_let_it_in(settings: Settings) -> None:
    async with open_runtime(settings) as one, open_runtime(settings) as two:
        tenant = (await one.tenants.create("acme", "Acme", "r0")).result.tenant
        call = await new_call(one, tenant)
        await one.token_ends.revoke(operator(tenant, "r"), call.principal.token_id)
        with pytest.raises(Refused):
            await write(two, call, "late")
        assert await keys(one) == 0


async def test_of_two_nodes_that_end_it_one_does_and_the_log_verifies(settings: Settings) -> None:
    async with open_runtime(settings) as one, open_runtime(settings) as two:
        tenant = (await one.tenants.create("acme", "Acme", "r0")).result.tenant
        ended, living = await new_call(one, tenant), await new_call(one, tenant)
        for call in (ended, living):
            for path in ("a", "b", "a"):
                await write(one, call, path)
        await one.vaulting.cubbyholes.delete(living, "b")
        await one.token_ends.revoke(operator(tenant, "r"), ended.principal.token_id)
        work = await one.views.due_work.of(tenant, END_CUBBYHOLE, ended.principal.token_id)
        assert work
        ends = (node.vaulting.cubbyholes.end(work) for node in (one, two))
        outcomes = await asyncio.gather(*ends, return_exceptions=True)
        assert [each for each in outcomes if not isinstance(each, Conflict)] == [None]
        assert await keys(one) == 1
        async with rebuilding(one) as replay:
            found = await compared(one, replay, lambda _: None)
            assert (found.different, found.rows["cubbyholes"], found.rows["due_work"]) == (0, 1, 1)
        follower = Follower(one.views.audit, one.store.reader, one.committer)
        assert not (await LogAuditing(settings, one.store.reader, None, follower).verify())["findings"]
