"""A value in the clear, held in memory that can be wiped and in a type that will not give it away."""

from __future__ import annotations

import hmac
from types import TracebackType
from typing import NoReturn, Self


class Plaintext:
    """A wipeable buffer of secret bytes. Use as a context manager: leaving it overwrites the bytes with zeros.

    `repr` is redacted; `str()`, pickling, copying and hashing are refused; equality is constant-time.
    """

    __slots__ = ("buffer",)
    __hash__ = None  # type: ignore[assignment]  # a hash would be a fingerprint of the value

    def __init__(self, buffer: bytearray) -> None:
        self.buffer = buffer

    @classmethod
    def copy_of(cls, data: bytes | bytearray | memoryview) -> Self:
        """A new buffer with a copy of `data`; the source stays the caller's to wipe."""
        return cls(bytearray(data))

    def wipe(self) -> None:
        """Overwrite the bytes with zeros, keeping the length."""
        self.buffer[:] = bytes(len(self.buffer))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.wipe()

    def __len__(self) -> int:
        return len(self.buffer)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plaintext) and hmac.compare_digest(self.buffer, other.buffer)

    def __repr__(self) -> str:
        return f"Plaintext(<{len(self.buffer)} bytes redacted>)"

    def __str__(self) -> NoReturn:
        raise TypeError("a Plaintext does not become a str; use its buffer, and wipe it")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a Plaintext is not formatted; use its buffer, and wipe it")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Plaintext is not pickled or copied")
