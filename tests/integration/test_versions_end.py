"""Versions that end by the clock: not shown from that instant on, recorded a moment later, on both faces alike."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from cli.server.config.approvals import Approval
from cli.server.config.settings import Secrets
from domain.call import Call
from domain.errors import AlreadyExists, ApprovalRequired, CheckAndSetRequired, Forbidden, NotFound
from domain.key_settings import MountRules, SettingsChange
from domain.plaintext import Plaintext
from domain.results import NewValue
from tests.assembly import Assembly, assembled, call

pytestmark = pytest.mark.anyio

NATIVE = MountRules()
Action = Literal["destroy", "delete", "rotate", "recover", "read"]
ACTIONS: tuple[Action, ...] = ("destroy", "delete", "rotate", "recover", "read")


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[Assembly]:
    guards = [Approval(name=each, paths=[f"on/{each}/*"], actions=[each]) for each in ACTIONS]
    async with assembled(tmp_path, Secrets(approvals=guards)) as assembly:
        yield assembly


@pytest.fixture
async def ops(system: Assembly) -> Call:
    return call(await system.new_tenant("acme"))


def new(text: str = "x") -> NewValue:
    return NewValue(Plaintext(bytearray(text.encode())))


async def test_version_is_not_shown_from_its_end_on_though_nobody_has_recorded_it(system: Assembly, ops: Call) -> None:
    await system.kv.metadata.write(ops, "app/db", SettingsChange(delete_after_seconds=60))
    await system.secrets.create(ops, "app/db", new())
    system.clock.advance(seconds=59)
    await system.reads.get(ops, "app/db")
    system.clock.advance(seconds=2)
    head = await system.head()
    for refused in (system.reads.get(ops, "app/db"), system.resolution.resolve(ops, "app/db")):
        with pytest.raises(NotFound):
            await refused
    assert (await system.kv.reading.read(ops, "app/db")).result.value is None
    assert (await system.reads.names(ops, "", "", "", 10)).items == []
    assert (await system.transfer.give_out(ops, "", resolve=False)).result == {}
    assert await system.head() == head


async def test_end_is_recorded_once_and_by_the_system_itself(system: Assembly, ops: Call) -> None:
    for _ in range(3):
        await system.kv.writing.write(ops, "a", {}, MountRules(delete_after_seconds=60))
    system.clock.advance(seconds=61)
    await system.process()
    events = "SELECT type, actor FROM events WHERE type LIKE 'secret%delete%'"
    assert await system.rows(events) == [("secret.versions.deleted", "trstctl"), ("secret.deleted", "trstctl")]
    await system.process()
    assert len(await system.rows(events)) == 2
    assert await system.rows("SELECT count(*) FROM due_work") == [(0,)]
    for version in (await system.kv.metadata.read(ops, "a")).versions:
        assert version.deletion_time == version.created_time + timedelta(seconds=60)


async def test_name_that_ended_is_free_at_once(system: Assembly, ops: Call) -> None:
    await system.kv.metadata.write(ops, "a", SettingsChange(delete_after_seconds=60))
    await system.secrets.create(ops, "a", new())
    with pytest.raises(AlreadyExists):
        await system.secrets.create(ops, "a", new())
    system.clock.advance(seconds=61)
    assert (await system.secrets.create(ops, "a", new())).result.version == 2
    system.clock.advance(seconds=61)
    done = await system.transfer.take_in(ops, "", {"a": Plaintext(bytearray(b"y"))})
    assert done.result.items[0].version == 3


async def test_native_undelete_gives_a_new_life(system: Assembly, ops: Call) -> None:
    await system.kv.metadata.write(ops, "a", SettingsChange(delete_after_seconds=60))
    await system.secrets.create(ops, "a", new())
    system.clock.advance(seconds=61)
    await system.secrets.undelete(ops, "a")
    system.clock.advance(seconds=59)
    await system.reads.get(ops, "a")
    system.clock.advance(seconds=2)
    with pytest.raises(NotFound):
        await system.reads.get(ops, "a")


async def test_version_deleted_by_itself_is_not_shown_natively_but_in_history(system: Assembly, ops: Call) -> None:
    await system.secrets.create(ops, "a", new("1"))
    await system.secrets.rotate(ops, "a", new("2"))
    await system.kv.ending.delete_versions(ops, "a", [1])
    with pytest.raises(NotFound):
        await system.reads.get(ops, "a", 1)
    assert (await system.reads.past(ops, "a", 1)).result.value.buffer == b"1"
    await system.kv.ending.undelete_versions(ops, "a", [1])
    assert (await system.reads.get(ops, "a", 1)).result.value.buffer == b"1"


async def test_native_deletion_is_that_versions_deletion(system: Assembly, ops: Call) -> None:
    await system.secrets.create(ops, "a", new("1"))
    await system.secrets.delete(ops, "a")
    (first,) = (await system.kv.metadata.read(ops, "a")).versions
    assert first.deletion_time
    await system.secrets.create(ops, "a", new("2"))
    assert (await system.kv.reading.read(ops, "a", 1)).result.value is None
    assert (await system.reads.get(ops, "a", 1)).result.value.buffer == b"1"  # natively it went with the name


async def test_native_writes_keep_to_what_is_set(system: Assembly, ops: Call) -> None:
    await system.kv.metadata.write(ops, "a", SettingsChange(cas_required=True, max_versions=2))
    await system.secrets.create(ops, "a", new())
    with pytest.raises(CheckAndSetRequired):
        await system.secrets.rotate(ops, "a", new())
    past = system.clock()
    with pytest.raises(CheckAndSetRequired):
        await system.secrets.recover(ops, "a", past)
    for cas in (1, 2, 3):
        await system.secrets.rotate(ops, "a", new(), cas)
    assert [each.number for each in await system.reads.history(ops, "a", 99, 99)] == [4, 3]
    assert await system.rows("SELECT count(*) FROM sealed_keys") == [(2,)]


async def test_forgotten_name_is_as_never_used_but_for_its_numbers(system: Assembly, ops: Call) -> None:
    await system.secrets.create(ops, "b", new("x"))
    await system.secrets.create(ops, "a", new("${secret.b}"))
    await system.kv.metadata.delete(ops, "a")
    for refused in (
        system.reads.get(ops, "a"), system.reads.history(ops, "a", 9, 9), system.secrets.undelete(ops, "a"),
        system.secrets.destroy(ops, "a", None), system.kv.metadata.read(ops, "a"), system.reads.past(ops, "a", 1),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            await refused
    assert (await system.resolution.references(ops, "a", 9)).uses == []
    system.clock.advance(seconds=9)
    again = (await system.transfer.take_in(ops, "", {"a": Plaintext(bytearray(b"y"))})).result.items[0]
    assert (again.version, again.created_at) == (2, again.updated_at)
    assert (await system.kv.reading.read(ops, "a")).result.meta.version == 1


@pytest.mark.parametrize(
    "change,scope", [({"max_versions": 1}, "secrets:destroy"), ({"delete_after_seconds": 1}, "secrets:delete")]
)
async def test_who_lets_versions_go_may_do_so_at_once(
    system: Assembly, ops: Call, change: dict[str, int], scope: str
) -> None:
    writer = call(ops.tenant, "secrets:write")
    with pytest.raises(Forbidden, match=scope):
        await system.kv.metadata.write(writer, "a", SettingsChange(**change))  # type: ignore[arg-type]  # numbers
    await system.kv.metadata.write(call(ops.tenant, "secrets:write", scope), "a", SettingsChange(**change))  # type: ignore[arg-type]  # as above


@pytest.mark.parametrize("action", ACTIONS[:-1])
async def test_policies_guard_what_is_done_to_versions(system: Assembly, ops: Call, action: str) -> None:
    kv, path = system.kv, f"on/{action}/a"
    count = 1 if action == "rotate" else 3
    for _ in range(count):
        await kv.writing.write(ops, path, {"x": 1}, NATIVE)
    refused: dict[str, list[Callable[[], Awaitable[object]]]] = {
        "destroy": [
            lambda: kv.ending.destroy_versions(ops, path, [2]),
            lambda: kv.metadata.delete(ops, path),
            lambda: kv.writing.write(ops, path, {}, MountRules(max_versions=2)),
        ],
        "delete": [
            lambda: kv.ending.delete_versions(ops, path, [2]),
            lambda: kv.ending.delete_latest(ops, path),
            lambda: kv.ending.destroy_versions(ops, path, [3]),
            lambda: kv.metadata.write(ops, path, SettingsChange(delete_after_seconds=1)),
        ],
        "rotate": [
            lambda: kv.writing.write(ops, path, {}, NATIVE),
            lambda: kv.writing.patch(ops, path, {"y": 1}, NATIVE),
        ],
        "recover": [
            lambda: kv.ending.undelete_versions(ops, path, [1]),
            lambda: kv.ending.undelete_versions(ops, path, [3]),
        ],
    }
    if action == "recover":
        await kv.ending.delete_versions(ops, path, [1, 3])
    before = await kv.metadata.read(ops, path)
    for attempt in refused[action]:
        with pytest.raises(ApprovalRequired):
            await attempt()
    assert await kv.metadata.read(ops, path) == before


async def test_reading_a_guarded_version_needs_approval_on_both_faces(system: Assembly, ops: Call) -> None:
    await system.kv.writing.write(ops, "on/read/a", {"x": 1}, NATIVE)
    for attempt in (system.kv.reading.read(ops, "on/read/a"), system.kv.reading.subkeys(ops, "on/read/a")):
        with pytest.raises(ApprovalRequired):
            await attempt
