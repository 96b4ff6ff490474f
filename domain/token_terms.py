"""What a token was given beside its scopes: policies, and how it may live on. As Vault's clients know tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

ROOT: Final = "root"
DEFAULT: Final = "default"
"""The policy of what every token may do with itself."""


class Terms(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of one token. Times in seconds; 0 means there is no such bound."""

    display_name: str = "token"
    metadata: dict[str, str] = {}
    path: str = "auth/token/create"
    """The path it was asked for at."""
    role: str = ""
    kind: str = "service"
    renewable: bool = True
    ttl: int = 0
    """How long it was given at first, and is given by a renewal that names nothing."""
    period: int = 0
    """If set, each renewal gives so long, without an end."""
    max_expires_at: datetime | None = None
    """No renewal goes beyond it."""
    explicit_max_ttl: int | None = None
    """Of a login: how long the role let it live in all, which no renewal changes. None where nothing says it apart."""
    uses: int = 0
    """How many requests it may make in all."""
    cidrs: tuple[str, ...] = ()
    """Networks it may be used from; empty is any."""


def encoded(terms: Terms) -> str:
    """The terms as they stand in the event."""
    return msgspec.json.encode(terms, order="sorted").decode()


def decoded(text: str) -> Terms:
    """The inverse of `encoded`."""
    return msgspec.json.decode(text, type=Terms)
