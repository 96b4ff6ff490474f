"""Named places at which a test lets the whole server die, as by `kill -9`: between an effect and its record.

`TRSTCTL_FAIL_POINT=name` or `name:3` (the third time) in the environment of a server of the tests. Unset, each is a
comparison.
"""

from __future__ import annotations

import os
import signal
from typing import Final

POINTS: Final = frozenset(
    {
        "backend.create.before",
        "backend.create.after",
        "backend.renew.before",
        "backend.renew.after",
        "backend.remove.before",
        "backend.remove.after",
        "backend.stage.before",
        "backend.stage.after",
        "backend.retire.before",
        "backend.retire.after",
        "outbox.claimed",
        "outbox.failed",
        "outbox.done",
    }
)
"""Every one there is."""

_name, _, _times = os.environ.get("TRSTCTL_FAIL_POINT", "").partition(":")
_left = int(_times) if _times.isdigit() else 1


def reached(point: str) -> None:
    """Die here, now, if this is the point that was asked for."""
    global _left  # noqa: PLW0603 - it counts down to the end of the process
    if point != _name:
        return
    _left -= 1
    if not _left:
        os.kill(os.getpid(), signal.SIGKILL)
