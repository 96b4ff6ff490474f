"""Work that this node has begun: its intent is in the log."""

from __future__ import annotations

from typing import Any, NamedTuple

from domain.views import Work


class Begun(NamedTuple):
    """A piece of work that is claimed."""

    work: Work
    known: Any = None
    """What was read when it was begun, so that it need not be read again; None if nothing was kept."""
    alone: bool = False
    """Whether it is to be done by itself, for together with others it failed."""
