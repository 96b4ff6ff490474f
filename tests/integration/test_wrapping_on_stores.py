"""Wrapped answers on each kind of store: taken once, by two nodes as by one; tables and keys are what the log says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from adapters.kek_file import create_kek_file
from adapters.log.follower import Follower
from adapters.postgres.migrations import migrate
from cli.server.auditing import LogAuditing
from cli.server.compose import Runtime, open_runtime
from cli.server.config import Settings, load
from cli.server.replaying import compared, rebuilding
from cli.server.stores import unread_views
from domain.commands.wrapping import Asking, Contents, Wrapped
from domain.errors import Conflict, Gone
from domain.plaintext import Plaintext

pytestmark = pytest.mark.anyio
ANSWER = b'{"data":{"password":"hunter-2"}}'


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


class Wrapper:
    """Somebody of one tenant."""

    def __init__(self, runtime: Runtime, asking: Asking) -> None:
        self.runtime = runtime
        self.asking = asking

    async def wrap(self, ttl: int = 60) -> Wrapped:
        with Plaintext(bytearray(ANSWER)) as body:
            contents = Contents(body=body, creation_path="sys/wrapping/wrap", holds="")
            return (await self.runtime.vaulting.wrapping.wrap(self.asking, contents, ttl)).result

    async def outcome(self, node: Runtime, wrapped: Wrapped, how: str = "unwrap") -> str:
        try:
            if how == "rewrap":
                await node.vaulting.wrapping.rewrap(self.asking, wrapped.token)
                return how
            with (await node.vaulting.wrapping.unwrap(self.asking, wrapped.token)).result as body:
                assert bytes(body.buffer) == ANSWER
        except Gone:
            return "gone"
        return how

    async def count(self, kind: str) -> int:
        rows = await self.runtime.store.reader.system_rows("SELECT count(*) FROM events WHERE type = ?", (kind,))
        return int(rows[0][0])

    async def keys(self) -> int:
        return int((await self.runtime.store.reader.system_rows("SELECT count(*) FROM sealed_keys"))[0][0])


@asynccontextmanager
async def wrapping(settings: Settings) -> AsyncIterator[Wrapper]:
    async with open_runtime(settings) as runtime:
        tenant = (await runtime.tenants.create("acme", "Acme", "r0")).result.tenant
        yield Wrapper(runtime, Asking(tenant=tenant, actor="ops", request_id="r1", address="192.0.2.7"))


async def test_two_nodes_give_a_wrapped_answer_once(settings: Settings) -> None:
    async with wrapping(settings) as wrapper, open_runtime(settings) as other:
        for _ in range(5):
            wrapped = await wrapper.wrap()
            nodes = (wrapper.runtime, other)
            outcomes = await asyncio.gather(*(wrapper.outcome(nodes[n % 2], wrapped) for n in range(20)))
            assert sorted(outcomes) == ["gone"] * 19 + ["unwrap"]
        assert (await wrapper.count("wrapping.used"), await wrapper.count("wrapping.refused")) == (5, 95)
        assert await wrapper.keys() == 0


async def test_of_taking_and_rewrapping_at_once_one_happens(settings: Settings) -> None:
    async with wrapping(settings) as wrapper, open_runtime(settings) as other:
        for turn in range(6):
            wrapped, before = await wrapper.wrap(), await wrapper.keys()
            nodes = (wrapper.runtime, other) if turn % 2 else (other, wrapper.runtime)
            outcomes = await asyncio.gather(
                *(wrapper.outcome(nodes[n % 2], wrapped, ("unwrap", "rewrap")[n % 2]) for n in range(6))
            )
            (how,) = [outcome for outcome in outcomes if outcome != "gone"]
            assert await wrapper.keys() == before - (how == "unwrap")


async def test_of_taking_and_expiring_at_once_one_happens(settings: Settings) -> None:
    async with wrapping(settings) as wrapper, open_runtime(settings) as other:
        wrapped = await wrapper.wrap(ttl=1)
        work = await wrapper.runtime.views.due_work.of(wrapper.asking.tenant, "wrapping.expire", wrapped.wrapping_id)
        assert work
        with pytest.raises(Conflict):
            await other.vaulting.wrapping.expire(work)
        await asyncio.sleep(1)
        ends = (node.vaulting.wrapping.expire(work) for node in (wrapper.runtime, other))
        outcomes = await asyncio.gather(*ends, return_exceptions=True)
        assert [outcome for outcome in outcomes if not isinstance(outcome, Conflict)] == [None]
        assert await wrapper.outcome(other, wrapped) == "gone"
        assert await wrapper.keys() == 0


async def test_log_verifies_and_tables_are_what_it_says(settings: Settings) -> None:
    async with wrapping(settings) as wrapper:
        open_still = await wrapper.wrap()
        used, rewrapped = await wrapper.wrap(), await wrapper.wrap()
        assert await wrapper.outcome(wrapper.runtime, used) == "unwrap"
        assert await wrapper.outcome(wrapper.runtime, rewrapped, "rewrap") == "rewrap"
        runtime = wrapper.runtime
        async with rebuilding(runtime) as replay:
            found = await compared(runtime, replay, lambda _: None)
            assert (found.different, found.rows["wrappings"], found.rows["due_work"]) == (0, 4, 2)
        assert await findings(settings, runtime) == []
        with runtime.store.log.transaction() as transaction:
            transaction.execute([("DELETE FROM sealed_keys", ())])
        assert len(await findings(settings, runtime)) == 2
        assert await wrapper.outcome(runtime, open_still) == "gone"


async def findings(settings: Settings, runtime: Runtime) -> list[str]:
    """What a verification of the whole log finds."""
    follower = Follower(runtime.views.audit, runtime.store.reader, runtime.committer)
    report = await LogAuditing(settings, runtime.store.reader, None, follower).verify()
    return [str(finding) for finding in report["findings"]]


def test_nothing_of_a_wrapping_shows_its_token() -> None:
    fields = dict.fromkeys(("token", "wrapping_id", "creation_path", "holds"), "trsw_x")
    made = msgspec.convert(
        {**fields, "wrapping_id": "w", "ttl_seconds": 1, "created_at": "2026-01-01T00:00:00Z"}, Wrapped
    )
    assert "trsw_x" not in repr(made)
