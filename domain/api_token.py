"""The aggregate ApiToken: a bearer token from its issue to its end. The log holds its hash, never the token."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Final, Self
from uuid import UUID

import msgspec

from domain.errors import Invalid
from domain.event import Aggregate, Created, Event
from domain.names import stream_of

MAX_GENERATIONS: Final = 32
"""Tokens from one that nobody minted down to the last that mints no more."""
LIVING: Final = 1
"""How many events a token has that lives: its issue. The second is its revocation.

How it lives on, renewed and used, is told in a stream of its own: `domain.token_life`.
"""
MAX_REASON: Final = 500
EXPIRED: Final = "expired"
"""The reason that the clock has for a revocation."""
_SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@:/+-]{0,199}\Z")


def token_stream(tenant: str, token_id: str) -> UUID:
    """The stream of a token."""
    return stream_of("api_token", tenant, token_id)


class ApiTokenIssued(Created, frozen=True, kw_only=True):
    """A token was handed out once; `hash` is the SHA-256 of its 256 random bits, lower-case hex."""

    TOPIC: ClassVar[str] = "api_token.issued"
    token_id: str
    subject: str
    scopes: list[str]
    expires_at: datetime | None
    parent: str | None
    hash: str
    policies: list[str] = msgspec.field(default_factory=list)
    terms: str = ""
    """JSON of `domain.token_terms.Terms`; empty for a token that has none."""


class ApiTokenRevoked(Event, frozen=True, kw_only=True):
    """The token is refused from here on, and every token that descends from it."""

    TOPIC: ClassVar[str] = "api_token.revoked"
    token_id: str
    reason: str
    orphaning: bool = False
    """Whether those that it minted live on, as orphans."""

    def apply(self, aggregate: ApiToken) -> None:
        """No way back."""
        aggregate.revoked = True


class ApiToken(Aggregate):
    """One token of one tenant."""

    TOPIC = "api_token"

    def __init__(self, token_id: str, subject: str) -> None:
        self.token_id = token_id
        self.subject = subject
        self.revoked = False

    @classmethod
    def issue(
        cls,
        tenant: str,
        *,
        token_id: str,
        subject: str,
        scopes: list[str],
        expires_at: datetime | None,
        parent: str | None,
        digest: str,
        at: datetime,
        policies: Sequence[str] = (),
        terms: str = "",
    ) -> Self:
        """A new token; raises `Invalid` for a subject outside A-Z a-z 0-9 _ . @ : / + - (at most 200)."""
        if not _SUBJECT.match(subject):
            raise Invalid(
                f"subject {subject!r}: use 1 to 200 of A-Z a-z 0-9 _ . @ : / + -, starting with a letter or digit"
            )
        return cls._create(
            ApiTokenIssued,
            id=token_stream(tenant, token_id),
            token_id=token_id,
            subject=subject,
            scopes=scopes,
            expires_at=expires_at,
            parent=parent,
            hash=digest,
            policies=list(policies),
            terms=terms,
            timestamp=at,
        )


def revocation(tenant: str, token_id: str, reason: str, at: datetime, *, orphaning: bool = False) -> ApiTokenRevoked:
    """The end of a token: refused by the log if it has ended already, for a token ends once."""
    return ApiTokenRevoked(
        originator_id=token_stream(tenant, token_id),
        originator_version=LIVING + 1,
        timestamp=at,
        token_id=token_id,
        reason=reason[:MAX_REASON],
        orphaning=orphaning,
    )


def inherited(token_id: str, reason: str) -> str:
    """Why a token ended that descends from `token_id`, which was revoked for `reason`."""
    return f"revoked with {token_id}{': ' if reason else ''}{reason}"[:MAX_REASON]
