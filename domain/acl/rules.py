"""One rule of a policy: what it gives under which path, and within which bounds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

CREATE: Final = "create"
READ: Final = "read"
UPDATE: Final = "update"
PATCH: Final = "patch"
DELETE: Final = "delete"
LIST: Final = "list"
SUDO: Final = "sudo"
DENY: Final = "deny"
CAPABILITIES: Final = frozenset({CREATE, READ, UPDATE, PATCH, DELETE, LIST, SUDO, DENY, "scan", "subscribe", "recover"})
"""Those that may be written. The last three are for operations that are not served: they give nothing."""

MAX_PATH: Final = 2048
"""Longest path of a rule, in characters."""
MAX_RULES: Final = 2000
"""Most rules of one policy."""

Parameters = dict[str, list[Any]]
"""Values by lower-case name of a field; no values means any, the name `*` means every field."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`path` may end in `*`, which stands for anything, and hold segments `+`, each of which stands for one segment."""

    path: str
    capabilities: tuple[str, ...] = ()
    allowed: Parameters = {}
    denied: Parameters = {}
    required: tuple[str, ...] = ()
    min_wrapping_ttl: int = 0
    """Seconds; 0 is no bound."""
    max_wrapping_ttl: int = 0

    @property
    def is_template(self) -> bool:
        """Whether it is of an identity that Vault would fill in. There are none here: such a rule speaks of nobody."""
        return "{{" in self.path

    @property
    def has_segments(self) -> bool:
        """Whether one of its segments stands for any."""
        return self.path == "+" or self.path.startswith("+/") or "/+" in self.path


def encoded(rules: Sequence[Rule]) -> str:
    """The rules as they stand in the event."""
    return msgspec.json.encode(rules).decode()


def decoded(text: str) -> list[Rule]:
    """The inverse of `encoded`."""
    return msgspec.json.decode(text, type=list[Rule])
