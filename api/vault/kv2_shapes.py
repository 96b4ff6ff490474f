"""Versions and secrets as KV version 2 shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from api.vault.durations import shown
from api.vault.kv_paths import moment
from domain.commands.kv_results import KeyMeta, KvRead, VersionMeta
from domain.key_settings import KeySettings
from domain.kv_values import object_text


def version_data(meta: VersionMeta) -> dict[str, Any]:
    """What a write answers, and a read as `metadata`."""
    return {
        "created_time": moment(meta.created_time),
        "custom_metadata": meta.custom_metadata,
        "deletion_time": moment(meta.deletion_time),
        "destroyed": meta.destroyed,
        "version": meta.version,
    }


def read_data(read: KvRead) -> dict[str, Any]:
    """What a read answers; wipes the value."""
    data: msgspec.Raw | None = None
    if read.value is not None:
        with read.value:
            data = msgspec.Raw(object_text(read.value))
    return {"data": data, "metadata": version_data(read.meta)}


def settings_data(settings: KeySettings) -> dict[str, Any]:
    """What is set for a secret."""
    return {
        "cas_required": settings.cas_required,
        "custom_metadata": settings.custom_metadata or None,
        "delete_version_after": shown(settings.delete_after_seconds),
        "max_versions": settings.max_versions,
    }


def key_data(meta: KeyMeta) -> dict[str, Any]:
    """A secret with all of its versions."""
    return {
        **settings_data(meta.settings),
        "created_time": moment(meta.created_time),
        "current_version": meta.current_version,
        "oldest_version": meta.oldest_version,
        "updated_time": moment(meta.updated_time),
        "versions": {str(each.version): _entry(each) for each in meta.versions},
    }


def _entry(meta: VersionMeta) -> dict[str, Any]:
    return {
        "created_time": moment(meta.created_time),
        "deletion_time": moment(meta.deletion_time),
        "destroyed": meta.destroyed,
    }
