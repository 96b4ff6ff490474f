"""Users with passwords."""

from __future__ import annotations

from typing import Final, Protocol

from domain.logins.networks import lies_in
from domain.logins.outcome import NotLoggedIn
from domain.logins.token_settings import TokenSettings
from domain.plaintext import Plaintext

METHOD: Final = "userpass"
WRONG: Final = "invalid username or password"
"""What is answered whatever of the two is wrong."""
SALT_BYTES: Final = 16


class User(TokenSettings, frozen=True, kw_only=True, omit_defaults=True):
    """One user: nothing but what its tokens are like."""


class SlowHash(Protocol):
    """Argon2id. It is slow on purpose, so it runs on threads of its own, a few at a time."""

    async def digest(self, text: Plaintext, salt: bytes) -> bytearray:
        """32 bytes of `text`, which stays the caller's to wipe, under a salt of 16 bytes."""
        ...


def check_address(settings: TokenSettings, address: str, role: str) -> None:
    """Raises `NotLoggedIn` for a client outside the networks that the role's tokens are bound to."""
    if settings.token_bound_cidrs and not lies_in(address, settings.token_bound_cidrs):
        raise NotLoggedIn("permission denied", "address outside the networks of the role", role=role, denied=True)
