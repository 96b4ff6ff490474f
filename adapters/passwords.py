"""Passwords for accounts we make: no human ever types one."""

from __future__ import annotations

import secrets
from string import ascii_letters, digits
from typing import Final

_ALPHABET: Final = ascii_letters + digits
LENGTH: Final = 43
"""62^43 is a little over 2^256. Letters and digits alone need no escape in any DSN, shell or statement."""


def fresh_password() -> str:
    """A random password of `LENGTH` letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))
