"""Drafts become links: position, id, `prev_hash` and `hash` are given inside the insert transaction, nowhere else."""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

from domain.chain import GENESIS, header_bytes, link
from domain.errors import Invalid


class Draft(NamedTuple):
    """An event as it will be stored, not yet in the chain."""

    stream: str
    version: int
    type: str
    tenant: str
    time: str
    actor: str
    request_id: str
    body: bytes


class Link(NamedTuple):
    """A row of the events table."""

    position: int
    id: str
    stream: str
    version: int
    type: str
    tenant: str
    time: str
    actor: str
    request_id: str
    body: bytes
    prev_hash: bytes
    hash: bytes


class Head(NamedTuple):
    """The newest link's position and hash; position 0 before the first."""

    position: int = 0
    hash: bytes = GENESIS


def chained(head: Head, drafts: Sequence[Draft]) -> list[Link]:
    """The drafts as the next links after `head`, in order."""
    position, prev = head
    links = []
    ids = os.urandom(16 * len(drafts)).hex()
    for number, draft in enumerate(drafts):
        position += 1
        event_id = ids[32 * number : 32 * number + 32]
        stream, version, kind, tenant, time, actor, request_id, body = draft
        header = header_bytes(event_id, stream, version, kind, tenant, time, actor, request_id)
        if header.count(b"\n") != 8:
            raise Invalid("a header field of an event may not contain a line feed")
        digest = link(prev, position, sha256(header).digest(), sha256(body).digest())
        links.append(Link(position, event_id, *draft, prev, digest))
        prev = digest
    return links
