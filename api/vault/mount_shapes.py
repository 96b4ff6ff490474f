"""Mounts as Vault's clients see them."""

from __future__ import annotations

from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from domain.mounts import DEFAULT_TTL, MountEntry

_KIND_OF_TOKENS: Final = "default-service"


def told(entry: MountEntry) -> dict[str, Any]:
    """All about a mount."""
    return {
        "accessor": entry.accessor,
        "config": _config(entry),
        "deprecation_status": "supported",
        "description": entry.description,
        "external_entropy_access": False,
        "local": entry.local,
        "options": dict(entry.options) or None,
        "plugin_version": "",
        "running_plugin_version": "",
        "running_sha256": "",
        "seal_wrap": False,
        "type": entry.kind,
        "uuid": str(uuid5(NAMESPACE_URL, f"{entry.path}{entry.accessor}")),
    }


def _config(entry: MountEntry) -> dict[str, Any]:
    config = {"default_lease_ttl": entry.default_ttl, "max_lease_ttl": entry.max_ttl, "force_no_cache": False}
    return {**config, "token_type": _KIND_OF_TOKENS} if entry.is_auth else config


def tuning(entry: MountEntry) -> dict[str, Any]:
    """What may be tuned, with what holds where nothing is said."""
    longest = entry.max_ttl or DEFAULT_TTL
    shown = {
        "default_lease_ttl": min(entry.default_ttl or DEFAULT_TTL, longest),
        "max_lease_ttl": longest,
        "description": entry.description,
        "force_no_cache": False,
    }
    if entry.is_auth:
        shown["token_type"] = _KIND_OF_TOKENS
    return {**shown, "options": dict(entry.options)} if entry.options else shown
