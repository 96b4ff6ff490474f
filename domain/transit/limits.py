"""Bounds of what is asked of transit keys."""

from __future__ import annotations

import re
from typing import Final

from domain.errors import Invalid

MAX_ITEMS: Final = 1000
"""Most items of one request."""
MAX_VERSIONS: Final = 4096
"""Most versions that a key may have at a time."""
MAX_NUMBER: Final = 10**9
"""Highest number of a version."""
MAX_RANDOM: Final = 64 * 1024
"""Most random bytes of one request."""
MIN_PERIOD: Final = 3600
MAX_PERIOD: Final = 10 * 366 * 24 * 3600
"""Shortest and longest time between rotations that come by themselves, in seconds."""
MAX_BACKUP: Final = 7 * 1024 * 1024
"""Longest backup, in characters."""
MAX_OWN_NAME: Final = 128
MAX_NAME: Final = 255 + MAX_OWN_NAME
"""With the path of a mount before it."""
OWN_NAME_PATTERN: Final = f"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{{0,{MAX_OWN_NAME - 2}}}[A-Za-z0-9_])?"
NAME_PATTERN: Final = f"(?:[A-Za-z0-9_.+=:,-]{{1,63}}~)*{OWN_NAME_PATTERN}"
"""A key's name, as a regular expression; `domain.transit.names` tells what stands before the last `~`."""

_NAME = re.compile(rf"{NAME_PATTERN}\Z")


def checked_name(name: str) -> str:
    """`name` unchanged if a key may have it; raises `Invalid`."""
    if len(name) > MAX_NAME or not _NAME.match(name):
        raise Invalid(
            f"a transit key's name has 1 to {MAX_OWN_NAME} of the characters A-Z a-z 0-9 _ . -, "
            "and begins and ends with none of . and -; a mount of the Vault surface may stand before it: mount~name"
        )
    return name
