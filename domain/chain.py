"""The hash chain: which bytes of an event are hashed, and how one link holds the one before.

Described byte for byte, with test vectors, in docs/reference/log-format.md. Pure and small on purpose.
"""

from __future__ import annotations

from hashlib import sha256

TAG = b"trstctl-log/v1\x00"
GENESIS = bytes(32)
"""`prev_hash` of position 1."""

HEADER_FIELDS = ("id", "stream", "version", "type", "tenant", "time", "actor", "request_id")
"""The header's lines, in order. No field may contain a line feed."""


def header_bytes(
    event_id: str, stream: str, version: int, event_type: str, tenant: str, time: str, actor: str, request_id: str
) -> bytes:
    """The header as hashed: the eight fields as UTF-8, each ended by a line feed."""
    return f"{event_id}\n{stream}\n{version}\n{event_type}\n{tenant}\n{time}\n{actor}\n{request_id}\n".encode()


def link(prev_hash: bytes, position: int, header_digest: bytes, body_digest: bytes) -> bytes:
    """The hash of one event.

    SHA-256(TAG ‖ prev_hash ‖ position, 8 bytes big-endian ‖ SHA-256(header) ‖ SHA-256(body)).
    """
    return sha256(TAG + prev_hash + position.to_bytes(8, "big") + header_digest + body_digest).digest()
