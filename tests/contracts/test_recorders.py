"""The recorder test cases that the eventsourcing library ships, on the chained log of either store."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing import cryptography as its_cipher
from eventsourcing.persistence import IntegrityError, ProcessRecorder, StoredEvent

from adapters.log.recorder import ChainAggregateRecorder, ChainApplicationRecorder, ChainProcessRecorder
from adapters.postgres import recorder as postgres
from adapters.postgres.migrations import migrate
from adapters.sqlite import recorder as sqlite

# The shipped module also tests ciphers, with one that needs pycryptodome; the library has another, over `cryptography`.
sys.modules.setdefault("eventsourcing.cipher", its_cipher)

from eventsourcing.tests import persistence as shipped  # noqa: E402

Opened = Callable[[type[ChainAggregateRecorder]], Any]


@pytest.fixture
def sqlite_opened(tmp_path: Path) -> Iterator[Opened]:
    yield from _closing(lambda kind: kind(sqlite.SqliteRecords(tmp_path / "log.db")))


@pytest.fixture
def postgres_opened(postgres_dsn: str) -> Iterator[Opened]:
    migrate(postgres_dsn, ())
    yield from _closing(lambda kind: kind(postgres.PostgresRecords(postgres_dsn)))


def _closing(opened: Opened) -> Iterator[Opened]:
    recorders: list[ChainAggregateRecorder] = []

    def remembered(kind: type[ChainAggregateRecorder]) -> Any:
        recorders.append(opened(kind))
        return recorders[-1]

    yield remembered
    for recorder in recorders:
        recorder.close()


class OnSqlite:
    @pytest.fixture(autouse=True)
    def _store(self, sqlite_opened: Opened) -> None:
        self.opened = sqlite_opened


class OnPostgres:
    @pytest.fixture(autouse=True)
    def _store(self, postgres_opened: Opened) -> None:
        self.opened = postgres_opened


class AggregateCase(shipped.AggregateRecorderTestCase):
    __test__ = False
    opened: Opened

    def create_recorder(self) -> ChainAggregateRecorder:
        recorder: ChainAggregateRecorder = self.opened(ChainAggregateRecorder)
        return recorder


class ApplicationCase(shipped.ApplicationRecorderTestCase[ChainApplicationRecorder]):
    __test__ = False
    opened: Opened

    def create_recorder(self) -> ChainApplicationRecorder:
        recorder: ChainApplicationRecorder = self.opened(ChainApplicationRecorder)
        return recorder

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()


class ProcessCase(shipped.ProcessRecorderTestCase):
    __test__ = False
    opened: Opened

    def create_recorder(self) -> ProcessRecorder:
        recorder: ProcessRecorder = self.opened(ChainProcessRecorder)
        return recorder


class TrackingCase(shipped.TrackingRecorderTestCase):
    __test__ = False
    opened: Opened

    def create_recorder(self) -> ProcessRecorder:
        recorder: ProcessRecorder = self.opened(ChainProcessRecorder)
        return recorder


class NonInterleavingCase(shipped.NonInterleavingNotificationIDsBaseCase):
    __test__ = False
    opened: Opened

    def create_recorder(self) -> ChainApplicationRecorder:
        recorder: ChainApplicationRecorder = self.opened(ChainApplicationRecorder)
        return recorder


class TestSqliteAggregateRecorder(OnSqlite, AggregateCase):
    __test__ = True


class TestSqliteApplicationRecorder(OnSqlite, ApplicationCase):
    __test__ = True


class TestSqliteProcessRecorder(OnSqlite, ProcessCase):
    __test__ = True


class TestSqliteTrackingRecorder(OnSqlite, TrackingCase):
    __test__ = True


class TestSqliteNonInterleaving(OnSqlite, NonInterleavingCase):
    __test__ = True


class TestPostgresAggregateRecorder(OnPostgres, AggregateCase):
    __test__ = True


class TestPostgresApplicationRecorder(OnPostgres, ApplicationCase):
    __test__ = True


class TestPostgresProcessRecorder(OnPostgres, ProcessCase):
    __test__ = True


class TestPostgresTrackingRecorder(OnPostgres, TrackingCase):
    __test__ = True


class TestPostgresNonInterleaving(OnPostgres, NonInterleavingCase):
    __test__ = True


@pytest.fixture(params=["sqlite", "postgres"])
def opened(request: pytest.FixtureRequest) -> Opened:
    opened: Opened = request.getfixturevalue(f"{request.param}_opened")
    return opened


def test_refused_events_leave_no_gap_in_the_positions(opened: Opened) -> None:
    recorder = opened(ChainProcessRecorder)
    event = _event(uuid4(), 1)
    assert recorder.insert_events([event]) == [1]
    with pytest.raises(IntegrityError):
        recorder.insert_events([_event(uuid4(), 1), event])
    assert recorder.insert_events([_event(uuid4(), 1)]) == [2]


def test_a_waiting_subscription_receives_what_another_recorder_writes(opened: Opened) -> None:
    reading, writing = opened(ChainApplicationRecorder), opened(ChainApplicationRecorder)
    received: list[int] = []

    def follow() -> None:
        with reading.subscribe(topics=["wanted"]) as subscription:
            received.extend(notification.id for _, notification in zip(range(2), subscription, strict=False))

    following = Thread(target=follow)
    following.start()
    writing.insert_events([_event(uuid4(), 1, "other"), _event(uuid4(), 1, "wanted")])
    writing.insert_events([_event(uuid4(), 1, "other"), _event(uuid4(), 1, "wanted")])
    following.join(timeout=10)
    assert received == [2, 4]


def test_stop_ends_a_subscription_that_waits(opened: Opened) -> None:
    subscription = opened(ChainApplicationRecorder).subscribe()
    received: list[object] = []
    waiting = Thread(target=lambda: received.extend(subscription))
    waiting.start()
    time.sleep(0.02)
    subscription.stop()
    waiting.join(timeout=5)
    assert not waiting.is_alive()
    assert received == []


def _event(stream: UUID, version: int, topic: str = "topic") -> StoredEvent:
    return StoredEvent(originator_id=stream, originator_version=version, topic=topic, state=b"{}")
