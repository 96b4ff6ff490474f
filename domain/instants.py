"""Points in time as text in a table: RFC 3339 in UTC with microseconds and `Z`.

The width is fixed, so that text order is time order.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache


@lru_cache(maxsize=1024)
def instant(at: datetime) -> str:
    """`at` as text."""
    return at.isoformat(timespec="microseconds")[:-6] + "Z"


def parsed(text: str) -> datetime:
    """The point in time that `text` names."""
    return datetime.fromisoformat(text)
