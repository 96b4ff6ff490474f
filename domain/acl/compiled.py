"""Rules of several policies together, and which of them counts for a path.

As Vault decides it: rules on the very same path are joined, and `deny` among them leaves nothing. Of the paths that fit
one counts: the exact one; else the one whose first `+` or `*` comes last; else the one without a `*`; else the one with
fewer `+`; else the longer; else the later in the alphabet.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.acl.bounds import Bounds
from domain.acl.rules import DENY, LIST, SUDO, Rule
from domain.call import Told

_TOLD: Final = ("create", "delete", "list", "read", "sudo", "update", "patch")
"""The order of Vault's."""
_NOTHING: Final[frozenset[str]] = frozenset()


class Grant:
    """What is given on one path as it is written."""

    __slots__ = ("bounds", "capabilities", "pattern")

    def __init__(self, rule: Rule) -> None:
        self.pattern = Pattern(rule)
        self.capabilities = _of(rule)
        self.bounds = Bounds(rule)

    def add(self, rule: Rule) -> None:
        """Take in a further rule on the same path; where one denies, nothing is left."""
        if DENY in self.capabilities:
            return
        if DENY in rule.capabilities:
            self.capabilities, self.bounds = frozenset({DENY}), Bounds(Rule(path=rule.path))
            return
        self.capabilities |= _of(rule)
        self.bounds.add(rule)

    def gives(self, capability: str) -> bool:
        """Whether it gives this without any bounds."""
        return capability in self.capabilities and self.bounds.is_free(capability)


def _of(rule: Rule) -> frozenset[str]:
    return frozenset({DENY}) if DENY in rule.capabilities else frozenset(rule.capabilities)


class Pattern:
    """A rule's path in its parts. `rank` orders those that fit the same path: the greatest counts."""

    __slots__ = ("is_prefix", "literal", "pieces", "rank")

    def __init__(self, rule: Rule) -> None:
        self.is_prefix = rule.path.endswith("*")
        self.literal = rule.path[:-1] if self.is_prefix else rule.path
        self.pieces = self.literal.split("/")
        wild = self.literal.find("+") if rule.has_segments else len(self.literal)
        self.rank = (wild, not self.is_prefix, -self.pieces.count("+"), len(self.literal), self.literal)

    def fits(self, parts: list[str]) -> bool:
        """Whether a path fits, given in its parts between slashes."""
        last = len(self.pieces) - 1
        if len(parts) <= last or (not self.is_prefix and len(parts) != last + 1):
            return False
        for index, piece in enumerate(self.pieces):
            if piece in ("+", parts[index]):
                continue
            if not (self.is_prefix and index == last and parts[index].startswith(piece)):
                return False
        return True

    def reaches(self, parts: list[str]) -> bool:
        """Whether there is a path in the folder `parts` that fits."""
        last = len(self.pieces) - 1
        for index, part in enumerate(parts):
            if index > last:
                return False
            piece = self.pieces[index]
            if self.is_prefix and index == last and piece != "+":
                return part.startswith(piece)
            if piece not in ("+", part):
                return False
        return True


class Compiled:
    """Asked for each request: what is not written out is found in time that the number of rules hardly matters to."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._exact: dict[str, Grant] = {}
        self._prefixes: dict[str, Grant] = {}
        segments: dict[str, Grant] = {}
        for rule in rules:
            if not rule.is_template:
                _add(segments if rule.has_segments else self._prefixes if _is_prefix(rule) else self._exact, rule)
        self._segments = sorted(segments.values(), key=lambda grant: grant.pattern.rank, reverse=True)
        self._lengths = sorted({len(grant.pattern.literal) for grant in self._prefixes.values()}, reverse=True)

    def find(self, path: str, *, listing: bool = False) -> Grant | None:
        """The one that counts for `path`; for a list, which ends in a slash, that of the path without it if need be."""
        exact = self._exact.get(path)
        if exact is None and listing:
            exact = self._exact.get(path.removesuffix("/"))
        found = exact or self._loose(path)
        if found is None and listing and path.endswith("/"):
            return self._loose(path.removesuffix("/"))
        return found

    def capabilities(self, path: str) -> frozenset[str]:
        """What is given on `path`, empty if nothing."""
        grant = self.find(path, listing=True)
        return _NOTHING if grant is None else grant.capabilities - {DENY}

    def permits(self, path: str, capability: str, fields: Mapping[str, Any], wrap_seconds: int | None) -> bool:
        """Whether a request may be answered."""
        grant = self.find(path, listing=_is_listing(path, capability))
        if grant is None or capability not in grant.capabilities:
            return False
        return grant.bounds.hold(capability, fields, wrap_seconds)

    def gives(self, path: str, capability: str) -> bool:
        """Whether `capability` is given on `path` whatever else is asked."""
        grant = self.find(path, listing=_is_listing(path, capability))
        return grant is not None and grant.gives(capability)

    def told(self) -> Told:
        """What is given by paths as they are written, and by their beginnings; rules with `+` are left out."""
        return Told(_told(self._exact), _told(self._prefixes))

    def reaches(self, folder: str, capability: str | None = None) -> bool:
        """Whether `capability`, or any, may be given on some path in `folder`, which ends in a slash."""
        return any(
            capability in grant.capabilities if capability else grant.capabilities - {DENY}
            for grant in self._in(folder)
        )

    def gives_all(self, folder: str, capability: str) -> bool:
        """Whether `capability` is given on every path in `folder`, whatever else is asked."""
        widest = self._loose(folder)
        if widest is None or not widest.pattern.is_prefix or "+" in widest.pattern.pieces:
            return False
        return widest.gives(capability) and all(grant.gives(capability) for grant in self._in(folder))

    def _in(self, folder: str) -> Iterable[Grant]:
        """Those that count for some path in `folder`, perhaps more."""
        parts, widest = folder.rstrip("/").split("/"), self._longest(folder)
        for grant in (*self._exact.values(), *self._prefixes.values(), *self._segments):
            shorter = grant.pattern.is_prefix and folder.startswith(grant.pattern.literal)
            if grant.pattern.reaches(parts) and (grant is widest or not shorter):
                yield grant

    def _loose(self, path: str) -> Grant | None:
        found = self._longest(path)
        if not self._segments:
            return found
        parts = path.split("/")
        for grant in self._segments:
            if found and grant.pattern.rank < found.pattern.rank:
                break
            if grant.pattern.fits(parts):
                return grant
        return found

    def _longest(self, path: str) -> Grant | None:
        for length in self._lengths:
            found = self._prefixes.get(path[:length]) if length <= len(path) else None
            if found:
                return found
        return None


def _told(grants: Mapping[str, Grant]) -> dict[str, dict[str, Any]]:
    return {
        path: {"capabilities": [each for each in _TOLD if each in grant.capabilities] or [DENY], **grant.bounds.told()}
        for path, grant in sorted(grants.items())
    }


def _is_listing(path: str, capability: str) -> bool:
    """Whether it is asked for a list; `sudo` is asked for with what is to be done."""
    return capability == LIST or (capability == SUDO and path.endswith("/"))


def _is_prefix(rule: Rule) -> bool:
    return rule.path.endswith("*")


def _add(into: dict[str, Grant], rule: Rule) -> None:
    key = rule.path.removesuffix("*") if not rule.has_segments else rule.path
    held = into.get(key)
    if held:
        held.add(rule)
    else:
        into[key] = Grant(rule)
