"""The domain's rules on text as JSON Schema, to be told in the description. The domain checks; a test compares both."""

from __future__ import annotations

from typing import Any, Final

from domain.names import MAX_PATH, RESERVED
from domain.scopes import BOUNDABLE, ROLES, VERBS
from domain.values import MAX_VALUE

Told = dict[str, Any]

_SEGMENT: Final = "[A-Za-z0-9_.~+=:,-]{1,255}"
_NO_DOTS: Final = "(?!(?:.*/)?[.]{1,2}(?:/|$))"
_BOUND: Final = "(:[A-Za-z0-9_.~+=:,/*-]{1,1024})?"

PATH: Final[Told] = {
    "pattern": f"^(?!(?:{'|'.join(sorted(RESERVED))})(?:/|$)){_NO_DOTS}{_SEGMENT}(?:/{_SEGMENT})*$",
    "maxLength": MAX_PATH,
}
"""A secret's path."""
INNER_PATH: Final[Told] = {"pattern": f"^{_NO_DOTS}{_SEGMENT}(?:/{_SEGMENT})*$", "maxLength": MAX_PATH}
"""A path under a folder: there its first segment may be any."""
FOLDER: Final[Told] = {"pattern": f"^(?:{_NO_DOTS}{_SEGMENT}(?:/{_SEGMENT})*/?|/)$", "maxLength": MAX_PATH}
"""A folder, with its slash or without."""
PREFIX: Final[Told] = {"pattern": f"^(?:{_NO_DOTS}{_SEGMENT}(?:/{_SEGMENT})*/?|/)?$", "maxLength": MAX_PATH}
"""A folder, the beginning of names, or nothing."""
MEDIA_TYPE: Final[Told] = {
    "pattern": '^[A-Za-z0-9!#$&^_.+-]{1,64}/[A-Za-z0-9!#$&^_.+-]{1,64}(; ?[A-Za-z0-9!#$&^_.+="-]{1,64}){0,4}$'
}
"""RFC 9110 section 8.3.1."""
BASE64: Final[Told] = {
    "pattern": "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$",
    "maxLength": -(-MAX_VALUE // 3) * 4,
}
"""A value in standard base64, RFC 4648 section 4."""
VARIABLE: Final[Told] = {"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,254}$"}
"""The name of an environment variable."""
SUBJECT: Final[Told] = {"pattern": "^[A-Za-z0-9][A-Za-z0-9_.@:/+-]{0,199}$"}
"""Whom a token is for."""
SCOPE: Final[Told] = {
    "pattern": f"^([*]|({'|'.join(sorted(VERBS - BOUNDABLE))})|({'|'.join(sorted(BOUNDABLE))}){_BOUND}"
    f"|role:({'|'.join(sorted(ROLES))})|role:(editor|viewer){_BOUND})$"
}
"""A scope or a role; those that speak of secrets may be bounded by a pattern of paths."""
NO_CONTROLS: Final[Told] = {"pattern": "^[^\\x00-\\x1f\\x7f]*$"}
"""Text on one line."""
