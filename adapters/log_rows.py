"""What a verifier asks a database for. It shares no code with what writes the log, so that one error is not in both."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

from domain.verification.segment import NAMES
from domain.verification.source import SealedValue

SEGMENT_ROWS: Final = 500
"""Rows of one segment: few enough that a server that verifies answers others between two."""
SEALED_ROWS: Final = 32
"""Sealed values read together: each has up to a mebibyte."""

EVENTS: Final = f"SELECT {', '.join(NAMES)} FROM events ORDER BY position"  # noqa: S608 - names of our own
COUNT: Final = "SELECT max(position) FROM events"
REPLIES: Final = "SELECT tenant, seal_id FROM idempotency"
VALUES: Final = "SELECT tenant, seal_id, sealed FROM sealed_values"
KEYS: Final = "SELECT tenant, seal_id FROM sealed_keys"


def sealed_value(row: Sequence[Any]) -> SealedValue:
    """A row of `VALUES`, digested. What is not bytes has no digest that an event could name."""
    tenant, seal_id, sealed = row
    return SealedValue((tenant, seal_id), sha256(sealed).digest() if isinstance(sealed, bytes) else b"")
