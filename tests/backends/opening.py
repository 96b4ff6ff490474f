"""The code under test, opened on a world as the server opens it; and accounts to make there."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from adapters.provider_table import kind
from domain.backends import ACCOUNT_PREFIX, Account, Backend
from tests.backends.world import Setup

TIMEOUT: Final = 5.0
LIMIT: Final = 4


def opened(
    setup: Setup,
    *,
    connection: dict[str, Any] | None = None,
    secret: dict[str, str] | None = None,
    limit: int = LIMIT,
    timeout: float = TIMEOUT,
) -> Backend:
    """A backend of the world's kind; `connection` and `secret` are changes to the world's own."""
    opening = kind(setup.kind)
    settings = msgspec.convert({**setup.connection, **(connection or {})}, opening.connection)
    return opening.open(settings, {**setup.secrets, **(secret or {})}, limit, timeout)


def planned(setup: Setup, *, seconds: float | None = None, settings: dict[str, Any] | None = None) -> Account:
    """An account that is not there yet, as the server plans it."""
    role = msgspec.convert(setup.role if settings is None else settings, kind(setup.kind).role)
    return Account(
        name=f"{ACCOUNT_PREFIX}read-ada-{secrets.token_hex(6)}",
        tenant="acme",
        lease_id=f"lease-{secrets.token_hex(12)}",
        subject="ada@example.com",
        role="read",
        settings=role,
        expires_at=datetime.now(UTC) + timedelta(seconds=setup.usual_seconds if seconds is None else seconds),
    )


def made(account: Account, handle: dict[str, str]) -> Account:
    """The account as it is known once it was made."""
    return msgspec.structs.replace(account, handle=handle)
