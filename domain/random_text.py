"""Random text, drawn many pieces at a time: each draw is a call of the system, at which threads change over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

_MANY: Final = 256


class RandomText:
    """Hexadecimal digits of `size` bytes of `entropy` at a time."""

    def __init__(self, entropy: Callable[[int], bytes], size: int) -> None:
        self._entropy = entropy
        self._size = size
        self._left: list[str] = []

    def __call__(self) -> str:
        """Twice as many digits as bytes; never the same ones again."""
        if not self._left:
            digits, width = self._entropy(self._size * _MANY).hex(), 2 * self._size
            self._left = [digits[start : start + width] for start in range(0, len(digits), width)]
        return self._left.pop()
