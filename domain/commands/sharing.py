"""What is told of a share, and what every command on shares goes by."""

from __future__ import annotations

from datetime import datetime
from typing import Self

import msgspec

from domain.plaintext import Plaintext
from domain.ports import SealContext
from domain.share import EXPIRED, OPEN
from domain.share_view import ShareRow, ShareViewRow


class ShareLimits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of what may be shared. Times in seconds."""

    default_ttl_seconds: int = 86_400
    max_ttl_seconds: int = 7 * 86_400
    passphrase_tries: int = 5
    max_value_bytes: int = 64 * 1024


class NewShare(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be shared, and how; `ttl_seconds` None is the default. The buffers are the caller's to wipe."""

    value: Plaintext
    passphrase: Plaintext | None = None
    ttl_seconds: int | None = None
    max_views: int = 1
    note: str = ""


class ShareMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A share as told to its tenant. `token` and `url` are there once, in the answer to its making."""

    id: str
    subject: str
    note: str
    state: str
    passphrase_required: bool
    max_views: int
    views_left: int
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None
    token: str | msgspec.UnsetType = msgspec.UNSET
    url: str | msgspec.UnsetType = msgspec.UNSET
    replayed: bool | msgspec.UnsetType = msgspec.UNSET

    def __repr__(self) -> str:
        """Without the token."""
        return f"ShareMeta({self.id}, {self.state})"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """One time that the value was given: when, to whom as far as is known, and where the log says so."""

    number: int
    at: datetime
    address: str = msgspec.field(name="from")
    agent: str
    actor: str
    position: int

    @classmethod
    def of(cls, row: ShareViewRow) -> Self:
        """What the read model has."""
        return cls(**msgspec.structs.asdict(row))


class ShareReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """A share, and what became of it: each view, and how many wrong passphrases were tried."""

    share: ShareMeta
    views: list[Seen]
    failed_passphrases: int


class Redeemed(msgspec.Struct, frozen=True):
    """A share's value, which the receiver wipes, and how often it may still be given."""

    value: Plaintext
    views_left: int


def meta_of(row: ShareRow, now: datetime) -> ShareMeta:
    """What may be told of a share; one whose time is over has expired, whether the log says so yet or not."""
    over = row.state == OPEN and row.expires_at <= now
    state = EXPIRED if over else row.state
    return ShareMeta(
        id=row.share_id,
        subject=row.subject,
        note=row.note,
        state=state,
        passphrase_required=row.guarded,
        max_views=row.max_views,
        views_left=row.max_views - row.views if state == OPEN else 0,
        created_at=row.created_at,
        expires_at=row.expires_at,
        ended_at=row.expires_at if over else row.ended_at,
    )


def seal_context(tenant: str, share_id: str) -> SealContext:
    """What a share's value is bound to."""
    return SealContext(tenant, "share", share_id, 1)


def purpose(tenant: str, share_id: str) -> str:
    """What a share's passphrase is for."""
    return f"share\n{tenant}\n{share_id}"
