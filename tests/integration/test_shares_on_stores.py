"""Shares on each kind of store: tables and keys are what the log says, for two nodes as for one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
from domain.commands.redeeming import Redemption
from domain.commands.sharing import NewShare, ShareMeta
from domain.commands.tenants import operator
from domain.errors import Conflict, Gone, PassphraseWrong
from domain.plaintext import Plaintext
from domain.share import STATES, Visitor
from domain.views import Work

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


class Sharer:
    """Somebody of one tenant."""

    def __init__(self, runtime: Runtime, call: Call) -> None:
        self.runtime = runtime
        self.call = call

    async def share(
        self, value: str = "s3cret", *, passphrase: str | None = None, ttl: int | None = None, views: int = 1
    ) -> ShareMeta:
        wanted = NewShare(
            value=plaintext(value), passphrase=plaintext(passphrase) if passphrase else None, ttl_seconds=ttl,
            max_views=views,
        )  # fmt: skip
        return (await self.runtime.sharing.shares.create(self.call, wanted)).result

    async def work(self, share: ShareMeta) -> Work:
        """What is due about the share."""
        work = await self.runtime.views.due_work.of(self.call.tenant, "share.expire", share.id)
        assert work
        return work


def plaintext(text: str) -> Plaintext:
    return Plaintext(bytearray(text.encode()))


async def redeemed(runtime: Runtime, share: ShareMeta, passphrase: str | None = None) -> int:
    """How often it may still be given, after the value was as it should be."""
    assert isinstance(share.token, str)
    asked = Redemption(
        token=share.token, passphrase=plaintext(passphrase) if passphrase else None, visitor=Visitor("192.0.2.7", ""),
        request_id="r2",
    )  # fmt: skip
    got = (await runtime.sharing.redeeming.redeem(asked)).result
    with got.value as value:
        assert value == plaintext("s3cret")
    return got.views_left


@asynccontextmanager
async def sharing(settings: Settings) -> AsyncIterator[Sharer]:
    async with open_runtime(settings) as runtime:
        tenant = (await runtime.tenants.create("acme", "Acme", "r0")).result.tenant
        yield Sharer(runtime, operator(tenant, "r1"))


@asynccontextmanager
async def lived(settings: Settings) -> AsyncIterator[Sharer]:
    """A store in which shares have come to every end there is, and some to none."""
    async with sharing(settings) as sharer:
        runtime = sharer.runtime
        await redeemed(runtime, await sharer.share())
        await redeemed(runtime, await sharer.share(views=3))
        expiring = await sharer.share(ttl=1)
        guarded = await sharer.share(passphrase="right", views=2)
        assert await redeemed(runtime, guarded, "right") == 1
        for _ in range(5):
            with pytest.raises(PassphraseWrong):
                await redeemed(runtime, guarded, "wrong")
        await runtime.sharing.shares.revoke(sharer.call, (await sharer.share()).id)
        await asyncio.sleep(1)
        await runtime.sharing.shares.expire(await sharer.work(expiring))
        yield sharer


async def verified(settings: Settings, runtime: Runtime) -> list[str]:
    """What a verification of the whole log finds."""
    follower = Follower(runtime.views.audit, runtime.store.reader, runtime.committer)
    report = await LogAuditing(settings, runtime.store.reader, None, follower).verify()
    return [str(finding) for finding in report["findings"]]


async def damage(runtime: Runtime, sql: str) -> None:
    with runtime.store.log.transaction() as transaction:
        transaction.execute([(sql, ())])


async def test_every_end_is_lived_and_told(settings: Settings) -> None:
    async with lived(settings) as sharer:
        items = await sharer.runtime.sharing.shares.page(sharer.call, None, None, "", 10)
        assert {item.state for item in items} == {*STATES}
        for state in STATES:
            (item,) = await sharer.runtime.sharing.shares.page(sharer.call, None, state, "", 10)
            assert item.state == state


async def test_tables_are_what_the_log_says(settings: Settings) -> None:
    async with lived(settings) as sharer, rebuilding(sharer.runtime) as replay:
        found = await compared(sharer.runtime, replay, lambda _: None)
        assert (found.different, found.differences) == (0, [])
        assert (found.rows["shares"], found.rows["share_views"], found.rows["due_work"]) == (5, 3, 1)


async def test_log_verifies_and_misses_no_key_that_a_share_gave_up(settings: Settings) -> None:
    async with lived(settings) as sharer:
        assert await verified(settings, sharer.runtime) == []
        keys = await sharer.runtime.store.reader.system_rows("SELECT count(*) FROM sealed_keys")
        assert keys[0][0] == 1  # of the one share that is open


@pytest.mark.parametrize(
    "damaging",
    ["DELETE FROM sealed_keys", "DELETE FROM sealed_values WHERE seal_id IN (SELECT seal_id FROM sealed_keys)"],
)
async def test_log_misses_the_value_or_key_of_an_open_share(settings: Settings, damaging: str) -> None:
    async with lived(settings) as sharer:
        await damage(sharer.runtime, damaging)
        assert len(await verified(settings, sharer.runtime)) == 1


async def test_log_notices_a_key_that_is_there_again(settings: Settings) -> None:
    async with sharing(settings) as sharer:
        share = await sharer.share()
        ((seal_id, tenant, key_id, wrapped),) = await sharer.runtime.store.reader.system_rows(
            "SELECT seal_id, tenant, key_id, wrapped FROM sealed_keys"
        )
        await redeemed(sharer.runtime, share)
        assert await verified(settings, sharer.runtime) == []
        with sharer.runtime.store.log.transaction() as transaction:
            row = (seal_id, tenant, key_id, bytes(wrapped))
            transaction.execute(
                [("INSERT INTO sealed_keys (seal_id, tenant, key_id, wrapped) VALUES (?, ?, ?, ?)", row)]
            )
        assert len(await verified(settings, sharer.runtime)) == 1


async def outcome(runtime: Runtime, share: ShareMeta, passphrase: str | None = None) -> int | str:
    try:
        return await redeemed(runtime, share, passphrase)
    except Gone:
        return "gone"
    except PassphraseWrong:
        return "wrong"


@pytest.mark.parametrize("views", [1, 25])
async def test_two_nodes_give_exactly_as_many_views(settings: Settings, views: int) -> None:
    async with sharing(settings) as sharer, open_runtime(settings) as other:
        share = await sharer.share(views=views)
        nodes = (sharer.runtime, other)
        outcomes = await asyncio.gather(*(outcome(nodes[number % 2], share) for number in range(120)))
        assert sorted(each for each in outcomes if isinstance(each, int)) == list(range(views))
        assert {each for each in outcomes if not isinstance(each, int)} == {"gone"}


async def test_two_nodes_allow_no_more_wrong_passphrases_than_one(settings: Settings) -> None:
    async with sharing(settings) as sharer, open_runtime(settings) as other:
        share = await sharer.share(passphrase="right")
        nodes = (sharer.runtime, other)
        guesses = [outcome(nodes[number % 2], share, f"guess {number}") for number in range(16)]
        outcomes = await asyncio.gather(*guesses)
        assert (outcomes.count("wrong"), outcomes.count("gone")) == (5, 11)


async def test_of_two_nodes_that_end_a_share_one_does(settings: Settings) -> None:
    async with sharing(settings) as sharer, open_runtime(settings) as other:
        share = await sharer.share(ttl=1)
        await asyncio.sleep(1)
        work = await sharer.work(share)
        ends = (node.sharing.shares.expire(work) for node in (sharer.runtime, other))
        outcomes = await asyncio.gather(*ends, return_exceptions=True)
        assert [outcome for outcome in outcomes if not isinstance(outcome, Conflict)] == [None]
