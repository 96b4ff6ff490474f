"""Rebuilding read models from the log: on both stores, by the operator's command and by what it calls."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from adapters.kek_file import create_kek_file
from adapters.postgres.migrations import migrate
from cli.server.compose import Runtime, open_runtime
from cli.server.config import Settings, load
from cli.server.replaying import Replayed, compared, position_of, rebuilding, repaired
from cli.server.stores import unread_views
from domain.call import Call
from domain.commands.tenants import operator
from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.results import NewValue
from tests.e2e.server import trstctl

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


@asynccontextmanager
async def lived(settings: Settings) -> AsyncIterator[Runtime]:
    """A store in which every kind of event about secrets, tokens and tenants has happened."""
    async with open_runtime(settings) as runtime:
        tenant = (await runtime.tenants.create("acme", "Acme", "r0")).result.tenant
        call = operator(tenant, "r1")
        token = (await runtime.tokens.issue(call, "ci", ["role:editor"])).result
        await runtime.token_ends.revoke(call, token.id, "over")
        for path, text in (("app/user", "ada"), ("app/dsn", "pg://${secret.app/user}@db"), ("gone", "x")):
            await runtime.secrets.create(call, path, value(text))
        await runtime.secrets.rotate(call, "app/user", value("grace"))
        await runtime.secrets.recover(call, "app/user", datetime.now(UTC))
        await runtime.secrets.delete(call, "app/dsn")
        await runtime.secrets.undelete(call, "app/dsn")
        await runtime.secrets.destroy(call, "gone", None)
        (await runtime.reads.get(call, "app/user")).result.value.wipe()
        yield runtime


def value(text: str) -> NewValue:
    return NewValue(Plaintext(bytearray(text.encode())))


async def look(runtime: Runtime) -> Replayed:
    async with rebuilding(runtime) as replay:
        return await compared(runtime, replay, lambda _: None)


async def damage(runtime: Runtime, sql: str) -> None:
    with runtime.store.log.transaction() as transaction:
        transaction.execute([(sql, ())])


async def test_read_models_are_what_the_log_says(settings: Settings) -> None:
    async with lived(settings) as runtime:
        found = await look(runtime)
        assert (found.different, found.differences) == (0, [])
        assert found.rows["secrets"] == 3
        assert found.rows["secret_versions"] == 5
        assert found.rows["api_tokens"] == 1


@pytest.mark.parametrize(
    "damaging, told",
    [
        ("UPDATE secret_versions SET cause = 'import' WHERE number = 2", "secret_versions:"),
        ("DELETE FROM secrets WHERE path = 'gone'", "secrets: missing"),
        ("DELETE FROM version_ends", "version_ends: missing"),
        ("INSERT INTO secret_references VALUES ('t', 'a', 'b', 0)", "secret_references: not from the log"),
        ("UPDATE api_tokens SET revoked_at = NULL", "api_tokens:"),
    ],
)
async def test_a_row_that_was_changed_is_found_and_put_right(settings: Settings, damaging: str, told: str) -> None:
    async with lived(settings) as runtime:
        await damage(runtime, damaging)
        found = await look(runtime)
        assert found.different >= 1
        assert any(each.startswith(told) for each in found.differences)
        async with rebuilding(runtime) as replay:
            assert (await repaired(runtime, replay, lambda _: None)).different == found.different
        assert (await look(runtime)).different == 0


async def test_a_repaired_store_serves_and_grows_on(settings: Settings) -> None:
    async with lived(settings) as runtime:
        await damage(runtime, "DELETE FROM secret_versions")
        async with rebuilding(runtime) as replay:
            await repaired(runtime, replay, lambda _: None)
        (tenant,) = [row.tenant for row in await runtime.views.tenants.all()]
        call: Call = operator(tenant, "r2")
        with (await runtime.reads.get(call, "app/user")).result.value as shown:
            assert bytes(shown.buffer) == b"grace"
        assert (await runtime.secrets.rotate(call, "app/user", value("later"))).result.version == 4
        assert (await look(runtime)).different == 0


async def test_the_past_is_rebuilt_up_to_a_position_or_a_time(settings: Settings) -> None:
    async with lived(settings) as runtime:
        async with rebuilding(runtime) as replay:
            await replay.rebuild(await position_of(runtime, "5"))
            rows = {table.name: await replay.count(table) for table in await replay.tables()}
        assert rows["api_tokens"] == 1
        assert rows["secret_versions"] == 1
        assert await position_of(runtime, "1970-01-01T00:00:00Z") == 0
        assert await position_of(runtime, "2999-01-01T00:00:00Z") == await position_of(runtime, None)
        for wrong in ("yesterday", "2026-06-25T12:00:00", "-1"):
            with pytest.raises(Invalid):
                await position_of(runtime, wrong)


def left_over(settings: Settings) -> list[Path]:
    return list(Path(settings.data_dir).glob("replay-*"))


async def test_the_scratch_store_is_removed(settings: Settings) -> None:
    async with lived(settings) as runtime:
        await look(runtime)
    assert left_over(settings) == []


async def test_the_command_tells_by_its_exit_status(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    create_kek_file(folder / "kek")
    async with lived(load(environment={}, data_dir=str(folder))) as runtime:
        await damage(runtime, "DELETE FROM secrets WHERE path = 'gone'")
    here = ("--data-dir", folder)
    broken = trstctl("replay", "-o", "json", *here)
    assert (broken.returncode, msgspec.json.decode(broken.stdout)["different"]) == (1, 1)
    assert trstctl("replay", "--repair", *here).returncode == 0
    whole = trstctl("replay", *here)
    assert whole.returncode == 0, whole.stderr
    assert "the read models are what the log says" in whole.stdout
    assert trstctl("replay", "--to", "soon", *here).returncode == 2
