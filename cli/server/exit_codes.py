"""Exit codes of `trstctl`: the one table from errors to codes. Stable: scripts and service managers rest on them."""

from __future__ import annotations

from typing import Final

from domain import errors
from domain.errors import TrstctlError

OK: Final = 0
FAILED: Final = 1
"""Something was found wrong, or refused."""
COULD_NOT: Final = 2
"""Used wrongly, misconfigured, unable to check, or a fault of ours."""
INTERRUPTED: Final = 130
"""Ctrl-C."""
BROKEN_PIPE: Final = 141
"""Whoever read our output stopped reading."""

CODES: Final[dict[type[TrstctlError], int]] = {
    errors.Unavailable: COULD_NOT,
    errors.Invalid: COULD_NOT,
    TrstctlError: FAILED,
}


def exit_code(error: TrstctlError) -> int:
    """The code of the nearest class up the tree."""
    return next(CODES[kind] for kind in type(error).__mro__ if kind in CODES)
