"""What a verifier asks a database for. It shares no code with what writes the log, so that one error is not in both."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from itertools import islice
from typing import Any, Final

from domain.verification.segment import NAMES
from domain.verification.source import SealedRow

SEGMENT_ROWS: Final = 500
"""Rows of one segment: few enough that a server that verifies answers others between two."""
SEALED_ROWS: Final = 32
"""Sealed values looked at together: each has up to a mebibyte."""

EVENTS: Final = f"SELECT {', '.join(NAMES)} FROM events ORDER BY position"  # noqa: S608 - names of our own
COUNT: Final = "SELECT max(position) FROM events"
SEALED: Final = """
SELECT v.tenant, v.seal_id, v.sealed, k.seal_id IS NOT NULL, r.seal_id IS NOT NULL
FROM sealed_values v
LEFT JOIN sealed_keys k ON k.tenant = v.tenant AND k.seal_id = v.seal_id
LEFT JOIN (SELECT DISTINCT tenant, seal_id FROM idempotency) r ON r.tenant = v.tenant AND r.seal_id = v.seal_id
UNION ALL
SELECT k.tenant, k.seal_id, NULL, k.seal_id IS NOT NULL, r.seal_id IS NOT NULL
FROM sealed_keys k
LEFT JOIN sealed_values v ON v.tenant = k.tenant AND v.seal_id = k.seal_id
LEFT JOIN (SELECT DISTINCT tenant, seal_id FROM idempotency) r ON r.tenant = k.tenant AND r.seal_id = k.seal_id
WHERE v.seal_id IS NULL"""
"""Every sealed value and every data key once, with whether a kept reply owns it."""


def sealed_rows(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[SealedRow]]:
    """Rows of `SEALED`, digested, a few at a time."""
    remaining = iter(rows)
    while some := [_sealed_row(row) for row in islice(remaining, SEALED_ROWS)]:
        yield some


def _sealed_row(row: Sequence[Any]) -> SealedRow:
    tenant, seal_id, sealed, has_key, is_reply = row
    digest = None if sealed is None else sha256(sealed).digest() if isinstance(sealed, bytes) else b""
    return SealedRow(tenant, seal_id, digest, bool(has_key), bool(is_reply))
