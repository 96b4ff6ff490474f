"""What servers keep in place of passwords, made here so that the password need not go there.

MariaDB gets `mysql_native_password`, which every client speaks and every server has loaded: SHA-1 twice. That is no
weakness against guessing, for there are 256 random bits to guess. MySQL gets `caching_sha2_password`: SHA-256 in 5,000
rounds, in the manner of crypt(3) (https://www.akkadia.org/drepper/SHA-crypt.txt), with a salt of 20 characters.
"""

from __future__ import annotations

import hashlib
import secrets
from string import ascii_letters, digits
from typing import Final

_ALPHABET: Final = b"./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_SALT: Final = ascii_letters + digits
_SALT_LENGTH: Final = 20
_ROUNDS: Final = 5000
_ORDER: Final = (
    (0, 10, 20), (21, 1, 11), (12, 22, 2), (3, 13, 23), (24, 4, 14), (15, 25, 5), (6, 16, 26), (27, 7, 17),
    (18, 28, 8), (9, 19, 29),
)  # fmt: skip


def native(password: str) -> str:
    """As `mysql_native_password` keeps it."""
    once = hashlib.sha1(password.encode("ascii")).digest()  # noqa: S324 - the protocol's hash, of 256 random bits
    return "*" + hashlib.sha1(once).hexdigest().upper()  # noqa: S324 - likewise


def caching_sha2(password: str, salt: str = "") -> str:
    """As `caching_sha2_password` keeps it."""
    salt = salt or "".join(secrets.choice(_SALT) for _ in range(_SALT_LENGTH))
    return f"$A$005${salt}{_sha256_crypt(password.encode('ascii'), salt.encode('ascii'))}"


def _sha256_crypt(password: bytes, salt: bytes) -> str:
    digest = _first_digest(password, salt)
    passwords = _repeated(hashlib.sha256(password * len(password)).digest(), len(password))
    salts = _repeated(hashlib.sha256(salt * (16 + digest[0])).digest(), len(salt))
    for number in range(_ROUNDS):
        parts = passwords if number % 2 else digest
        parts += salts if number % 3 else b""
        parts += passwords if number % 7 else b""
        digest = hashlib.sha256(parts + (digest if number % 2 else passwords)).digest()
    return _encoded(digest)


def _first_digest(password: bytes, salt: bytes) -> bytes:
    other = hashlib.sha256(password + salt + password).digest()
    mixed = password + salt + _repeated(other, len(password))
    bits = len(password)
    while bits:
        mixed += other if bits & 1 else password
        bits >>= 1
    return hashlib.sha256(mixed).digest()


def _repeated(digest: bytes, length: int) -> bytes:
    return (digest * (length // len(digest) + 1))[:length]


def _encoded(digest: bytes) -> str:
    groups = [(digest[a] << 16 | digest[b] << 8 | digest[c], 4) for a, b, c in _ORDER]
    groups.append((digest[31] << 8 | digest[30], 3))
    return bytes(_ALPHABET[value >> 6 * place & 63] for value, count in groups for place in range(count)).decode()
