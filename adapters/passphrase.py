"""Values under a passphrase: AES-256-GCM with a key that Argon2id makes of it, on threads of its own.

Locked form: 1 (the form's number) ‖ salt (16 bytes, random) ‖ nonce ‖ ciphertext ‖ tag. The purpose is bound to it as
additional data, so that a locked value moved elsewhere does not open there.
"""

from __future__ import annotations

import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from adapters.crypto import AeadKey, slow_key
from domain.errors import LogBroken
from domain.plaintext import Plaintext

_FORM: Final = b"\x01"
_SALT_BYTES: Final = 16
_TAG: Final = b"trstctl-passphrase/v1\x00"


class PassphraseThreads:
    """The `PassphraseLock`. At most `at_once` derivations run at a time, each in 64 MiB; further ones wait."""

    def __init__(self, at_once: int = 2) -> None:
        self._pool = ThreadPoolExecutor(at_once, "passphrase")

    async def lock(self, value: Plaintext, passphrase: Plaintext, purpose: str) -> Plaintext:
        """See `domain.passphrase.PassphraseLock`."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, _locked, value, passphrase, purpose)

    async def unlock(self, locked: Plaintext, passphrase: Plaintext, purpose: str) -> Plaintext | None:
        """See `domain.passphrase.PassphraseLock`; raises `LogBroken` for what was never locked."""
        if locked.buffer[:1] != _FORM:
            raise LogBroken("the value is not in a form that a passphrase opens")
        return await asyncio.get_running_loop().run_in_executor(self._pool, _unlocked, locked, passphrase, purpose)

    def close(self) -> None:
        """Take no more work; what has begun ends by itself in a moment."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def _locked(value: Plaintext, passphrase: Plaintext, purpose: str) -> Plaintext:
    salt = os.urandom(_SALT_BYTES)
    key = AeadKey(slow_key(passphrase.buffer, salt))
    try:
        return Plaintext(bytearray(_FORM + salt + key.encrypt(value.buffer, _aad(purpose))))
    finally:
        key.wipe()


def _unlocked(locked: Plaintext, passphrase: Plaintext, purpose: str) -> Plaintext | None:
    body = memoryview(locked.buffer)[1:]
    key = AeadKey(slow_key(passphrase.buffer, bytes(body[:_SALT_BYTES])))
    try:
        return Plaintext(key.decrypt(body[_SALT_BYTES:], _aad(purpose)))
    except LogBroken:  # the seal around it has shown that nothing was altered: so the key is another
        return None
    finally:
        key.wipe()


def _aad(purpose: str) -> bytes:
    return _TAG + purpose.encode()
