"""What every store of the log does: one chain, whole commands, refusals that hit nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import uuid4

import pytest

from adapters.log.batch import Batch
from adapters.log.committer import Committer
from adapters.log.linking import Draft, Head, chained
from domain.errors import AlreadyReplied, StoreUnavailable, VersionConflict
from domain.event import Event
from domain.instants import instant
from domain.ports import Append, Record, ReplyKey, Statement
from tests.stores import Store, append, chain_of, deletion, every_projection, read_event

pytestmark = pytest.mark.anyio

KEEP = "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)"
SEAL = "INSERT INTO sealed_values (seal_id, tenant, sealed) VALUES (?, ?, ?)"


class Faulty:
    """A read model that cannot cope with one path."""

    name: ClassVar[str] = "faulty"
    tables: ClassVar[tuple[str, ...]] = ()
    concerns: ClassVar[tuple[type[Event], ...]] = (Event,)
    ddl: ClassVar[tuple[str, ...]] = ()

    def __init__(self, statement: Statement | None) -> None:
        self.statement = statement

    def apply(self, record: Record) -> Iterable[Statement]:
        if getattr(record.event, "path", "") != "faulty":
            return []
        if self.statement is None:
            raise RuntimeError("a mistake in a read model")
        return [self.statement]


def batch(store: Store) -> Batch:
    return Batch(store.log(), every_projection(), "node")


def test_positions_are_gapless_and_links_are_those_of_the_definition(store: Store) -> None:
    writing, stream = batch(store), uuid4()
    writing.write([read_event(), append(deletion(stream), deletion(stream, 2))])
    writing.write([append(deletion(stream, 2)), read_event()])
    outcomes, head = writing.write([read_event(), read_event()])
    assert outcomes == [5, 6]
    rows = chain_of(store)
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert head == Head(6, bytes(rows[-1][-1]))


def test_a_fresh_log_has_the_genesis_head(store: Store) -> None:
    with store.log().transaction() as transaction:
        assert transaction.head() == Head()


def test_a_version_conflict_fails_only_its_command(store: Store) -> None:
    stream = uuid4()
    outcomes, _ = batch(store).write(
        [append(deletion(stream)), append(deletion(stream)), read_event(), append(deletion(stream, 2))]
    )
    assert [outcome if isinstance(outcome, int) else type(outcome) for outcome in outcomes] == [
        1,
        VersionConflict,
        2,
        3,
    ]
    assert len(chain_of(store)) == 3


def test_a_refused_command_writes_none_of_its_events_or_statements(store: Store) -> None:
    stream = uuid4()
    refused = append(deletion(), deletion(stream, 7), statements=[(SEAL, ("seal", "t1", b"sealed"))])
    outcomes, head = batch(store).write([refused])
    assert isinstance(outcomes[0], VersionConflict)
    assert head == Head()
    assert store.rows("SELECT * FROM sealed_values") == []


def test_events_of_uses_take_the_next_version_of_their_nodes_stream(store: Store) -> None:
    batch(store).write([read_event(), read_event(), read_event("t2")])
    Batch(store.log(), (), "another").write([read_event()])
    rows = store.rows("SELECT tenant, stream, version FROM events ORDER BY position")
    assert [(tenant, version) for tenant, _, version in rows] == [("t1", 1), ("t1", 2), ("t2", 1), ("t1", 1)]
    assert len({stream for _, stream, _ in rows}) == 3


def test_a_large_command_is_written_whole(store: Store) -> None:
    stream = uuid4()
    statements = [(SEAL, (f"seal-{number}", "t1", bytes([number % 256]) * 60)) for number in range(3000)]
    outcomes, _ = Batch(store.log(), (), "node").write(
        [append(*(deletion(stream, number + 1) for number in range(3000)), statements=statements)]
    )
    assert outcomes == [3000]
    assert len(chain_of(store)) == 3000
    assert store.rows("SELECT count(*) FROM sealed_values") == [(3000,)]


@pytest.mark.parametrize(
    "statement",
    ["UPDATE events SET actor = 'x'", "UPDATE events SET actor = 'x' WHERE position = 1", "DELETE FROM events"],
)
def test_the_owner_too_cannot_change_or_remove_an_event(store: Store, statement: str) -> None:
    batch(store).write([read_event()])
    before = chain_of(store)
    with pytest.raises(store.errors, match="append-only"):
        store.change(statement)
    assert chain_of(store) == before


def test_statements_on_one_table_take_effect_in_their_order(store: Store) -> None:
    statements: list[Statement] = [
        ("INSERT INTO tracking VALUES (?, ?)", ("a", 1)),
        ("UPDATE tracking SET position = ? WHERE name = ?", (2, "a")),
        (SEAL, ("seal", "t1", b"sealed")),
        ("DELETE FROM tracking WHERE name = ?", ("a",)),
        ("INSERT INTO tracking VALUES (?, ?)", ("a", 3)),
        ("INSERT INTO tracking SELECT tenant, ? FROM sealed_values", (4,)),
        ("UPDATE tracking SET position = position + ? WHERE name = ?", (10, "a")),
        ("UPDATE tracking SET position = position * ? WHERE name = ?", (2, "a")),
    ]
    batch(store).write([append(statements=statements)])
    assert store.rows("SELECT name, position FROM tracking ORDER BY name") == [("a", 26), ("t1", 4)]


def test_an_error_within_the_transaction_leaves_nothing(store: Store) -> None:
    log = store.log()

    def interrupted() -> None:
        with log.transaction() as transaction:
            transaction.execute([(SEAL, ("seal", "t1", b"sealed"))])
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        interrupted()
    assert store.rows("SELECT * FROM sealed_values") == []
    with log.transaction() as transaction:
        assert transaction.head() == Head()


def test_the_transaction_sees_its_own_links(store: Store) -> None:
    stream = str(uuid4())
    drafts = [Draft(stream, version, "secret.deleted", "t1", "time", "", "", b"{}") for version in (1, 2)]
    with store.log().transaction() as transaction:
        transaction.insert_links(chained(transaction.head(), drafts))
        assert transaction.last_versions([stream, str(uuid4())]) == {stream: 2}
        assert transaction.last_versions([]) == {}
        assert transaction.head().position == 2


def test_a_second_reply_under_one_key_is_refused_until_the_first_expires(store: Store) -> None:
    writing, key = batch(store), ReplyKey("t1", "ci", "key")
    assert writing.write([_with_reply(key, hours=1), _with_reply(key, hours=1)])[0][0] == 1
    again, other = writing.write([_with_reply(key, hours=1), _with_reply(ReplyKey("t2", "ci", "key"), hours=-1)])[0]
    assert isinstance(again, AlreadyReplied)
    assert other == 2
    with store.log().transaction() as transaction:
        assert transaction.replies_taken([key, ReplyKey("t2", "ci", "key"), ReplyKey("t1", "ci", "new")]) == {key}
        assert transaction.replies_taken([]) == set()


@pytest.mark.parametrize(
    "fault",
    [None, ("INSERT INTO no_such_table VALUES (?)", (1,)), ("INSERT INTO tracking VALUES (?, ?)", (None, None))],
    ids=["raises", "faulty SQL", "violates a constraint"],
)
async def test_a_failing_read_model_fails_its_command_alone(store: Store, fault: Statement | None) -> None:
    log = store.log()
    committer = Committer(Batch(log, [*every_projection(), Faulty(fault)], "node"))
    try:
        entries = [read_event(), append(deletion(path="faulty")), read_event(), append(deletion())]
        outcomes = await asyncio.gather(*map(committer.append, entries), return_exceptions=True)
    finally:
        await asyncio.to_thread(committer.close)
    refused = [outcome for outcome in outcomes if not isinstance(outcome, int)]
    assert [type(outcome) for outcome in refused] == [StoreUnavailable]
    assert sorted(outcome for outcome in outcomes if isinstance(outcome, int)) == [1, 2, 3]
    assert len(chain_of(store)) == 3


async def test_many_waiting_commands_make_one_chain(store: Store) -> None:
    committer = Committer(batch(store))
    try:
        positions = await asyncio.gather(*(committer.append(read_event(f"t{number % 3}")) for number in range(300)))
    finally:
        await asyncio.to_thread(committer.close)
    assert sorted(positions) == list(range(1, 301))
    assert len(chain_of(store)) == 300


def _with_reply(key: ReplyKey, *, hours: int) -> Append:
    expires = instant(datetime.now(UTC) + timedelta(hours=hours))
    row = (key.tenant, key.principal, key.key, "fingerprint", 201, "seal", expires)
    return append(deletion(), tenant=key.tenant, statements=[(KEEP, row)], reply=key)
