"""Random text drawn many pieces at a time."""

from __future__ import annotations

import os

from domain.random_text import RandomText


def test_each_piece_is_given_once_and_every_byte_is_used() -> None:
    drawn: list[bytes] = []

    def entropy(size: int) -> bytes:
        drawn.append(os.urandom(size))
        return drawn[-1]

    fresh = RandomText(entropy, 8)
    pieces = [fresh() for _ in range(600)]
    assert len(set(pieces)) == 600
    assert all(len(piece) == 16 for piece in pieces)
    assert len(drawn) == 3
    given = sorted(pieces[:256])
    assert given == sorted(drawn[0][start : start + 8].hex() for start in range(0, len(drawn[0]), 8))
