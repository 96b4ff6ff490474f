"""Rotation rewraps every key, touches no value, is never noticed by servers, and survives a crash at every step."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adapters import kek_file, kek_folder
from adapters.kek_file import load_kek
from adapters.kek_folder import KekFolder
from adapters.signing_key import obtain_signing_key, read_signing_key
from domain.errors import Conflict, KeyUnavailable, LogBroken
from domain.kek import KekRotated
from tests.unit.sealing.memory_store import NOW, MemoryStore, Server, clock, new_kek, secret

pytestmark = pytest.mark.anyio

TENANTS = ("acme", "other", "third")


class Populated:
    """Three tenants with a value each, and a signing key."""

    def __init__(self, server: Server, seals: dict[str, str]) -> None:
        self.server = server
        self.seals = seals

    async def assert_readable_by(self, server: Server) -> None:
        for tenant, seal_id in self.seals.items():
            assert await server.get(secret(tenant=tenant), seal_id) == tenant.encode()
        assert await read_signing_key(server.keks, server.store)

    def wrapped_by(self) -> set[str]:
        store = self.server.store
        rows = store.connection.execute("SELECT kek_id FROM tenant_keys UNION SELECT kek_id FROM signing_key")
        return {row[0] for row in rows}

    def values(self) -> list[tuple[Any, ...]]:
        execute = self.server.store.connection.execute
        return [*execute("SELECT * FROM sealed_values ORDER BY 1"), *execute("SELECT * FROM sealed_keys ORDER BY 1")]


async def populated(store: MemoryStore, kek_file: Path) -> Populated:
    server = Server(store, kek_file)
    seals = {}
    for tenant in TENANTS:
        await server.create_tenant(tenant)
        seals[tenant] = await server.put(secret(tenant=tenant), tenant.encode())
    await obtain_signing_key(server.keks, store, store, clock)
    return Populated(server, seals)


@pytest.fixture
async def full(store: MemoryStore, kek_file: Path) -> Populated:
    return await populated(store, kek_file)


@pytest.fixture
def new(tmp_path: Path) -> Path:
    return new_kek(tmp_path, "new.bin")


async def test_rotate_rewraps_every_key_in_one_append_and_touches_no_value(full: Populated, new: Path) -> None:
    values, old, appends = full.values(), full.server.keks.current().id, len(full.server.store.events)
    done = await full.server.rotation.rotate(new)
    assert (done.old, done.new, done.keys) == ((old,), load_kek(new).id, 4)
    assert full.wrapped_by() == {done.new}
    assert full.values() == values
    event = full.server.store.events[-1]
    assert isinstance(event, KekRotated)
    assert (event.old, event.new, event.keys, event.timestamp) == ((old,), done.new, 4, NOW)
    assert len(full.server.store.events) == appends + 1 == done.position


async def test_rotate_puts_the_new_key_in_place_and_keeps_the_old_one(
    full: Populated, kek_file: Path, new: Path
) -> None:
    done = await full.server.rotation.rotate(new)
    assert load_kek(kek_file).id == done.new
    assert done.retired == kek_file.with_name(f"kek.bin.retired-{done.old[0]}")
    assert load_kek(done.retired).id == done.old[0]
    await full.assert_readable_by(Server(full.server.store, kek_file))


async def test_server_that_was_running_keeps_serving(full: Populated, kek_file: Path, new: Path) -> None:
    warm, cold = Server(full.server.store, kek_file), Server(full.server.store, kek_file)
    await full.assert_readable_by(warm)
    cold.keks.current()
    await full.server.rotation.rotate(new)
    for server in (warm, cold):
        await full.assert_readable_by(server)
        await server.create_tenant(f"tenant-of-{id(server)}")
        await server.put(secret(tenant=f"tenant-of-{id(server)}"), b"v")
    assert full.wrapped_by() == {load_kek(new).id}


async def test_tenant_created_on_a_server_that_was_running_gets_the_new_key(
    full: Populated, kek_file: Path, new: Path
) -> None:
    running = Server(full.server.store, kek_file)
    running.keks.current()
    await full.server.rotation.rotate(new)
    await running.create_tenant("late")
    assert full.wrapped_by() == {load_kek(new).id}


async def test_database_restored_from_before_the_rotation_opens_with_the_retired_key(
    full: Populated, kek_file: Path, new: Path
) -> None:
    backup = full.server.store.connection.serialize()
    await full.server.rotation.rotate(new)
    full.server.store.connection.deserialize(backup)
    restored = Server(full.server.store, kek_file)
    await full.assert_readable_by(restored)
    done = await restored.rotation.rotate(new)
    assert (done.keys, done.retired, full.wrapped_by()) == (4, None, {done.new})


async def test_rotate_again_with_the_same_key_does_nothing(full: Populated, new: Path) -> None:
    await full.server.rotation.rotate(new)
    events = len(full.server.store.events)
    done = await full.server.rotation.rotate(new)
    assert (done.old, done.keys, done.position, done.retired) == ((), 0, None, None)
    assert len(full.server.store.events) == events


async def test_rotate_on_a_second_node_only_puts_its_file_in_place(full: Populated, tmp_path: Path, new: Path) -> None:
    node_file = made(tmp_path / "node") / "kek.bin"
    kek_file.write_kek_file(node_file, full.server.keks.current().view())
    node = Server(full.server.store, node_file)
    await node.rotation.stage(new)
    await full.server.rotation.rotate(new)
    await full.assert_readable_by(node)
    done = await node.rotation.rotate(new)
    assert (done.keys, done.position) == (0, None)
    assert done.retired is not None
    await full.assert_readable_by(Server(full.server.store, node_file))


async def test_rotate_with_an_altered_key_writes_nothing(full: Populated, kek_file: Path, new: Path) -> None:
    full.server.store.change("UPDATE tenant_keys SET wrapped = zeroblob(60) WHERE tenant = 'other'")
    before, events = full.wrapped_by(), len(full.server.store.events)
    with pytest.raises(LogBroken, match="nothing was rewrapped"):
        await full.server.rotation.rotate(new)
    assert (full.wrapped_by(), len(full.server.store.events)) == (before, events)
    assert load_kek(kek_file).id in before


async def test_rotate_without_the_old_key_writes_nothing(
    full: Populated, kek_file: Path, new: Path, tmp_path: Path
) -> None:
    before = full.wrapped_by()
    new_kek(tmp_path, "wrong.bin").replace(kek_file)
    with pytest.raises(KeyUnavailable, match="is wanted"):
        await Server(full.server.store, kek_file).rotation.rotate(new)
    assert full.wrapped_by() == before


async def test_tenant_created_meanwhile_is_rewrapped_too(full: Populated, kek_file: Path, new: Path) -> None:
    statements = await Server(full.server.store, kek_file).sealer.create_tenant_key("late")

    def race() -> None:
        full.server.store.after_commit = lambda: None
        for sql, parameters in statements:
            full.server.store.connection.execute(sql, parameters)

    full.server.store.after_commit = race
    done = await full.server.rotation.rotate(new)
    assert done.keys == 5
    assert full.wrapped_by() == {done.new}


async def test_database_that_ignores_the_rewrapping_leaves_the_file_alone(
    full: Populated, kek_file: Path, new: Path
) -> None:
    """Row-level security that hides a row from an UPDATE raises nothing; the file must not change then."""
    full.server.store.connection.execute(
        "CREATE TRIGGER deaf BEFORE UPDATE ON tenant_keys BEGIN SELECT RAISE(IGNORE); END"
    )
    with pytest.raises(Conflict, match="the KEK file was left as it was"):
        await full.server.rotation.rotate(new)
    assert load_kek(kek_file).id == full.server.keks.current().id != load_kek(new).id
    await full.assert_readable_by(Server(full.server.store, kek_file))


async def test_status_counts_keys_by_kek_and_names_the_files(full: Populated, kek_file: Path, new: Path) -> None:
    before = await full.server.rotation.status()
    held = load_kek(kek_file).id
    assert (before.file, before.holds, before.problem) == (kek_file, held, None)
    assert (before.tenant_keys, before.signing_keys) == ({held: 3}, {held: 1})
    assert (before.staged, before.retired, before.missing) == ([], [], [])
    staged = await full.server.rotation.stage(new)
    assert (await full.server.rotation.status()).staged == [staged]
    await full.server.rotation.rotate(new)
    after = await full.server.rotation.status()
    assert (after.holds, after.tenant_keys, after.retired, after.missing) == (staged, {staged: 3}, [held], [])


async def test_status_reports_a_missing_key_instead_of_failing(full: Populated, kek_file: Path, tmp_path: Path) -> None:
    (wanted,) = full.wrapped_by()
    new_kek(tmp_path, "wrong.bin").replace(kek_file)
    found = await Server(full.server.store, kek_file).rotation.status()
    assert found.missing == [wanted]


async def test_status_reports_an_unusable_file_instead_of_failing(
    full: Populated, kek_file: Path, tmp_path: Path
) -> None:
    open_to_all(kek_file)
    found = await Server(full.server.store, kek_file).rotation.status()
    assert found.holds is None
    assert found.problem is not None
    assert "chmod 600" in found.problem
    assert (await Server(full.server.store, tmp_path / "absent" / "kek.bin").rotation.status()).problem is not None


def open_to_all(path: Path) -> None:
    path.chmod(0o644)


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


class Died(BaseException):
    """The process ends here: nothing that it would have done afterwards happens."""


def die(*arguments: Any) -> None:
    raise Died


class DyingProcess:
    """Ends the process at its n-th step: before or after any change of a file or of the store."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, store: MemoryStore, steps: int) -> None:
        self.steps_left = steps
        self.dead = False
        for owner, name in ((os, "link"), (os, "write"), (os, "fsync"), (Path, "replace"), (Path, "unlink")):
            monkeypatch.setattr(owner, name, self._counted(getattr(owner, name)))
        monkeypatch.setattr(kek_folder, "sync_folder", self._counted(kek_file.sync_folder))
        store.before_commit = store.after_commit = self._step

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(*arguments: Any, **options: Any) -> Any:
            self._step()
            answer = call(*arguments, **options)
            self._step()
            return answer

        return counted

    def _step(self) -> None:
        self.steps_left -= 1
        if self.dead or self.steps_left < 0:
            self.dead = True
            raise Died


async def assert_survives_death_at(step: int, folder: Path) -> bool:
    """One rotation ended at `step`; returns whether it got that far."""
    full = await populated(MemoryStore(), new_kek(made(folder)))
    store, path, new = full.server.store, folder / "kek.bin", new_kek(folder, "new.bin")
    running = Server(store, path)
    running.keks.current()
    with pytest.MonkeyPatch.context() as monkeypatch:
        process = DyingProcess(monkeypatch, store, step)
        with suppress(Died):
            await Server(store, path).rotation.rotate(new)
    store.before_commit = store.after_commit = lambda: None
    await full.assert_readable_by(running)
    await full.assert_readable_by(Server(store, path))
    await Server(store, path).rotation.rotate(new)
    await assert_complete(full, path, new)
    return process.dead


async def assert_complete(full: Populated, path: Path, new: Path) -> None:
    after = Server(full.server.store, path)
    await full.assert_readable_by(after)
    status = await after.rotation.status()
    assert full.wrapped_by() == {status.holds} == {load_kek(new).id}
    assert (status.staged, status.missing, len(status.retired)) == ([], [], 1)
    assert sum(isinstance(event, KekRotated) for event in full.server.store.events) == 1


async def test_process_that_dies_at_any_step_loses_no_key_and_a_second_run_completes_it(tmp_path: Path) -> None:
    step = 0
    while await assert_survives_death_at(step, tmp_path / str(step)):
        step += 1
    assert step > 20


async def test_rotation_interrupted_after_its_commit_can_be_continued_with_yet_another_key(
    full: Populated, kek_file: Path, new: Path, tmp_path: Path
) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(KekFolder, "install", die)
        with pytest.raises(Died):
            await full.server.rotation.rotate(new)
    interrupted = load_kek(new).id
    third = new_kek(tmp_path, "third.bin")
    done = await Server(full.server.store, kek_file).rotation.rotate(third)
    assert done.old == (interrupted,)
    status = await full.server.rotation.status()
    assert (status.holds, status.staged, len(status.retired)) == (load_kek(third).id, [], 2)
    await full.assert_readable_by(Server(full.server.store, kek_file))
