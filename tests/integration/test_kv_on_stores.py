"""Key-value commands on each kind of store, with two nodes: tables and keys are what the log says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
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
from domain.errors import CheckAndSetFailed, NotFound
from domain.key_settings import MountRules, SettingsChange
from domain.kv_values import object_text
from domain.plaintext import Plaintext
from domain.process import DELETE_VERSION, version_ref
from domain.results import NewValue

pytestmark = pytest.mark.anyio

RULES = MountRules()
PATHS = ("a", "a/b", "a-b")


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


@pytest.fixture
async def nodes(settings: Settings) -> AsyncIterator[Sequence[Runtime]]:
    """Two nodes of one store."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(open_runtime(settings)) for _ in range(2)]


@pytest.fixture
async def ops(nodes: Sequence[Runtime]) -> Call:
    tenant = (await nodes[0].tenants.create("acme", "Acme", "r0")).result.tenant
    return operator(tenant, "r1")


async def shown(node: Runtime, call: Call, path: str, number: int = 0) -> bytes | None:
    value = (await node.kv.reading.read(call, path, number)).result.value
    if value is None:
        return None
    with value:
        return object_text(value)


async def live(nodes: Sequence[Runtime], ops: Call) -> None:
    """Everything that can happen to versions happens, now by one node and now by the other."""
    one, other = (node.kv for node in nodes)
    for number, path in enumerate(PATHS * 4):
        await (one, other)[number % 2].writing.write(ops, path, {"n": number}, RULES)
    await one.ending.delete_versions(ops, "a", [1, 4])
    await other.ending.undelete_versions(ops, "a", [4])
    await one.ending.delete_latest(ops, "a-b")
    await other.ending.destroy_versions(ops, "a", [2])
    change = SettingsChange(max_versions=2, cas_required=True, delete_after_seconds=3600, custom_metadata={"k": "ü"})
    await one.metadata.write(ops, "a", change)
    await other.metadata.write(ops, "only/set", change)
    await other.writing.write(ops, "a", {"last": True}, RULES, 4)
    await one.writing.patch(ops, "a", {"more": 1}, RULES, 5)
    await other.metadata.patch(ops, "a", SettingsChange(), {"k": None, "l": "m"})
    await one.metadata.delete(ops, "a/b")
    await other.writing.write(ops, "a/b", {"again": 1}, RULES, 0)
    await nodes[0].secrets.delete(ops, "a/b")
    await nodes[1].secrets.undelete(ops, "a/b")
    await nodes[1].kv.mounts.configure(ops, "kv_1", SettingsChange(max_versions=3, cas_required=False))


async def test_both_nodes_tell_the_same(nodes: Sequence[Runtime], ops: Call) -> None:
    await live(nodes, ops)
    for node in nodes:
        assert await shown(node, ops, "a") == b'{"last":true,"more":1}'
        assert await shown(node, ops, "a-b") is None
        assert await shown(node, ops, "a/b", 1) == b'{"again":1}'
        with pytest.raises(NotFound):
            await shown(node, ops, "a", 4)
        meta = await node.kv.metadata.read(ops, "a")
        assert ([each.version for each in meta.versions], meta.oldest_version) == ([6, 5], 5)
        assert meta.settings.custom_metadata == {"l": "m"}
        assert meta.versions[0].deletion_time > meta.versions[0].created_time  # type: ignore[operator]  # it is set
        assert await node.kv.folders.names(ops, "") == ["a", "a-b", "a/", "only/"]
        assert await node.kv.folders.names(ops, "", live=True) == ["a", "a/"]
        assert (await node.kv.mounts.rules(ops.tenant, "kv_1", 10)).max_versions == 3
    for number in (5, 6):
        assert await nodes[0].views.due_work.of(ops.tenant, DELETE_VERSION, version_ref("a", number))


async def test_of_writers_that_follow_the_same_version_one_wins(nodes: Sequence[Runtime], ops: Call) -> None:
    await nodes[0].kv.writing.write(ops, "a", {}, RULES)
    writers = (nodes[number % 2].kv.writing.write(ops, "a", {"n": number}, RULES, 1) for number in range(8))
    outcomes = await asyncio.gather(*writers, return_exceptions=True)
    assert sum(isinstance(each, CheckAndSetFailed) for each in outcomes) == 7
    assert (await nodes[0].kv.metadata.read(ops, "a")).current_version == 2


async def test_patches_at_once_are_all_merged(nodes: Sequence[Runtime], ops: Call) -> None:
    await nodes[0].kv.writing.write(ops, "a", {}, RULES)
    await asyncio.gather(
        *(nodes[number % 2].kv.writing.patch(ops, "a", {f"m{number}": number}, RULES) for number in range(8))
    )
    found = await shown(nodes[0], ops, "a")
    assert found == b"{" + b",".join(f'"m{number}":{number}'.encode() for number in range(8)) + b"}"


async def test_tables_and_keys_are_what_the_log_says(settings: Settings, nodes: Sequence[Runtime], ops: Call) -> None:
    await live(nodes, ops)
    async with rebuilding(nodes[0]) as replay:
        found = await compared(nodes[0], replay, lambda _: None)
    assert (found.different, found.differences) == (0, [])
    assert (found.rows["version_ends"], found.rows["secret_settings"], found.rows["kv_mounts"]) == (4, 3, 1)
    keys = await nodes[0].store.reader.system_rows("SELECT count(*) FROM sealed_keys WHERE tenant = ?", (ops.tenant,))
    assert keys == [(7,)]  # two of a, one of a/b, four of a-b
    follower = Follower(nodes[0].views.audit, nodes[0].store.reader, nodes[0].committer)
    report = await LogAuditing(settings, nodes[0].store.reader, None, follower).verify()
    assert [*report["findings"]] == []


async def test_native_text_is_read_by_both(nodes: Sequence[Runtime], ops: Call) -> None:
    await nodes[0].secrets.create(ops, "x", NewValue(Plaintext(bytearray(b"plain"))))
    assert await shown(nodes[1], ops, "x") == b'{"value":"plain"}'
