"""How the log names who has logged in."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from domain.logins.place import Place

_PLAIN: Final = re.compile(r"[A-Za-z0-9_.@:/-]*\Z")
_OTHER: Final = re.compile(r"[^A-Za-z0-9_.@:/-]")
_LONGEST: Final = 200
_SHORTENED: Final = 150


def subject_of(place: Place, name: str) -> str:
    """Mount and name, `approle/deployer`: two that differ never give the same.

    A name that a subject may not have is told in what may stand there, with a digest behind a `+` of all of it.
    """
    whole = f"{place.path}{name}"
    if len(whole) <= _LONGEST and _PLAIN.match(whole) and whole[0].isalnum():
        return whole
    return f"x{_OTHER.sub('_', whole)[:_SHORTENED]}+{sha256(whole.encode()).hexdigest()[:24]}"


def display_name(place: Place, name: str) -> str:
    """As Vault makes it: `userpass-anna`, and `approle` where there is no name."""
    source = place.path.strip("/").replace("/", "-")
    return f"{source}-{name}" if name else source
