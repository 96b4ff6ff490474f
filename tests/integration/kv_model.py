"""Vault's KV v2 as a child would keep it: dictionaries, and the rules of its documentation."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

Data = dict[str, Any]


@dataclass
class ModelVersion:
    """One version; `data` is None once it is destroyed."""

    data: Data | None
    created: datetime
    ends: datetime | None = None

    @property
    def destroyed(self) -> bool:
        return self.data is None

    def shown(self, now: datetime) -> Data | None:
        return None if self.ends is not None and self.ends <= now else self.data


@dataclass
class ModelKey:
    """One key."""

    versions: dict[int, ModelVersion] = field(default_factory=dict)
    current: int = 0
    max_versions: int = 0
    cas_required: bool = False
    delete_after_seconds: int = 0
    custom_metadata: dict[str, str] = field(default_factory=dict)

    def accepts(self, cas: int | None) -> bool | None:
        """Whether a write may follow; None if it has to say what it follows."""
        if cas is None:
            return None if self.cas_required else True
        return cas == self.current

    def write(self, data: Data, now: datetime) -> int:
        self.current += 1
        self.versions[self.current] = ModelVersion(data, now, self._end(now))
        if self.max_versions:
            for number in [each for each in self.versions if each <= self.current - self.max_versions]:
                del self.versions[number]
        return self.current

    def _end(self, now: datetime) -> datetime | None:
        return now + timedelta(seconds=self.delete_after_seconds) if self.delete_after_seconds else None

    def delete(self, numbers: list[int], now: datetime) -> None:
        for number in numbers:
            version = self.versions.get(number)
            if version and not version.destroyed and version.shown(now) is not None:
                version.ends = now

    def undelete(self, numbers: list[int], now: datetime) -> None:
        for number in numbers:
            version = self.versions.get(number)
            if version and not version.destroyed:
                version.ends = self._end(now)

    def destroy(self, numbers: list[int]) -> None:
        for number in numbers:
            if number in self.versions:
                self.versions[number].data = None

    @property
    def oldest(self) -> int:
        first = min(self.versions, default=0)
        return first if first > 1 else 0


def merge_patch(target: Any, patch: Any) -> Any:
    """RFC 7396 section 2, as its pseudocode has it."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge_patch(found.get(name), value)
    return found


def folder(names: list[str], prefix: str) -> list[str]:
    """One level of names, each once, folders with their slash."""
    rest = [name[len(prefix) :] for name in names if name.startswith(prefix)]
    return sorted({each[: each.index("/") + 1] if "/" in each else each for each in rest})
