"""The server's half of SCRAM-SHA-256 (RFC 5802, RFC 7677), as MongoDB carries it in saslStart and saslContinue."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from typing import Final, Self

_ITERATIONS: Final = 15_000


class WrongLogin(Exception):
    """The proof is not of this user's password, or the conversation is none."""


@dataclass(frozen=True)
class Verifier:
    """What the server keeps of a password."""

    salt: bytes
    stored_key: bytes
    server_key: bytes

    @classmethod
    def of(cls, password: str) -> Self:
        """A new one, with a salt of its own."""
        salt = secrets.token_bytes(28)
        salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
        client_key = _mac(salted, b"Client Key")
        return cls(salt, hashlib.sha256(client_key).digest(), _mac(salted, b"Server Key"))


def user_of(first: bytes) -> str:
    """Whom the client's first message is about."""
    return _fields(first.decode().removeprefix("n,,"))["n"].replace("=2C", ",").replace("=3D", "=")


class Conversation:
    """One login."""

    def __init__(self, first: bytes, verifier: Verifier) -> None:
        self._bare = first.decode().removeprefix("n,,")
        self._verifier = verifier
        self._nonce = _fields(self._bare)["r"] + secrets.token_urlsafe(18)
        self.challenge = f"r={self._nonce},s={_text(verifier.salt)},i={_ITERATIONS}"

    def finish(self, final: bytes) -> bytes:
        """The server's last message; raises `WrongLogin`."""
        without_proof, _, proof = final.decode().rpartition(",p=")
        said = f"{self._bare},{self.challenge},{without_proof}".encode()
        client_key = _xor(base64.b64decode(proof), _mac(self._verifier.stored_key, said))
        right = hmac.compare_digest(hashlib.sha256(client_key).digest(), self._verifier.stored_key)
        if not right or _fields(without_proof) != {"c": "biws", "r": self._nonce}:
            raise WrongLogin
        return f"v={_text(_mac(self._verifier.server_key, said))}".encode()


def _fields(message: str) -> dict[str, str]:
    return dict(part.split("=", 1) for part in message.split(","))


def _mac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
