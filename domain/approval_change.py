"""What an approval is for: one exact change or read, told openly but for the value, and bound by a keyed digest.

The digest is an HMAC under a key of the request's own, which lies sealed outside of the log and is destroyed when the
request closes. A plain hash of a value that can be guessed would be a fingerprint of it, in a log that is never erased.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec

from domain.plaintext import Plaintext

_TAG: Final = b"trstctl-approval/v1"
_MOST_TOLD: Final = 20


class Covered(msgspec.Struct, frozen=True, kw_only=True):
    """A change or a read without its value, on top of what there is.

    `base` is the newest version's number, 0 before the first, and `lives` whether the name answers.
    """

    action: str
    path: str
    base: int
    lives: bool
    numbers: tuple[int, ...] = ()
    """The versions to read, to destroy, to delete or undelete one by one, or to prune with a write."""
    everything: bool = False
    recovered_from: int | None = None
    content_type: str | None = None
    metadata: dict[str, str] = {}

    @property
    def actions(self) -> frozenset[str]:
        """The actions whose policies have a say, so that no two harmless steps make up one that is guarded.

        Creating a name that was used before takes the place of its last value; undeleting makes it answer again;
        destroying the current version takes it away; a write that prunes destroys.
        """
        found = {self.action}
        if self.action == "create" and self.base:
            found.add("rotate")
        if self._undeletes and (not self.numbers or self.base in self.numbers):
            found.add("create")
        if self._writes and self.numbers:
            found.add("destroy")
        if self.action == "destroy" and (self.everything or self.base in self.numbers):
            found.add("delete")
        return frozenset(found)

    @property
    def _undeletes(self) -> bool:
        return self.action == "recover" and self.recovered_from is None

    @property
    def _writes(self) -> bool:
        return self.action in {"create", "rotate", "recover"} and not self._undeletes

    @property
    def resource(self) -> str:
        """How it is named to people and programs."""
        return f"secret:{self.path}"

    @property
    def sentence(self) -> str:
        """What is asked for, in words."""
        if self._writes and self.numbers:
            return f"{self._writing() if self.recovered_from is None else self._recovery()}, and {self._destroying()}"
        if self.action == "recover":
            return self._recovery()
        if self.action == "destroy":
            return self._destroying()
        if self.action == "read":
            return f"read {self._versions()}, once"
        if self.action == "delete":
            return f"delete {self._versions()}" if self.numbers else f"delete the name, at version {self.base}"
        return self._writing()

    def _destroying(self) -> str:
        return f"destroy {'all versions' if self.everything else self._versions()} for ever"

    def _recovery(self) -> str:
        if self.recovered_from is None and self.numbers:
            return f"show {self._versions()} again"
        if self.recovered_from is None:
            return f"make the deleted name answer again, with version {self.base}"
        return f"write the value of version {self.recovered_from} again, as version {self.base + 1}"

    def _writing(self) -> str:
        if self.content_type is not None:
            return f"write a new value as version {self.base + 1}, of type {self.content_type}"
        told = ", ".join(f"{name} {value}" for name, value in self.metadata.items())
        return f"have a new credential made and stored as version {self.base + 1} ({told})"

    def _versions(self) -> str:
        told = ", ".join(map(str, self.numbers[:_MOST_TOLD]))
        more = len(self.numbers) - _MOST_TOLD
        return f"version{'s' if len(self.numbers) > 1 else ''} {told}{f' and {more} more' if more > 0 else ''}"


class Change(NamedTuple):
    """What is covered, with the value to write if there is one."""

    covered: Covered
    value: Plaintext | None = None


def rotation_of(path: str, base: int, **told: str) -> Change:
    """The rotation of a stored credential: its new value is made when it runs. `told` says where, and of whom."""
    return Change(Covered(action="rotate", path=path, base=base, lives=True, metadata=told))


def digest_of(key: Plaintext, change: Change) -> str:
    """The HMAC-SHA256 that an approval is bound to, lower-case hex."""
    mac = hmac.new(key.buffer, digestmod=sha256)
    for part in _parts(change):
        mac.update(len(part).to_bytes(8, "big"))
        mac.update(part)
    return mac.hexdigest()


def is_bound_to(key: Plaintext, change: Change, digest: str) -> bool:
    """Whether `digest` is this change's, in constant time."""
    return hmac.compare_digest(digest_of(key, change), digest)


def _parts(change: Change) -> Iterator[bytes | bytearray]:
    """Each with its length before it, so that no two different changes give the same bytes."""
    yield _TAG
    yield msgspec.json.encode(change.covered, order="sorted")
    if change.value is not None:
        yield change.value.buffer
