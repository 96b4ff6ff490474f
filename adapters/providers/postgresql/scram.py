"""SCRAM-SHA-256 verifiers (RFC 5803), as PostgreSQL stores them in place of passwords."""

from __future__ import annotations

import hashlib
import hmac
import os
from base64 import b64encode
from typing import Final

_ITERATIONS: Final = 4096
"""The least that clients accept (RFC 7677). More would slow every login and add nothing to 256 random bits."""


def verifier(password: str, salt: bytes | None = None) -> str:
    """What a server needs to check `password`, which is ASCII; it cannot be used to log in."""
    salt = os.urandom(16) if salt is None else salt
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    told, kept, ours = (b64encode(part).decode("ascii") for part in (salt, stored, server))
    return f"SCRAM-SHA-256${_ITERATIONS}:{told}${kept}:{ours}"
