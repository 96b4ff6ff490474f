"""Keeps the leases of a command that `run` has started: renews them while it lives, gives them back when it has ended.

It runs in the process that stays, which never sees a credential: the one that becomes the command issues them, and
tells of each through a pipe. Each lease has a thread of its own, so that neither a server nor a backend that hangs
keeps a signal or another lease waiting. Threads start after the fork, and have the signals blocked that the main one
awaits.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from cli.client import routes
from cli.client.errors import ClientError, Problem
from cli.client.held_lease import HeldLease, now
from cli.client.output import note
from cli.client.retries import pause_before_next
from cli.client.session import Session

PATIENCE: Final = 10.0
"""Seconds that giving back may take, for all leases together."""
_NAP: Final = 30.0
"""Longest wait at once: while the machine sleeps, waits stand still and leases do not."""
_LOOK: Final = 0.02
_PAUSES: Final = (0.2, 30.0)
"""Shortest and longest pause after a renewal that failed."""
_ENOUGH: Final = frozenset({signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT})
"""Signals that end the wait for what is given back."""


class LeaseKeeper:
    """Made before the fork; `tell` is for the process that issues, all else for the one that stays."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._reading, self._writing = os.pipe()  # the command does not inherit them
        self._ended = threading.Event()
        self._leases: list[HeldLease] = []
        self._reader = threading.Thread(target=self._read, daemon=True)

    def tell(self, lease: HeldLease) -> None:
        """Tell the process that stays of a lease; it is its to give back from now on. Raises `ClientError`."""
        try:
            os.write(self._writing, lease.line())
        except BrokenPipeError:
            raise ClientError(
                f"nobody is left to give lease {lease.id} back", "it ends by itself; was the other process killed?"
            ) from None

    def start(self) -> None:
        """Begin to keep what comes."""
        os.close(self._writing)
        self._reader.start()

    def _read(self) -> None:
        with os.fdopen(self._reading, "rb") as told:
            for line in told:
                lease = HeldLease.from_line(line)
                self._leases.append(lease)
                threading.Thread(target=self._keep, args=(lease,), daemon=True).start()

    def _keep(self, lease: HeldLease) -> None:
        session, kept = self._session.another(), True
        while kept and not self._has_ended_by(lease.due):
            if lease.at_its_longest:
                _say(f"lease {lease.id} of {lease.target} ends at {lease.expires_at}: its role lets none live longer")
                return
            lease, kept = self._renewed(session, lease)

    def _has_ended_by(self, moment: float) -> bool:
        while (left := moment - now()) > 0:
            if self._ended.wait(min(left, _NAP)):
                return True
        return self._ended.is_set()

    def _renewed(self, session: Session, lease: HeldLease) -> tuple[HeldLease, bool]:
        """The lease renewed, and whether to go on; tries until its end what another try may mend."""
        address = f"{routes.item(routes.LEASES, lease.id)}/renew"
        while True:
            session.idempotency_key = None
            try:
                return lease.renewed(session.change("POST", address, {"extend_seconds": lease.extension})), True
            except ClientError as error:
                failure = error
            if not _may_pass(failure) or now() >= lease.ends:
                self._say_lost(lease, failure)
                return lease, False
            if self._has_ended_by(now() + _pause(lease)):
                return lease, False

    def _say_lost(self, lease: HeldLease, failure: ClientError) -> None:
        if not self._ended.is_set():
            _say(f"lease {lease.id} of {lease.target} is renewed no more, and ended by {lease.expires_at}: {failure}")

    def release(self) -> None:
        """The command has ended: give all back, say what could not be. A signal, or `PATIENCE`, ends the wait."""
        deadline = time.monotonic() + PATIENCE
        self._ended.set()
        # Its end of the pipe closed when it became the command, or ended.
        _awaited(lambda: not self._reader.is_alive(), deadline)
        under_way = {lease.id: lease for lease in self._leases}
        for lease in list(self._leases):
            threading.Thread(target=self._revoke, args=(lease, under_way), daemon=True).start()
        _awaited(lambda: not under_way, deadline)
        for lease in list(under_way.values()):
            _say(f"lease {lease.id} of {lease.target} may not be given back: no answer; {_by_itself(lease)}")

    def _revoke(self, lease: HeldLease, under_way: dict[str, HeldLease]) -> None:
        address = f"{routes.item(routes.LEASES, lease.id)}/revoke"
        try:
            state = self._session.another().change("POST", address, {"reason": "the command ended"}).get("state")
        except ClientError as error:
            said = f"lease {lease.id} of {lease.target} could not be given back: {error}; {_by_itself(lease)}"
        else:
            said = "" if state == "revoked" else f"the backend is not seen to be rid of lease {lease.id} yet"
        if said and lease.id in under_way:
            _say(said)
        under_way.pop(lease.id, None)


def _by_itself(lease: HeldLease) -> str:
    return "it ends by itself" if now() < lease.ends else "its time was up anyway"


def _may_pass(failure: ClientError) -> bool:
    """Whether another try may have a better answer."""
    overloaded = isinstance(failure, Problem) and failure.status >= 500
    return overloaded or pause_before_next(failure, 1) is not None


def _pause(lease: HeldLease) -> float:
    shortest, longest = _PAUSES
    return min(max((lease.ends - now()) / 5, shortest), longest)


def _awaited(is_done: Callable[[], bool], deadline: float) -> None:
    while not is_done() and time.monotonic() < deadline:
        if signal.sigtimedwait(_ENOUGH, _LOOK) is not None:
            return


def _say(text: str) -> None:
    with suppress(OSError, ValueError):  # nobody listens any more
        note(text)
