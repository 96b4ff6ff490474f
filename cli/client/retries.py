"""When a request is sent again, and how long to wait before."""

from __future__ import annotations

import random
from typing import Final

from cli.client.errors import ClientError, Problem, Unreachable
from cli.client.transport import Untrusted

ATTEMPTS: Final = 4
"""How often a request is sent at most. All may be repeated: what changes something carries an Idempotency-Key."""

_TRANSIENT: Final = frozenset({429, 502, 503, 504})
_PASSING: Final = frozenset({"already-replied", "version-conflict"})
"""Codes of a 409 that another attempt mends: the reply is stored by now, or somebody wrote at the same moment."""
_LASTING: Final = frozenset({"backend-refused", "disabled", "key-unavailable", "misconfigured", "log-broken"})
"""Codes of a 502 or 503 that waiting does not mend."""
_FIRST_PAUSE: Final = 0.15
_LONGEST_PAUSE: Final = 10.0


def pause_before_next(error: ClientError, attempt: int) -> float | None:
    """Seconds to wait after `attempt` (from 1) failed; None if another cannot help or there have been enough.

    Doubles each time, with jitter; a server that says `Retry-After` is obeyed up to ten seconds.
    """
    if attempt >= ATTEMPTS:
        return None
    if isinstance(error, Problem):
        return _pause_asked_for(error, attempt)
    return _doubling(attempt) if isinstance(error, Unreachable) and not isinstance(error, Untrusted) else None


def _pause_asked_for(problem: Problem, attempt: int) -> float | None:
    if problem.kind not in _PASSING and (problem.status not in _TRANSIENT or problem.kind in _LASTING):
        return None
    told = str(problem.extensions.get("retry_after", ""))
    if not told.isdecimal():
        return _doubling(attempt)
    return float(told) if float(told) <= _LONGEST_PAUSE else None


def _doubling(attempt: int) -> float:
    spread = random.uniform(0.5, 1.5)  # noqa: S311 - jitter, nothing to guess
    return _FIRST_PAUSE * float(2 ** (attempt - 1)) * spread
