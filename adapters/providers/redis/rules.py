"""ACL rules: which of them a role may have, and how those of a user that is there are read.

Source: redis.io, "ACL" and the commands ACL SETUSER and ACL GETUSER.
"""

from __future__ import annotations

import re
from typing import Any, Final

_RULE: Final = re.compile(
    r"~\S+|%(?:R|W|RW)~\S+|&\S+|[+-]@?[a-z0-9._|-]+|"
    r"allkeys|resetkeys|allchannels|resetchannels|allcommands|nocommands|sanitize-payload|skip-sanitize-payload",
    re.IGNORECASE,
)


def check_rule(rule: str) -> None:
    """Raises `ValueError` unless it speaks of keys, channels or commands, or is a selector in parentheses of such."""
    parts = rule[1:-1].split(" ") if rule.startswith("(") and rule.endswith(")") else [rule]
    for part in parts:
        if not _RULE.fullmatch(part):
            raise ValueError(
                f"{rule!r} is no rule of keys (~app:*), channels (&news:*) or commands (+get, -@dangerous);"
                " passwords, on, off, nopass and reset are set by us"
            )


def making(name: str, rules: list[str], digest: str) -> list[str]:
    """The command that makes a user of exactly these rules whose password has this SHA-256, in hexadecimal.

    Redis checks every rule before it applies any. `reset` takes nothing from nobody: the user is not there.
    """
    return ["ACL", "SETUSER", name, "reset", "resetchannels", *rules, f"#{digest}", "on"]


def read(user: dict[str, Any]) -> list[str]:
    """The rules of a user as ACL GETUSER tells them, without its passwords and whether it may log in."""
    flags = [flag for flag in user.get("flags", []) if flag in {"sanitize-payload", "skip-sanitize-payload"}]
    selectors = [f"({' '.join(_parts(selector))})" for selector in user.get("selectors", [])]
    return [*flags, *_parts(user), *selectors]


def _parts(user: dict[str, Any]) -> list[str]:
    return [*_keys(user["keys"], "~"), *_keys(user["channels"], "&"), *user["commands"].split()]


def _keys(told: str | list[str], mark: str) -> list[str]:
    """A text of rules since Redis 7; before that a list of patterns without their mark."""
    return told.split() if isinstance(told, str) else [mark + pattern for pattern in told]
