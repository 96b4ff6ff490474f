"""KV version 2 as it is at one server: names, what is told of each, values."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from cli.server.importing.wire import Wire
from domain.errors import Invalid


class Version(msgspec.Struct, frozen=True):
    """A version without its value."""

    number: int
    created: str
    deleted: str
    """When it was, or will be; empty for never."""
    destroyed: bool

    def is_deleted(self, now: datetime) -> bool:
        """Whether it is deleted by now: one that will be can still be read."""
        return bool(self.deleted) and datetime.fromisoformat(f"{self.deleted[:19]}+00:00") <= now


class Key(msgspec.Struct, frozen=True):
    """A name with what is told of it."""

    path: str
    current: int
    versions: dict[int, Version]
    settings: dict[str, Any]


class Kv:
    """One mount of one server."""

    def __init__(self, wire: Wire, mount: str) -> None:
        self.wire = wire
        self.mount = mount.strip("/")

    def must_be_version_2(self) -> None:
        """Raises `Invalid` unless the mount is there and is KV version 2."""
        told = self.wire.ask("GET", f"/v1/sys/internal/ui/mounts/{self.mount}")
        options = told.data.get("options") or {}
        if told.data.get("type") != "kv" or str(options.get("version")) != "2":
            raise Invalid(f"{self.wire.where}: {self.mount}/ is no KV version 2; name another with --mount")

    def names(self, prefix: str = "") -> Iterator[str]:
        """Every name under `prefix`, folder by folder."""
        told = self.wire.ask("GET", f"/v1/{self.mount}/metadata/{prefix}?list=true")
        for key in told.data.get("keys") or []:
            if key.endswith("/"):
                yield from self.names(f"{prefix}{key}")
            else:
                yield f"{prefix}{key}"

    def key(self, path: str) -> Key | None:
        """What is told of a name; None if it is not there."""
        told = self.wire.ask("GET", f"/v1/{self.mount}/metadata/{path}")
        return None if told.status == 404 else _key(path, told.data)

    def value(self, path: str, number: int) -> dict[str, Any] | None:
        """The value of a version; None if it was deleted or destroyed."""
        told = self.wire.ask("GET", f"/v1/{self.mount}/data/{path}?version={number}")
        return None if told.status == 404 else told.data.get("data")

    def set(self, path: str, settings: dict[str, Any]) -> None:
        """Set what is told of a name."""
        self.wire.ask("POST", f"/v1/{self.mount}/metadata/{path}", settings)

    def delete(self, path: str, number: int) -> None:
        """Delete a version, so that it can be undeleted."""
        self.wire.ask("POST", f"/v1/{self.mount}/delete/{path}", {"versions": [number]})

    def destroy(self, path: str, number: int) -> None:
        """Destroy a version."""
        self.wire.ask("POST", f"/v1/{self.mount}/destroy/{path}", {"versions": [number]})


def _key(path: str, data: dict[str, Any]) -> Key:
    versions = {
        int(number): Version(int(number), told["created_time"], told["deletion_time"], bool(told["destroyed"]))
        for number, told in (data.get("versions") or {}).items()
    }
    settings = {
        name: data.get(name) or default
        for name, default in (("max_versions", 0), ("cas_required", False), ("delete_version_after", "0s"))
    }
    settings["custom_metadata"] = data.get("custom_metadata") or {}
    return Key(path, int(data["current_version"]), versions, settings)
