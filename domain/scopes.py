"""Who may do what: scopes `resource:verb`, optionally bounded by a path pattern, and the roles that bundle them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from domain.errors import Forbidden, Invalid

VERBS: Final = frozenset(
    {
        "secrets:list",
        "secrets:read",
        "secrets:write",
        "secrets:delete",
        "secrets:destroy",
        "secrets:export",
        "access:read",
        "access:write",
        "approvals:read",
        "approvals:decide",
        "approvals:break-glass",
        "audit:read",
        "audit:verify",
        "auth:read",
        "auth:write",
        "keys:decrypt",
        "keys:encrypt",
        "keys:manage",
        "keys:read",
        "keys:sign",
        "keys:verify",
        "leases:issue",
        "leases:read",
        "leases:revoke",
        "mounts:read",
        "mounts:write",
        "operations:read",
        "operations:write",
        "policies:read",
        "policies:write",
        "providers:read",
        "providers:write",
        "rotations:read",
        "rotations:run",
        "rotations:write",
        "shares:create",
        "shares:manage",
    }
)
"""Every scope there is, without its pattern."""

BOUNDABLE: Final = frozenset(
    verb for verb in VERBS if verb.startswith(("secrets:", "keys:", "leases:", "rotations:run", "approvals:"))
)
"""Scopes that a pattern may narrow: of a path, for `leases:` of `provider/role`, for `keys:` of a key's name."""

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "operator": ("*",),
    "editor": ("secrets:list", "secrets:read", "secrets:write", "secrets:delete"),
    "viewer": ("secrets:list",),
    "auditor": ("audit:read", "audit:verify", "secrets:list"),
}
"""A viewer sees names, never values; an auditor sees who did what."""

MAX_SCOPES: Final = 64
_PATTERN = re.compile(r"[A-Za-z0-9_.~+=:,/*-]{1,1024}\Z")


def parsed(texts: Sequence[str]) -> tuple[str, ...]:
    """Scopes with their roles (`role:editor`, `role:editor:app/*`) spelled out; raises `Invalid` naming a wrong one."""
    if not 1 <= len(texts) <= MAX_SCOPES:
        raise Invalid(f"give 1 to {MAX_SCOPES} scopes; for example secrets:read:app/* or role:viewer")
    return tuple(dict.fromkeys(scope for text in texts for scope in _expanded(text)))


def _expanded(text: str) -> Iterable[str]:
    if text == "*":
        return ("*",)
    resource, _, rest = text.partition(":")
    verb, bounded, pattern = rest.partition(":")
    if bounded and not _PATTERN.match(pattern):
        raise Invalid(f"scope {text!r}: a pattern is a path in which * stands for any characters")
    if resource == "role":
        return (_narrowed(scope, pattern) for scope in _role(verb, text))
    if f"{resource}:{verb}" not in VERBS:
        raise Invalid(f"there is no scope {text!r}; there are {', '.join(sorted(VERBS))}, * and role:NAME")
    return (_narrowed(f"{resource}:{verb}", pattern),)


def _role(name: str, text: str) -> tuple[str, ...]:
    if name not in ROLES:
        raise Invalid(f"there is no role in {text!r}; there are {', '.join(sorted(ROLES))}")
    return ROLES[name]


def _narrowed(scope: str, pattern: str) -> str:
    if not pattern:
        return scope
    if scope not in BOUNDABLE:
        raise Invalid(f"scope {scope} takes no path pattern")
    return f"{scope}:{pattern}"


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    """The pattern as an expression that takes time in proportion to the path's length, however many `*` it has.

    What lies between two `*` may as well stand where it fits first. So a fit found is not given up again: `(?>…)`.
    """
    first, *rest = map(re.escape, text.split("*"))
    if not rest:
        return re.compile(rf"{first}\Z")
    *between, last = rest
    steps = "".join(f"(?>.*?{part})" for part in between if part)
    return re.compile(rf"{first}{steps}.*{last}\Z", re.DOTALL)


def matches(pattern: str, path: str) -> bool:
    """Whether `path` is as `pattern` says, in which `*` stands for any characters."""
    return bool(_pattern(pattern).match(path))


def checked_pattern(text: str) -> bool:
    """Whether `text` is a pattern of paths."""
    return bool(_PATTERN.match(text))


def allows(scopes: Iterable[str], verb: str, path: str | None = None) -> bool:
    """Whether one of `scopes` gives `verb` on `path`; without a path, only a scope without a pattern does."""
    for scope in scopes:
        if scope in ("*", verb):
            return True
        if path is not None and scope.startswith(f"{verb}:") and _pattern(scope[len(verb) + 1 :]).match(path):
            return True
    return False


def allows_somewhere(scopes: Iterable[str], verb: str) -> bool:
    """Whether one of `scopes` gives `verb` on any path at all."""
    return any(scope in ("*", verb) or scope.startswith(f"{verb}:") for scope in scopes)


def starts(scopes: Iterable[str], verb: str, prefix: str) -> list[str]:
    """How the paths under `prefix` begin that `scopes` may give `verb` on, in order, none the beginning of another."""
    found: set[str] = set()
    for scope in scopes:
        if scope in ("*", verb):
            return [prefix]
        if scope.startswith(f"{verb}:"):
            literal = scope[len(verb) + 1 :].partition("*")[0]
            if literal.startswith(prefix):
                found.add(literal)
            elif prefix.startswith(literal):
                return [prefix]
    return [start for start in sorted(found) if not any(start != each and start.startswith(each) for each in found)]


def require(scopes: Iterable[str], verb: str, path: str | None = None) -> None:
    """Raises `Forbidden` unless `scopes` give `verb` on `path`."""
    if not allows(scopes, verb, path):
        wanted = f"{verb}:{path}" if path is not None else verb
        raise Forbidden(f"this needs the scope {wanted}; ask an operator for a token that has it")


def covers(held: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether everything `wanted` gives is given by `held`: a bounded scope by the same verb with a wider pattern."""
    held = tuple(held)
    return all(_covered(scope, held) for scope in wanted)


def _covered(scope: str, held: Sequence[str]) -> bool:
    if scope == "*":
        return "*" in held
    resource, verb, *pattern = scope.split(":", 2)
    # A `*` in the wanted pattern must be matched by a `*` of the held one: in the wanted it is a character like others.
    return allows(held, f"{resource}:{verb}", pattern[0] if pattern else None)
