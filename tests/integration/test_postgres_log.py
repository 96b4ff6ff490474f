"""The log on PostgreSQL when the connection, or the whole server, goes away."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import psycopg
import pytest

from adapters.log.batch import Batch
from adapters.log.committer import Committer
from adapters.log.linking import Draft, chained
from adapters.postgres import log as postgres_log
from adapters.postgres.log import PostgresLogStore
from domain.errors import Misconfigured, OutcomeUnknown, StoreUnavailable
from tests.lossy_proxy import LossyProxy, lossy_proxy
from tests.postgres_server import PostgresServer
from tests.stores import PostgresStore, append, chain_of, deletion, read_event, reading

pytestmark = pytest.mark.anyio

SEAL = "INSERT INTO sealed_values (seal_id, tenant, sealed) VALUES (?, ?, ?)"


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[PostgresStore]:
    opened = PostgresStore(postgres_dsn)
    yield opened
    opened.close()


@pytest.fixture
def proxy(postgres_server: PostgresServer) -> Iterator[LossyProxy]:
    with lossy_proxy(postgres_server.port) as opened:
        yield opened


def through(proxy: LossyProxy, server: PostgresServer, dsn: str) -> str:
    return dsn.replace(f":{server.port}/", f":{proxy.port}/")


def test_a_connection_lost_amid_a_transaction_leaves_nothing_and_is_made_anew(store: PostgresStore) -> None:
    log = store.log()

    def interrupted() -> None:
        with log.transaction() as transaction:
            transaction.execute([(SEAL, ("seal", "t1", b""))])
            transaction.rows("SELECT 1")
            assert store.cut() == 1
            transaction.rows("SELECT 1")

    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        interrupted()
    assert store.rows("SELECT count(*) FROM sealed_values") == [(0,)]
    assert Batch(log, (), "node").write([read_event()])[0] == [1]


def test_a_connection_lost_while_idle_fails_no_command(store: PostgresStore) -> None:
    writing = Batch(store.log(), (), "node")
    writing.write([read_event()])
    store.cut()
    assert writing.write([read_event()])[0] == [2]
    assert len(chain_of(store)) == 2


async def test_connections_lost_under_load_lose_nothing_acknowledged(store: PostgresStore) -> None:
    committer = Committer(Batch(store.log(), (), "node"))
    try:
        appends = [asyncio.create_task(committer.append(read_event())) for _ in range(2000)]
        for _ in range(5):
            await asyncio.sleep(0.02)
            await asyncio.to_thread(store.cut)
        outcomes = await asyncio.gather(*appends, return_exceptions=True)
    finally:
        await asyncio.to_thread(committer.close)
    written = [outcome for outcome in outcomes if isinstance(outcome, int)]
    assert all(isinstance(outcome, int | StoreUnavailable) for outcome in outcomes)
    assert sorted(written) == [row[0] for row in chain_of(store)]


def test_a_commit_whose_answer_was_lost_counts_as_committed(
    store: PostgresStore, proxy: LossyProxy, postgres_server: PostgresServer
) -> None:
    writing = Batch(store.log(through(proxy, postgres_server, store.dsn)), (), "node")
    assert writing.write([read_event()])[0] == [1]
    proxy.lose_commits = 1
    outcomes, head = writing.write([read_event(), append(deletion())])
    assert outcomes == [2, 3]
    assert writing.write([read_event()])[0] == [4]
    rows = chain_of(store)
    assert len(rows) == 4
    assert rows[2][-1] == head.hash


def test_a_commit_that_did_not_arrive_counts_as_not_committed(store: PostgresStore) -> None:
    log = store.log()
    writing = Batch(log, (), "node")
    writing.write([read_event()])

    def cut_before_commit() -> None:
        with log.transaction() as transaction:
            transaction.insert_links(chained(transaction.head(), [Draft("s", 1, "t", "t1", "time", "", "", b"{}")]))
            store.cut()

    with pytest.raises(StoreUnavailable) as refusal:
        cut_before_commit()
    assert not isinstance(refusal.value, OutcomeUnknown)
    assert len(chain_of(store)) == 1


async def test_where_the_outcome_cannot_be_found_out_nothing_is_tried_again(
    store: PostgresStore, proxy: LossyProxy, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_log, "_RESOLVE_SECONDS", 0.3)
    committer = Committer(Batch(store.log(through(proxy, postgres_server, store.dsn)), (), "node"))
    try:
        await committer.append(read_event())
        proxy.lose_commits, proxy.closed = 1, True
        outcomes = await asyncio.gather(*(committer.append(read_event()) for _ in range(3)), return_exceptions=True)
    finally:
        await asyncio.to_thread(committer.close)
    unknown = [outcome for outcome in outcomes if isinstance(outcome, OutcomeUnknown)]
    assert unknown
    assert all(isinstance(outcome, StoreUnavailable) for outcome in outcomes)
    # What is not known to be written is there once at the most.
    assert len(chain_of(store)) == 1 + len(unknown)


def test_an_unreachable_server_refuses_at_once_for_a_moment(
    store: PostgresStore, proxy: LossyProxy, postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    dsn = through(proxy, postgres_server, store.dsn)
    password = psycopg.conninfo.conninfo_to_dict(dsn)["password"]
    log = store.log(dsn)
    writing = Batch(log, (), "node")
    proxy.closed = True
    with pytest.raises(StoreUnavailable, match="cannot be reached") as refusal:
        writing.write([read_event()])
    assert str(password) not in str(refusal.value)
    proxy.closed = False
    with pytest.raises(StoreUnavailable, match="a moment ago"):
        writing.write([read_event()])
    monkeypatch.setattr(log, "_refused_until", 0.0)
    assert writing.write([read_event()])[0] == [1]


def test_a_stricter_default_isolation_does_not_make_the_head_old(store: PostgresStore) -> None:
    database = store.dsn.rpartition("/")[2]
    store.change(f"ALTER DATABASE {database} SET default_transaction_isolation = 'serializable'")
    one, two = (Batch(store.log(), (), name) for name in ("one", "two"))
    for _ in range(3):
        one.write([read_event()])
        two.write([read_event()])
    assert len(chain_of(store)) == 6


def test_acknowledged_means_durable_whatever_the_servers_default(store: PostgresStore) -> None:
    store.change(f"ALTER DATABASE {store.dsn.rpartition('/')[2]} SET synchronous_commit = off")
    with store.log().transaction() as transaction:
        assert transaction.rows("SHOW synchronous_commit") == [("on",)]


async def test_reads_go_on_after_every_connection_was_lost(store: PostgresStore) -> None:
    async with reading(store) as reader:
        await asyncio.gather(*(reader.rows("t1", "SELECT pg_sleep(0.01)") for _ in range(8)))
        assert store.cut() >= 1
        rows = await asyncio.gather(*(reader.row("t1", "SELECT count(*) FROM events") for _ in range(8)))
        assert rows == [(0,)] * 8
        assert list(await reader.system_rows("SELECT 1")) == [(1,)]


async def test_reads_given_up_halfway_disturb_no_other(store: PostgresStore) -> None:
    async with reading(store) as reader:
        for round_ in range(30):
            tasks = [
                asyncio.create_task(reader.rows(f"t{n}", "SELECT current_setting('trstctl.tenant')")) for n in range(8)
            ]
            await asyncio.sleep(0.0005 * (round_ % 6))
            for task in tasks[::2]:
                task.cancel()
            outcomes = await asyncio.gather(*tasks, return_exceptions=True)
            assert list(outcomes[1::2]) == [[(f"t{n}",)] for n in range(1, 8, 2)]


async def test_an_unreachable_server_makes_reads_unavailable(
    proxy: LossyProxy, monkeypatch: pytest.MonkeyPatch, store: PostgresStore, postgres_server: PostgresServer
) -> None:
    monkeypatch.setattr("adapters.postgres.pool._WAIT_SECONDS", 0.2)
    proxy.closed = True
    unreachable = PostgresStore.__new__(PostgresStore)
    unreachable.dsn = through(proxy, postgres_server, store.dsn)
    async with reading(unreachable) as reader:
        with pytest.raises(StoreUnavailable):
            await reader.rows("t1", "SELECT 1")
        with pytest.raises(StoreUnavailable):
            assert [row async for row in reader.stream("t1", "SELECT 1")]


@pytest.mark.parametrize("dsn", ["postgresql://user:hunter2@[", "user:hunter2@host"])
def test_a_malformed_address_is_refused_without_repeating_its_password(dsn: str) -> None:
    with pytest.raises(Misconfigured) as refusal, PostgresLogStore(dsn).transaction():
        pass
    assert "hunter2" not in str(refusal.value)
