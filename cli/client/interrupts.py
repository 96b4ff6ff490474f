"""Questions that Ctrl-C ends, at whatever moment it is typed."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_GLANCE: Final = 0.2
"""Longest that a Ctrl-C goes unnoticed, in seconds."""


@contextmanager
def heeded() -> Iterator[None]:
    """While somebody is asked. For the first thread of the process.

    Python notes a signal, and acts on it before its next instruction. If one comes between the last instruction and the
    system call that waits for keys, that call waits all the same, and Ctrl-C does nothing until a key is pressed. So an
    alarm interrupts the wait ever so often, and Python looks.
    """
    before = signal.signal(signal.SIGALRM, lambda *_: None)
    signal.setitimer(signal.ITIMER_REAL, _GLANCE, _GLANCE)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
