"""Text from elsewhere made harmless for a terminal."""

from __future__ import annotations

from typing import Final

_BIDI: Final = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""Characters that turn the direction of what follows: shown plainly they make one text look like another."""

_VISIBLE: Final = {
    **{code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0))},
    **{code: f"\\u{code:04x}" for code in _BIDI},
    0x09: "\\t",
    0x0A: "\\n",
    0x0D: "\\r",
}


def printable(text: str) -> str:
    """`text` with every control character written out, so that it cannot move the cursor, colour or hide anything."""
    return text.translate(_VISIBLE)
