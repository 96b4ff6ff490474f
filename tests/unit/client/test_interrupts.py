"""Ctrl-C in the moment before a wait for keys begins: Python has noted it, and the wait does not know."""

from __future__ import annotations

import os
import signal
from threading import Event, Thread, get_native_id

import pytest

from cli.client.interrupts import heeded
from tests.unit.client.process import PATIENCE, state, until


def test_an_interrupt_that_did_not_reach_the_wait_ends_it_all_the_same() -> None:
    waiting, answering = os.pipe()
    ended = Event()
    unheeded: list[bool] = []
    person = Thread(target=_interrupt_then_answer, args=(get_native_id(), ended, answering, unheeded))
    person.start()
    with pytest.raises(KeyboardInterrupt), heeded():
        os.read(waiting, 1)
    ended.set()
    person.join()
    assert not unheeded
    os.close(waiting)
    os.close(answering)


def _interrupt_then_answer(asking: int, ended: Event, answering: int, unheeded: list[bool]) -> None:
    """Sent to this thread, the signal wakes no other; if nobody looks, an answer ends the wait in the end."""
    until(lambda: state(asking) == "S" and signal.getitimer(signal.ITIMER_REAL) != (0, 0), "waiting for keys")
    signal.raise_signal(signal.SIGINT)
    if not ended.wait(PATIENCE):
        unheeded.append(True)
        os.write(answering, b"y")


def test_the_alarm_is_off_afterwards() -> None:
    with heeded():
        assert signal.getitimer(signal.ITIMER_REAL) != (0, 0)
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
