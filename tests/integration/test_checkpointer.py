"""Checkpoints as a running system signs them."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from adapters.checkpoint_files import CheckpointFolder
from adapters.checkpointer import Checkpointer
from adapters.crypto import ed25519_verify
from adapters.kek_file import create_kek_file
from adapters.signing_key import obtain_signing_key
from cli.server.compose import Runtime, now, open_runtime
from cli.server.config import load
from domain.checkpoint import parsed_checkpoint
from domain.errors import LogBroken
from domain.signed_note import signed_by

pytestmark = pytest.mark.anyio


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "data"
    made.mkdir(mode=0o700)
    create_kek_file(made / "kek")
    return made


async def checkpointer(runtime: Runtime, every: int = 1000) -> Checkpointer:
    key = await obtain_signing_key(runtime.keks, runtime.store.reader, runtime.committer, now)
    notes = CheckpointFolder(Path(runtime.settings.data_dir) / "checkpoints")
    return Checkpointer(runtime.store.reader, notes, key, "test.example/log", every)


async def lived(folder: Path, *, tenants: int = 1) -> str | None:
    """A run of the system in which tenants are created; what its checkpointer found broken at the start."""
    async with open_runtime(load(environment={}, data_dir=str(folder))) as runtime:
        signs = await checkpointer(runtime)
        await signs.begin()
        for number in range(tenants):
            await runtime.tenants.create(f"t{number}-{len(await runtime.views.tenants.all())}", "T", "r")
        await signs.sign_if_grown()
        return signs.broken


async def test_a_note_states_the_head_and_verifies_with_the_key_beside_it(folder: Path) -> None:
    async with open_runtime(load(environment={}, data_dir=str(folder))) as runtime:
        signs = await checkpointer(runtime)
        note = parsed_checkpoint(await signs.sign())
        (head,) = await runtime.store.reader.system_rows("SELECT hash FROM events ORDER BY position DESC LIMIT 1")
        assert (note.checkpoint.size, note.checkpoint.head) == (1, head[0])
        key = signs.folder.key()
        assert key
        assert signed_by(note.note, key, ed25519_verify)


async def test_a_log_that_did_not_grow_is_not_signed_again(folder: Path) -> None:
    assert await lived(folder, tenants=3) is None
    before = sorted(each.name for each in (folder / "checkpoints").iterdir())
    assert await lived(folder, tenants=0) is None
    assert sorted(each.name for each in (folder / "checkpoints").iterdir()) == before


async def test_so_many_events_call_for_a_checkpoint(folder: Path) -> None:
    async with open_runtime(load(environment={}, data_dir=str(folder))) as runtime:
        signs = await checkpointer(runtime, every=5)
        runtime.committer.observe(signs.committed)
        await runtime.tenants.create("four", "4", "r")
        await asyncio.sleep(0.1)
        assert signs.folder.held() == []
        for number in range(4):
            await runtime.tenants.create(f"t{number}", "T", "r")
        await asyncio.sleep(0.1)
        assert [parsed_checkpoint(held.note).checkpoint.size for held in signs.folder.held()] in ([5], [6])


async def test_a_store_that_was_rolled_back_is_not_signed_on(folder: Path, tmp_path: Path) -> None:
    await lived(folder)
    shutil.copy(folder / "trstctl.db", tmp_path / "older.db")
    await lived(folder)
    shutil.copy(tmp_path / "older.db", folder / "trstctl.db")
    before = sorted(each.name for each in (folder / "checkpoints").iterdir())
    broken = await lived(folder, tenants=5)
    assert broken
    assert "rolled back" in broken
    assert sorted(each.name for each in (folder / "checkpoints").iterdir()) == before, "the proof must stay as it is"


async def test_a_broken_log_refuses_to_be_signed_on_demand(folder: Path) -> None:
    async with open_runtime(load(environment={}, data_dir=str(folder))) as runtime:
        signs = await checkpointer(runtime)
        signs.broken = "the log is another one"
        with pytest.raises(LogBroken, match="another one"):
            await signs.sign()
