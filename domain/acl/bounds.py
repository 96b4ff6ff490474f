"""Within which bounds a rule gives what it gives: fields of the request, and how its answer is wrapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from domain.acl.rules import CREATE, PATCH, READ, UPDATE, Parameters, Rule

_WITH_FIELDS: Final = frozenset({CREATE, READ, UPDATE, PATCH})
_EVERY: Final = "*"


class Bounds:
    """Of all rules on one path together."""

    __slots__ = ("allowed", "denied", "longest", "required", "shortest")

    def __init__(self, rule: Rule) -> None:
        self.allowed: Parameters = dict(rule.allowed)
        self.denied: Parameters = dict(rule.denied)
        self.required = list(rule.required)
        self.shortest = rule.min_wrapping_ttl
        self.longest = rule.max_wrapping_ttl

    def add(self, rule: Rule) -> None:
        """Take in the bounds of a further rule on the same path, as Vault joins them."""
        _join(self.allowed, rule.allowed)
        _join(self.denied, rule.denied)
        self.required += [name for name in rule.required if name not in self.required]
        self.shortest = _lesser(self.shortest, rule.min_wrapping_ttl)
        self.longest = _lesser(self.longest, rule.max_wrapping_ttl)

    def told(self) -> dict[str, Any]:
        """Those that there are, by Vault's names."""
        found = {
            "min_wrapping_ttl": self.shortest,
            "max_wrapping_ttl": self.longest,
            "allowed_parameters": self.allowed,
            "denied_parameters": self.denied,
            "required_parameters": self.required,
        }
        return {name: value for name, value in found.items() if value}

    def is_free(self, capability: str) -> bool:
        """Whether nothing about a request but its path matters."""
        if self.shortest or self.longest:
            return False
        return capability not in _WITH_FIELDS or not (self.allowed or self.denied or self.required)

    def hold(self, capability: str, fields: Mapping[str, Any], wrap_seconds: int | None) -> bool:
        """Whether the request keeps them."""
        if not self._wrapped(wrap_seconds):
            return False
        return capability not in _WITH_FIELDS or self._fields(fields)

    def _wrapped(self, seconds: int | None) -> bool:
        if not self.shortest and not self.longest:
            return True
        if seconds is None or seconds < self.shortest:
            return False
        return not self.longest or seconds <= self.longest

    def _fields(self, fields: Mapping[str, Any]) -> bool:
        if any(name.lower() not in fields for name in self.required):
            return False
        if not fields:
            return True
        if _EVERY in self.denied:
            return False
        if any(_denies(self.denied, name.lower(), value) for name, value in fields.items()):
            return False
        if not self.allowed or (len(self.allowed) == 1 and _EVERY in self.allowed):
            return True
        return all(_allows(self.allowed, name.lower(), value) for name, value in fields.items())


def _join(into: Parameters, more: Parameters) -> None:
    for name, values in more.items():
        held = into.get(name)
        into[name] = [] if not values or held == [] else [*values, *(held or [])]


def _lesser(one: int, other: int) -> int:
    return min(one, other) if one and other else one or other


def _denies(denied: Parameters, name: str, value: object) -> bool:
    return name in denied and _among(value, denied[name])


def _allows(allowed: Parameters, name: str, value: object) -> bool:
    return _among(value, allowed[name]) if name in allowed else _EVERY in allowed


def _among(value: object, values: Sequence[object]) -> bool:
    return not values or any(_same(each, value) for each in values)


def _same(wanted: object, value: object) -> bool:
    """Equal, or text as `wanted` says with a `*` at an end. A number or boolean counts as what it is written like."""
    if isinstance(wanted, dict | list) or isinstance(value, dict | list) or wanted is None or value is None:
        return wanted == value
    if _is_number(wanted) and _is_number(value):
        return wanted == value
    pattern, text = _text(wanted), _text(value)
    if not isinstance(wanted, str) or len(pattern) < 2:
        return pattern == text
    if pattern[0] == pattern[-1] == _EVERY:
        return pattern[1:-1] in text
    if pattern[0] == _EVERY:
        return text.endswith(pattern[1:])
    return text.startswith(pattern[:-1]) if pattern[-1] == _EVERY else pattern == text


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _text(value: object) -> str:
    if isinstance(value, float):
        return float.__repr__(value)  # however it is written: `1.10` is `1.1`
    return str(value).lower() if isinstance(value, bool) else str(value)
