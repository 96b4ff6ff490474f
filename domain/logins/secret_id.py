"""The aggregate LoginSecretId: the second half of what a program logs in with by approle. The log holds its hash.

A use that is counted is an event that expects its version of the stream: of two nodes that count the last use at once,
the log refuses one.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from domain.event import Aggregate, Created, Event
from domain.logins.place import Place


class SecretIdIssued(Created, frozen=True, kw_only=True):
    """It was handed out once. `max_uses` 0 is without a bound; `ttl_seconds` 0 is without an end."""

    TOPIC: ClassVar[str] = "login_secret_id.issued"
    mount: str
    accessor: str
    role: str
    handle: str
    hash: str
    max_uses: int
    ttl_seconds: int
    expires_at: datetime | None
    metadata: dict[str, str]
    cidrs: list[str]
    token_cidrs: list[str]


class SecretIdUsed(Event, frozen=True, kw_only=True):
    """A login was made with it, and `remaining` are left; with none left it is gone."""

    TOPIC: ClassVar[str] = "login_secret_id.used"
    mount: str
    accessor: str
    role: str
    handle: str
    remaining: int

    def apply(self, aggregate: LoginSecretId) -> None:
        """One fewer."""
        aggregate.remaining = self.remaining


class SecretIdDestroyed(Event, frozen=True, kw_only=True):
    """It is of no use any more; `reason` is `destroyed` or `expired`."""

    TOPIC: ClassVar[str] = "login_secret_id.destroyed"
    mount: str
    accessor: str
    role: str
    handle: str
    reason: str

    def apply(self, aggregate: LoginSecretId) -> None:
        """The end."""
        aggregate.live = False


class LoginSecretId(Aggregate):
    """One secret id of one role. `handle` is what Vault calls its accessor: it names it and logs nobody in."""

    TOPIC = "login_secret_id"

    def __init__(self, role: str, handle: str, max_uses: int) -> None:
        self.role = role
        self.handle = handle
        self.remaining = max_uses
        self.live = True

    @classmethod
    def issue(
        cls,
        place: Place,
        role: str,
        *,
        handle: str,
        digest: str,
        max_uses: int,
        ttl_seconds: int,
        expires_at: datetime | None,
        metadata: dict[str, str],
        cidrs: list[str],
        token_cidrs: list[str],
        at: datetime,
    ) -> Self:
        """A new one."""
        return cls._create(
            SecretIdIssued,
            id=place.secret_id_stream(handle),
            mount=place.path,
            accessor=place.accessor,
            role=role,
            handle=handle,
            hash=digest,
            max_uses=max_uses,
            ttl_seconds=ttl_seconds,
            expires_at=expires_at,
            metadata=metadata,
            cidrs=cidrs,
            token_cidrs=token_cidrs,
            timestamp=at,
        )
