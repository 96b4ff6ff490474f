"""How a token lives on after its issue: renewals, and uses where those are counted.

In a stream beside the token's own, whose second event is its end: so a token is renewed and used without being in the
way of whoever ends it, and of two nodes that count a use at once one is refused.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.event import Event
from domain.names import stream_of


def life_stream(tenant: str, token_id: str) -> UUID:
    """The stream of a token's renewals and uses."""
    return stream_of("token_life", tenant, token_id)


class ApiTokenRenewed(Event, frozen=True, kw_only=True):
    """The token lives until `expires_at`."""

    TOPIC: ClassVar[str] = "api_token.renewed"
    token_id: str
    expires_at: datetime


class ApiTokenUsed(Event, frozen=True, kw_only=True):
    """One of its counted uses; `remaining` are left."""

    TOPIC: ClassVar[str] = "api_token.used"
    token_id: str
    remaining: int
