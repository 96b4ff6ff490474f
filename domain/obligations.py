"""What an event obliges us to: what is to be done, about what, and from when on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

import msgspec

NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""When what waits for an event alone is due."""


class Due(msgspec.Struct, frozen=True):
    """From `at` on, `kind` is to be done about `ref`; it replaces what was due before of that kind about it."""

    kind: str
    ref: str
    at: datetime
    destination: str = ""
    """Whose own queue, time limits and pauses it has: a backend's name. Empty: nothing outside the log is touched."""


class Discharged(msgspec.Struct, frozen=True):
    """Nothing of `kind` is to be done about `ref` any more."""

    kind: str
    ref: str


class Hastened(msgspec.Struct, frozen=True):
    """If `kind` is to be done about `ref` some time, it is due from `at` on."""

    kind: str
    ref: str
    at: datetime


Change = Due | Discharged | Hastened
