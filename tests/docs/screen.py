"""What a terminal shows of what was sent to it: enough of one for lines, overwritten lines and erased ones."""

from __future__ import annotations

import re
from typing import Final

_PIECES: Final = re.compile(r"\x1b\[(?P<number>[0-9;?]*)(?P<what>[A-Za-z])|\x1b\][^\x07]*\x07|(?P<one>.)", re.DOTALL)


def shown(sent: str) -> str:
    """The lines that are left in the end, each ended by a line feed; without colour, and without empty ones around."""
    lines, row, column = [""], 0, 0
    for piece in _PIECES.finditer(sent):
        if piece["what"] == "A":
            row = max(0, row - int(piece["number"] or 1))
        elif piece["what"] == "K":
            lines[row] = "" if piece["number"] == "2" else lines[row][:column]
        elif piece["one"] == "\r":
            column = 0
        elif piece["one"] == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif piece["one"] is not None:
            lines[row] = f"{lines[row][:column].ljust(column)}{piece['one']}{lines[row][column + 1 :]}"
            column += 1
    text = "\n".join(line.rstrip() for line in lines).strip("\n")
    return f"{text}\n" if text else ""
