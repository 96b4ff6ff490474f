"""One name brought over: every version under its own number, then what is told of it.

What cannot be read at the source any more (pruned, deleted, destroyed) becomes a destroyed version here, so that the
numbers stay. A name whose copy was cut off goes on where it stopped: what is there is known by the time that each of
its versions bears.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final, Literal

import msgspec

from cli.server.importing.kv import Key, Kv
from domain.errors import Conflict, TrstctlError
from domain.kv_values import sealed_form
from domain.vault_names import native_path

MARK: Final = "imported-created-time"
"""Metadata of each version that came over: when it was written at the source."""
STATE: Final = "imported-state"
"""Metadata of each version that could not be read at the source: why."""
_EMPTY: Final = "{}"

State = Literal["pruned", "deleted", "destroyed", "readable"]


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a name."""

    path: str
    versions: int = 0
    """Written now."""
    there: int = 0
    """That an earlier run had written."""
    unreadable: int = 0
    """Of those written now: whose value the source does not give any more."""
    error: str | None = None


class Copying:
    """From a mount of one server to one of ours. With `dry`, nothing is written."""

    def __init__(self, source: Kv, target: Kv, *, dry: bool) -> None:
        self._source = source
        self._target = target
        self._native = target.wire
        self._dry = dry

    def copy(self, path: str) -> Outcome:
        """Bring one name over; an error is told in the outcome, for the others go on."""
        try:
            key = self._source.key(path)
            return Outcome(path=path) if key is None else self._copied(key)
        except TrstctlError as error:
            return Outcome(path=path, error=error.message)

    def _copied(self, key: Key) -> Outcome:
        there = self._there(key)
        missing = range(there + 1, key.current + 1)
        unreadable = sum(state_of(key, number) != "readable" for number in missing)
        if not self._dry:
            for number in missing:
                self._write(key, number)
            self._settle(key)
        return Outcome(path=key.path, versions=len(missing), there=there, unreadable=unreadable)

    def _there(self, key: Key) -> int:
        """How many versions are there already; raises `Conflict` if they are not these."""
        held = self._target.key(key.path)
        if held is None or held.current == 0:
            return 0
        if held.current > key.current:
            raise Conflict(f"{key.path} is at version {held.current} here and {key.current} there: it was changed here")
        marks = self._marks(key.path)
        for number in range(1, held.current + 1):
            if marks.get(number) != mark_of(key, number):
                raise Conflict(f"version {number} of {key.path} here is not the one there: it was not imported")
        return held.current

    def _marks(self, path: str) -> dict[int, str]:
        name, found, before = native_path(f"{self._target.mount}/", path), dict[int, str](), ""
        while True:
            told = self._native.ask("GET", f"/api/v1/secrets/store/history/{name}?limit=500{before}").body
            found |= {each["version"]: each["metadata"].get(MARK, "") for each in told["items"]}
            if not told.get("next_cursor"):
                return found
            before = f"&cursor={told['next_cursor']}"

    def _write(self, key: Key, number: int) -> None:
        state = state_of(key, number)
        value = self._source.value(key.path, number) if state == "readable" else None
        if state == "readable" and value is None:
            raise Conflict(f"version {number} of {key.path} went away while it was read; run this again")
        metadata = {MARK: mark_of(key, number), **({} if state == "readable" else {STATE: state})}
        content = _EMPTY if value is None else _text(value)
        body: dict[str, Any] = {
            "value": content, "content_type": "application/json", "metadata": metadata,
        }  # fmt: skip
        name = native_path(f"{self._target.mount}/", key.path)
        if number == 1:
            self._native.ask("POST", f"/api/v1/secrets/store/{name}", body)
        else:
            self._native.ask("PUT", f"/api/v1/secrets/store/{name}", {**body, "cas": number - 1})

    def _settle(self, key: Key) -> None:
        """What is told of the name, and the ends of its versions; it may be done again."""
        held = self._target.key(key.path)
        gone = [number for number in range(1, key.current + 1) if state_of(key, number) != "readable"]
        for number in gone:
            if held is None or number not in held.versions or not held.versions[number].destroyed:
                self._target.destroy(key.path, number)
        if held is None or held.settings != key.settings:
            self._target.set(key.path, key.settings)


def _text(value: dict[str, Any]) -> str:
    with sealed_form(value) as text:
        return text.buffer.decode()


def state_of(key: Key, number: int) -> State:
    """Whether a version can be read at the source, or why not."""
    version = key.versions.get(number)
    if version is None:
        return "pruned"
    if version.destroyed:
        return "destroyed"
    return "deleted" if version.is_deleted(datetime.now(UTC)) else "readable"


def mark_of(key: Key, number: int) -> str:
    """The time that a version bears here to be known by."""
    version = key.versions.get(number)
    return version.created if version else "unknown"


def differences(source: Kv, target: Kv, path: str) -> Iterable[str]:
    """What is not the same of a name at both, in words without values."""
    theirs, ours = source.key(path), target.key(path)
    if theirs is None or ours is None:
        yield "it is at one of the two only"
        return
    if theirs.current != ours.current:
        yield f"{theirs.current} versions there, {ours.current} here"
    if theirs.settings != ours.settings:
        yield "what is told of it is not the same"
    for number in range(1, min(theirs.current, ours.current) + 1):
        if state_of(theirs, number) == "readable" and source.value(path, number) != target.value(path, number):
            yield f"the value of version {number} is not the same"
