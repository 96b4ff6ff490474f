"""References between secrets: `${secret.path}`, `${secret.path@3}` pinned to a version, `$${` for a literal `${`."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from domain.errors import Invalid
from domain.names import MAX_PATH, checked_path

MAX_DEPTH: Final = 16
"""How deep references may lead."""
MAX_REFERENCES: Final = 256
"""How many other secrets a request's references may lead to, all together."""
MAX_FOLLOWED: Final = 4096
"""How many references may be followed to expand one value, each counted as often as it is met."""
MAX_EXPANDED: Final = 4 * 1024 * 1024
"""Longest expanded value, in bytes."""
MAX_TOGETHER: Final = 96 * 1024 * 1024
"""Longest all values of one answer, in bytes: as much as one import may bring."""

_TOKEN = re.compile(rb"\$\$\{|\$\{secret\.([^}]{0,%d})\}" % (MAX_PATH + 20))
_PIN = re.compile(r"(.*)@([1-9][0-9]{0,17})\Z", re.DOTALL)


class Reference(NamedTuple):
    """A place in a value that stands for another secret."""

    start: int
    end: int
    path: str
    version: int | None


def pinned(text: str) -> tuple[str, int | None]:
    """Path and version of what stands between `${secret.` and `}`."""
    match = _PIN.match(text)
    return (match[1], int(match[2])) if match else (text, None)


def found(value: bytes | bytearray) -> list[Reference | int]:
    """The references in `value` and, as their offsets, the escapes, in order."""
    marks: list[Reference | int] = []
    for match in _TOKEN.finditer(value):
        if match[1] is None:
            marks.append(match.start())
        else:
            path, version = pinned(match[1].decode("utf-8", "replace"))
            marks.append(Reference(match.start(), match.end(), path, version))
    return marks


def named(value: bytes | bytearray) -> list[str]:
    """What a value refers to, as `path` or `path@version`, each once, sorted: only what could be a secret's path."""
    names = set()
    for mark in found(value):
        if isinstance(mark, Reference) and _is_path(mark.path):
            names.add(mark.path if mark.version is None else f"{mark.path}@{mark.version}")
    return sorted(names)[:MAX_REFERENCES]


def _is_path(path: str) -> bool:
    try:
        checked_path(path)
    except Invalid:
        return False
    return True
