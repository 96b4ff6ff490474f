"""Rows of a log made by hand, from the description of the format and not by the product's code."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

Row = tuple[Any, ...]


def linked(position: int, header: tuple[Any, ...], body: bytes, prev: bytes) -> Row:
    """One row whose hash is right."""
    text = "".join(f"{field}\n" for field in header).encode()
    digests = sha256(text).digest() + sha256(body).digest()
    digest = sha256(b"trstctl-log/v1\0" + prev + position.to_bytes(8, "big") + digests).digest()
    return (position, *header, body, prev, digest)


def chain(count: int, prev: bytes = bytes(32), first: int = 1) -> list[Row]:
    """Reads of one tenant."""
    rows: list[Row] = []
    for position in range(first, first + count):
        header = (f"{position:032x}", "stream", position, "secret.read", "t1", f"time-{position}", "actor", "request")
        rows.append(linked(position, header, b'{"salt":"%032x"}' % position, prev))
        prev = rows[-1][-1]
    return rows


def event(position: int, kind: str, body: bytes, prev: bytes, tenant: str = "t1", stream: str = "s1") -> Row:
    """One event with a body of its own."""
    return linked(position, (f"{position:032x}", stream, position, kind, tenant, "time", "actor", "r"), body, prev)
