"""Leases in a made-up world of crashes and faults: by thousands of seeds, each of which can be replayed.

`SIMULATION_SEED=17 make test ARGS="tests/simulation"` replays one; `SIMULATION_SEEDS=100000` tries more.
"""

from __future__ import annotations

import logging
import os
from datetime import timedelta

import pytest

from domain.instants import parsed
from tests.simulation.scenario import GRACE, HEALS_AT, Scenario
from tests.simulation.store import BEGINNING
from tests.simulation.virtual_time import run

_CHUNKS = 8
_FIRST = int(os.environ.get("SIMULATION_SEED", "0"))
_SEEDS = 1 if "SIMULATION_SEED" in os.environ else int(os.environ.get("SIMULATION_SEEDS", "2000"))


@pytest.mark.parametrize("chunk", range(min(_CHUNKS, _SEEDS)))
def test_no_seed_breaks_a_promise(chunk: int, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "trstctl")
    for seed in range(_FIRST + chunk, _FIRST + _SEEDS, _CHUNKS):
        scenario = Scenario(seed)
        try:
            run(scenario.run())
            check(scenario)
        except BaseException as error:
            error.add_note(f'replay it: SIMULATION_SEED={seed} make test ARGS="tests/simulation"')
            raise


def check(scenario: Scenario) -> None:
    """What must hold at the end, whatever happened."""
    everything_ended(scenario)
    nothing_was_issued_twice(scenario)
    no_credential_outlived_its_lease(scenario)
    no_credential_died_before_its_lease(scenario)
    every_intent_has_an_outcome(scenario)


def everything_ended(scenario: Scenario) -> None:
    assert scenario.backend.there == {}, "an account outlived everything"
    assert scenario.store.asked("SELECT * FROM due_work") == [], "work was left undone"
    states = {state for (state,) in scenario.store.asked("SELECT state FROM leases")}
    assert states <= {"revoked", "failed"}
    assert scenario.store.asked("SELECT lease_id FROM leases WHERE gone_at IS NULL") == []


def nothing_was_issued_twice(scenario: Scenario) -> None:
    for key, accounts in scenario.handed_out.items():
        assert len(accounts) == 1, f"two credentials for one request, key {key}"
    twice = scenario.store.asked(
        "SELECT request_id FROM events WHERE type = 'lease.issued' GROUP BY request_id HAVING count(*) > 1"
    )
    assert twice == [], "two leases were issued for one request"
    assert len(set(scenario.backend.created)) == len(scenario.backend.created)


def no_credential_outlived_its_lease(scenario: Scenario) -> None:
    for account, expires, ended in scenario.store.asked("SELECT account, expires_at, ended_at FROM leases"):
        if account not in scenario.backend.gone:
            continue
        end = min(parsed(text) for text in (expires, ended) if text)
        answers = max(end, BEGINNING + timedelta(seconds=HEALS_AT))
        gone = BEGINNING + timedelta(seconds=scenario.backend.gone[account])
        assert (gone - answers).total_seconds() <= GRACE, f"{account} lived too long"


def no_credential_died_before_its_lease(scenario: Scenario) -> None:
    issued = "SELECT account, expires_at, ended_at FROM leases WHERE issued_at IS NOT NULL"
    for account, expires, ended in scenario.store.asked(issued):
        end = min(parsed(text) for text in (expires, ended) if text)
        assert BEGINNING + timedelta(seconds=scenario.backend.gone[account]) >= end, (
            f"{account} did not live to its end"
        )


def every_intent_has_an_outcome(scenario: Scenario) -> None:
    open_leases = scenario.store.asked(
        """SELECT stream FROM events WHERE type = 'lease.requested' AND stream NOT IN
        (SELECT stream FROM events WHERE type = 'lease.revocation.verified')"""
    )
    assert open_leases == [], "an intent without its end"
