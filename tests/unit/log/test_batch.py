"""What one transaction does for several commands: some are refused, the others written, and the chain stays whole."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from adapters.log.batch import Batch, Outcome
from domain.errors import AlreadyReplied, VersionConflict
from domain.instants import instant
from domain.names import stream_of
from domain.ports import Append, Record, ReplyKey, Statement
from tests.unit.log.memory_log import STREAMS, Collecting, MemoryLog, entry, fact, note, use

KEY = ReplyKey("acme", "ops", "key-1")


def reply(key: ReplyKey, expires_at: datetime) -> Statement:
    row = (key.tenant, key.principal, key.key, "fingerprint", 200, "seal", instant(expires_at))
    return "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?)", row


@pytest.fixture
def log() -> MemoryLog:
    return MemoryLog()


def outcomes(log: MemoryLog, *entries: Append) -> list[int | str]:
    """Positions, or the names of refusals."""
    return [told(outcome) for outcome in log.batch.write(entries)[0]]


def told(outcome: Outcome) -> int | str:
    return outcome if isinstance(outcome, int) else type(outcome).__name__


def test_each_command_is_told_its_last_position(log: MemoryLog) -> None:
    told, head = log.batch.write([entry(fact(0, 1), fact(0, 2)), entry(fact(1, 1)), entry(use(), use(), fact(2, 1))])
    assert told == [2, 3, 6]
    assert head.position == log.verified() == 6
    assert outcomes(log, entry(fact(0, 3))) == [7]
    assert log.verified() == 7


def test_conflict_refuses_that_command_alone(log: MemoryLog) -> None:
    log.batch.write([entry(fact(0, 1))])
    assert outcomes(log, entry(fact(1, 1)), entry(fact(0, 1)), entry(fact(0, 3)), entry(fact(0, 2)), entry(use())) == [
        2, "VersionConflict", "VersionConflict", 3, 4,
    ]  # fmt: skip
    assert log.verified() == 4


def test_command_sees_what_was_written_before_it_in_the_same_transaction(log: MemoryLog) -> None:
    assert outcomes(log, entry(fact(0, 1)), entry(fact(0, 1)), entry(fact(0, 2))) == [1, "VersionConflict", 2]


def test_command_rests_on_streams_that_it_adds_nothing_to(log: MemoryLog) -> None:
    log.batch.write([entry(fact(0, 1)), entry(fact(1, 1))])
    rests = {STREAMS[0]: 1, STREAMS[1]: 1}
    assert outcomes(log, entry(fact(2, 1), unchanged=rests), entry(fact(3, 1), unchanged={STREAMS[4]: 0})) == [3, 4]
    assert outcomes(log, entry(fact(1, 2)), entry(fact(2, 2), unchanged=rests)) == [5, "VersionConflict"]
    assert outcomes(log, entry(fact(2, 2), unchanged=rests)) == ["VersionConflict"]
    assert outcomes(log, entry(fact(2, 2), unchanged={STREAMS[4]: 1}), entry(fact(2, 2))) == ["VersionConflict", 6]


def test_refused_command_leaves_nothing_behind(log: MemoryLog) -> None:
    refused = entry(fact(0, 1), fact(0, 3), statements=[note("refused")])
    assert outcomes(log, refused, entry(fact(0, 1), statements=[note("written")])) == ["VersionConflict", 1]
    assert log.all("SELECT text FROM notes") == [("written",)]
    assert log.verified() == 1


def test_uses_take_the_next_version_of_their_nodes_stream(log: MemoryLog) -> None:
    log.batch.write([entry(use(), use()), entry(use(), tenant="other"), entry(use())])
    other_node = Batch(log.store, [], "another node")
    other_node.write([entry(use())])
    here, there = (str(stream_of("access", "acme", node)) for node in ("node", "another node"))
    rows = log.all("SELECT stream, version FROM events WHERE tenant = 'acme' ORDER BY position")
    assert rows == [(here, 1), (here, 2), (here, 3), (there, 1)]


def test_header_is_what_the_command_says(log: MemoryLog) -> None:
    log.batch.write([entry(fact(0, 1))])
    assert log.all("SELECT stream, version, type, tenant, time, actor, request_id FROM events") == [
        (str(STREAMS[0]), 1, "api_token.revoked", "acme", "2026-06-25T12:00:00.123456Z", "ops#tok", "req")
    ]


def test_reply_that_is_stored_by_now_refuses_the_command(log: MemoryLog) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    first = entry(fact(0, 1), statements=[reply(KEY, later)], reply=KEY)
    second = entry(fact(1, 1), statements=[reply(KEY, later)], reply=KEY)
    assert outcomes(log, first, second) == [1, "AlreadyReplied"]
    assert outcomes(log, second) == ["AlreadyReplied"]
    other = ReplyKey("acme", "somebody else", "key-1")
    assert outcomes(log, entry(fact(1, 1), statements=[reply(other, later)], reply=other)) == [2]


def test_reply_that_has_expired_refuses_nothing(log: MemoryLog) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    log.batch.write([entry(statements=[reply(KEY, before)])])
    assert outcomes(log, entry(fact(0, 1), reply=KEY)) == [1]


def test_refusals_are_of_their_own_kind(log: MemoryLog) -> None:
    log.batch.write([entry(fact(0, 1))])
    (conflict,), _ = log.batch.write([entry(fact(0, 1))])
    assert isinstance(conflict, VersionConflict)
    assert not isinstance(conflict, AlreadyReplied)


def test_failing_statement_takes_back_the_whole_transaction(log: MemoryLog) -> None:
    log.batch.write([entry(statements=[note("there")])])
    with pytest.raises(sqlite3.IntegrityError):
        log.batch.write([entry(fact(0, 1)), entry(fact(1, 1), statements=[note("there")])])
    assert log.verified() == 0


def test_read_models_are_part_of_the_transaction() -> None:
    collecting = Collecting()
    log = MemoryLog([collecting])
    log.batch.write([entry(fact(0, 1)), entry(fact(1, 1))])
    assert log.all("SELECT text FROM notes ORDER BY text") == [("api_token.revoked 1",), ("api_token.revoked 2",)]
    collecting.make = lambda _: [note("api_token.revoked 1")]
    with pytest.raises(sqlite3.IntegrityError):
        log.batch.write([entry(fact(0, 2))])
    assert log.verified() == 2


def test_read_models_are_told_what_the_log_holds() -> None:
    collecting = Collecting(lambda _: [])
    log = MemoryLog([collecting])
    log.batch.write([entry(fact(0, 1)), entry(use()), entry(fact(1, 1))])
    fields = "position, id, stream, version, type, tenant, actor, request_id"
    assert [header(record) for record in collecting.records] == log.all(
        f"SELECT {fields} FROM events WHERE type != 'secret.read' ORDER BY position"
    )


def header(record: Record) -> tuple[object, ...]:
    return (
        record.position, record.id, str(record.stream), record.version, record.type, record.tenant, record.actor,
        record.request_id,
    )  # fmt: skip


def test_statements_alone_need_no_event(log: MemoryLog) -> None:
    log.batch.write([entry(fact(0, 1))])
    told, head = log.batch.write([entry(statements=[note("alone")])])
    assert told == [1]
    assert head.position == log.verified() == 1


def test_nothing_to_write_changes_nothing(log: MemoryLog) -> None:
    assert log.batch.write([])[0] == []
    assert log.verified() == 0


@pytest.mark.parametrize("verb", ["UPDATE events SET actor = 'x'", "DELETE FROM events"])
def test_written_events_cannot_be_changed(verb: str, log: MemoryLog) -> None:
    log.batch.write([entry(fact(0, 1))])
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        log.connection.execute(verb)
    assert log.verified() == 1
