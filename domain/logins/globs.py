"""Patterns in which `*` stands for any number of any characters, and nothing else stands for anything."""

from __future__ import annotations

from collections.abc import Iterable


def matches(pattern: str, text: str) -> bool:
    """Whether all of `text` is described by `pattern`, in time linear in both for each star."""
    first, *others = pattern.split("*")
    if not others:
        return text == pattern
    last = others.pop()
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    start, end = len(first), len(text) - len(last)
    for part in others:
        found = text.find(part, start, end)
        if found < 0:
            return False
        start = found + len(part)
    return True


def matches_any(patterns: Iterable[str], text: str) -> bool:
    """Whether one of `patterns` describes `text`."""
    return any(matches(pattern, text) for pattern in patterns)
