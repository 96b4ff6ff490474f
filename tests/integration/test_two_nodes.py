"""Two nodes on one database: the chain stays one, whatever happens to either."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.log.batch import Batch
from adapters.log.committer import Committer
from adapters.log.linking import Draft, chained
from adapters.postgres import log as postgres_log
from domain.errors import StoreUnavailable, VersionConflict
from tests.stores import PostgresStore, append, chain_of, deletion, every_projection, read_event, reading

pytestmark = pytest.mark.anyio


@pytest.fixture
def store(postgres_dsn: str) -> Iterator[PostgresStore]:
    opened = PostgresStore(postgres_dsn)
    yield opened
    opened.close()


@pytest.fixture
def committers(store: PostgresStore) -> Iterator[list[Committer]]:
    opened = [Committer(Batch(store.log(), every_projection(), node)) for node in ("one", "two")]
    yield opened
    for committer in opened:
        committer.close()


async def test_two_committers_make_one_chain(store: PostgresStore, committers: list[Committer]) -> None:
    positions = await asyncio.gather(*(committers[n % 2].append(read_event(f"t{n % 3}")) for n in range(1000)))
    assert sorted(positions) == list(range(1, 1001))
    assert len(chain_of(store)) == 1000


async def test_of_two_nodes_that_take_one_version_exactly_one_wins(
    store: PostgresStore, committers: list[Committer]
) -> None:
    streams = [uuid4() for _ in range(100)]
    outcomes = await asyncio.gather(
        *(committer.append(append(deletion(stream))) for stream in streams for committer in committers),
        return_exceptions=True,
    )
    for one, two in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert {type(one), type(two)} == {int, VersionConflict}
    assert len(chain_of(store)) == 100


async def test_what_one_node_acknowledged_the_other_reads_at_once(
    store: PostgresStore, committers: list[Committer]
) -> None:
    async with reading(store) as reader:
        for number in range(50):
            position = await committers[number % 2].append(read_event())
            assert await reader.row("t1", "SELECT max(position) FROM events") == (position,)


def test_a_node_that_stands_still_gives_way_and_writes_nothing(
    store: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_log, "_SETTINGS", "SET idle_in_transaction_session_timeout = '200ms'")
    frozen, other = store.log(), Batch(store.log(), (), "other")

    def stand_still() -> None:
        with frozen.transaction() as transaction:
            transaction.insert_links(chained(transaction.head(), [Draft("s", 1, "t", "t1", "time", "", "", b"{}")]))
            transaction.rows("SELECT 1")
            assert other.write([read_event()])[0] == [1]

    with pytest.raises(StoreUnavailable):
        stand_still()
    assert len(chain_of(store)) == 1


def test_a_node_that_says_so_may_stand_still(store: PostgresStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres_log, "_SETTINGS", "SET idle_in_transaction_session_timeout = '50ms'")
    with store.log().transaction() as transaction:
        transaction.hold()
        time.sleep(0.2)
        assert transaction.rows("SELECT 1") == [(1,)]


def test_nodes_killed_under_load_lose_nothing_acknowledged(store: PostgresStore, tmp_path: Path, root: Path) -> None:
    outputs = [tmp_path / "one", tmp_path / "two"]
    nodes = [_node(store.dsn, output, root) for output in outputs]
    try:
        for node, output in zip(nodes, outputs, strict=True):
            _wait_for(output, 200)
            node.kill()
    finally:
        for node in nodes:
            node.kill()
            node.wait()
    # The last line may be cut off.
    acknowledged = [int(line) for output in outputs for line in output.read_text().split("\n")[:-1]]
    assert len(acknowledged) >= 400
    assert len(set(acknowledged)) == len(acknowledged)
    assert Batch(store.log(), (), "third").write([read_event()])[0][0]
    assert set(acknowledged) < {row[0] for row in chain_of(store)}


def _node(dsn: str, output: Path, root: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        return subprocess.Popen([sys.executable, "-m", "tests.log_writer", dsn, output.name], stdout=file, cwd=root)


def _wait_for(output: Path, lines: int) -> None:
    deadline = time.monotonic() + 30
    while output.read_bytes().count(b"\n") < lines:
        assert time.monotonic() < deadline
        time.sleep(0.02)
