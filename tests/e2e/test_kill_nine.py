"""`kill -9` at a random moment under concurrent writes and reads, again and again: what was acknowledged is there.

After each kill the log is read straight from the database and its chain recomputed; then a new server answers for every
value, share and lease. In the end no lease of a webhook is open, and no account is there that no lease tells of.
`make torture` does the same for as many rounds as it is told.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Lock

import pytest

from tests.backends import webhook
from tests.backends.webhook import WebhookWorld
from tests.e2e import leased, log_in_database, nursery
from tests.e2e.https_client import STORE, HttpsClient
from tests.e2e.leased import Leases
from tests.e2e.load import Load, Shares, redeem
from tests.e2e.log_in_database import ChainReader
from tests.e2e.nursery import Nursery
from tests.e2e.server import Server, serving

_ROUNDS = 100
_TORTURE_ROUNDS = int(os.environ.get("ROUNDS", "2000"))
_LONGEST_LOAD = 0.25
"""Seconds from the first answer to the kill, at most."""


@pytest.fixture(params=["sqlite", "postgres"])
def victim(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Victim]:
    """A configured server on each kind of store, not yet started, and a webhook for its leases."""
    with webhook.running() as world:
        yield Victim.on(request, tmp_path, world)


class Victim:
    """A server to be killed, what it acknowledged, and its log."""

    def __init__(self, server: Server, chain: ChainReader, world: WebhookWorld) -> None:
        self.server = server
        self.world = world
        self.certificate = server.folder / "tls.crt"
        self.chain = chain
        self.written: dict[tuple[str, int], str] = {}
        self.shares = Shares()
        """Those of the newest load."""
        self.given = 0
        self.leases = Leases()
        """Those of the newest load."""
        self.leased = 0
        self.process: int | None = None

    @classmethod
    def on(cls, request: pytest.FixtureRequest, folder: Path, world: WebhookWorld) -> Victim:
        bounds = {
            **leased.configuration(world, folder),
            "limits": {"requests_per_second": 0},
            "log": {"level": "warning"},
            "shares": {"redeems_per_second": 0},
        }
        if request.param == "sqlite":
            server = serving(folder / "data", bounds)
            return cls(server, ChainReader(log_in_database.of_sqlite(server.folder / "trstctl.db")), world)
        dsn = request.getfixturevalue("postgres_dsn")
        return cls(serving(folder / "data", bounds, store=dsn), ChainReader(log_in_database.of_postgres(dsn)), world)

    def start(self, forks: Nursery) -> None:
        """A new server, answering."""
        self.process = forks.server(self.server.folder / "trstctl.yaml", self.server.output)
        nursery.wait_until_ready(self.server.port, self.certificate, self.server.output)

    def kill(self) -> None:
        """End it, if it runs, as a power cut would."""
        if self.process is not None:
            nursery.kill(self.process)
        self.process = None

    def survive(self, load: Load) -> None:
        """Check the log in the database against what this load got for an answer."""
        events = {event.position: event for event in self.chain.more()}
        for position, use in load.uses.items():
            event = events.get(position)
            assert event, f"{use} was acknowledged at position {position}, and is gone"
            assert (event.type, event.body["path"], event.body["number"]) == use
        assert not self.written.keys() & load.written.keys(), "a version was given twice"
        self.written |= load.written
        self.shares = load.shares
        self.leases = load.leases or Leases()

    def check_shares(self) -> None:
        """Ask the running server for each share of the newest load: what was given is gone, what was not is there."""
        problems: list[str] = []
        with HttpsClient(self.server.port, self.certificate, None) as client:
            for token in self.shares.made:
                for _ in range(2):
                    redeem(client, token, self.shares, problems, Lock())
        assert not problems, problems
        self.given += len(self.shares.given)

    def check_leases(self) -> None:
        """Ask the running server for each lease of the newest load."""
        with HttpsClient(self.server.port, self.certificate, self.server.token) as client:
            leased.check(client, self.leases, self.world)
        self.leased += len(self.leases.made)

    def settle_leases(self) -> None:
        """Wait until no kill has left an account behind."""
        with HttpsClient(self.server.port, self.certificate, self.server.token) as client:
            leased.settle(client, self.world)

    def check(self, values: dict[tuple[str, int], str]) -> None:
        """Ask the running server for each value."""
        with HttpsClient(self.server.port, self.certificate, self.server.token) as client:
            for (path, number), value in values.items():
                answer = client("GET", f"{STORE}/{path}?version={number}")
                assert answer.status == 200, f"{path}: version {number} was acknowledged, and is gone: {answer}"
                assert answer.json()["value"] == value


@pytest.fixture(scope="module")
def forks() -> Iterator[Nursery]:
    """Where the servers come from."""
    with Nursery() as running:
        yield running


def test_100_kills_lose_nothing_that_was_acknowledged(victim: Victim, forks: Nursery) -> None:
    _torment(victim, forks, _ROUNDS)
    assert len(victim.written) > _ROUNDS
    assert victim.given > _ROUNDS // 2
    assert victim.leased > _ROUNDS // 10, "few leases were made, so little was shown of them"


@pytest.mark.torture
def test_thousands_of_kills_lose_nothing_that_was_acknowledged(victim: Victim, forks: Nursery) -> None:
    _torment(victim, forks, _TORTURE_ROUNDS)


def test_a_server_killed_and_started_by_its_command_lost_nothing(victim: Victim) -> None:
    for _ in range(3):
        victim.server.start()
        victim.server.wait_until_ready()
        load = _loaded(victim)
        victim.server.kill()
        load.end()
        victim.survive(load)
    with victim.server:
        victim.check(victim.written)


def _torment(victim: Victim, forks: Nursery, rounds: int) -> None:
    last: dict[tuple[str, int], str] = {}
    try:
        for number in range(rounds):
            if number % 10 == 9:  # a kill while it starts
                victim.process = forks.server(victim.server.folder / "trstctl.yaml", victim.server.output)
                time.sleep(random.uniform(0, 0.2))
                victim.kill()
            victim.start(forks)
            victim.check(last)
            victim.check_shares()
            victim.check_leases()
            load = _loaded(victim)
            victim.kill()
            load.end()
            victim.survive(load)
            last = load.written
        victim.start(forks)
        victim.check(victim.written)
        victim.check_shares()
        victim.check_leases()
        victim.settle_leases()
    finally:
        victim.kill()


def _loaded(victim: Victim) -> Load:
    load = Load({victim.server.port: victim.certificate}, victim.server.token, leases=Leases())
    load.start()
    time.sleep(random.uniform(0.01, _LONGEST_LOAD))
    return load
