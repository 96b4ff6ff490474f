"""KV version 2: `metadata/`, what is set for a secret, the list of its versions, and of names."""

from __future__ import annotations

from typing import Any, Final

from api.vault.failures import VaultError
from api.vault.kv2_data import exists
from api.vault.kv2_shapes import key_data
from api.vault.kv_paths import kv, name_of, names_in, object_in, rules_of
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, PATCH, READ, UPDATE, VaultRequest
from api.vault.table import Route
from domain.key_settings import SettingsChange

_FAILED: Final = "custom_metadata validation failed"
_NAMES: Final = ("max_versions", "cas_required", "delete_version_after", "custom_metadata")
_IGNORED: Final = '"cas_required" set to false, but is mandated by backend config. This value will be ignored.'


async def names(request: VaultRequest) -> Reply | None:
    """One level of names, of deleted secrets too."""
    return listed(await names_in(request, live=False))


async def read(request: VaultRequest) -> Reply:
    """What is set, and every version."""
    path = name_of(request)
    return Reply(data=key_data(await kv(request).metadata.read(request.call, path)))


async def write(request: VaultRequest) -> Reply | None:
    """Set what is given; a map of custom metadata, null too, takes the place of the last one."""
    path = name_of(request)
    custom = _custom(object_in(request.fields, "custom_metadata"))
    if custom is None and "custom_metadata" in request.fields:
        custom = {}
    kept = None if custom is None else {name: value for name, value in custom.items() if value is not None}
    change = _change(request, kept)
    await kv(request).metadata.write(request.call, path, change)
    return await _warned(request)


async def patch(request: VaultRequest) -> Reply | None:
    """A merge patch (RFC 7396): null resets a setting, and removes an entry of the custom metadata."""
    path, reset = name_of(request), _reset(request)
    entries = _custom(object_in(request.fields, "custom_metadata"))
    if not any(name in request.fields for name in _NAMES):
        await kv(request).metadata.read(request.call, path)
        return None
    change = _change(request, {} if "custom_metadata" in reset else None, reset)
    await kv(request).metadata.patch(request.call, path, change, entries)
    return await _warned(request)


async def delete(request: VaultRequest) -> None:
    """Destroy every version, and forget the secret."""
    path = name_of(request)
    await kv(request).metadata.delete(request.call, path)


def _reset(request: VaultRequest) -> frozenset[str]:
    return frozenset(name for name in _NAMES if name in request.fields and request.fields[name] is None)


def _change(
    request: VaultRequest, custom: dict[str, str] | None, reset: frozenset[str] = frozenset()
) -> SettingsChange:
    fields = request.fields
    wanted = {name for name in _NAMES if fields.given(name)} | reset
    seconds = fields.seconds("delete_version_after")
    if seconds < 0:
        raise VaultError(400, "delete_version_after cannot be negative")
    return SettingsChange(
        max_versions=fields.number("max_versions") if "max_versions" in wanted else None,
        cas_required=fields.flag("cas_required") if "cas_required" in wanted else None,
        delete_after_seconds=seconds if "delete_version_after" in wanted else None,
        custom_metadata=custom,
    )


def _custom(given: dict[str, Any] | None) -> dict[str, str | None] | None:
    return None if given is None else {name: _text(name, value) for name, value in given.items()}


def _text(name: str, value: object) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "1" if value else "0"
    if not isinstance(value, str | int | float):
        raise VaultError(400, f"{_FAILED}: the value of {name!r} is to be a text")
    return str(value)


async def _warned(request: VaultRequest) -> Reply | None:
    if request.fields.given("cas_required") and not request.fields.flag("cas_required"):
        rules = await rules_of(request)
        if rules.cas_required:
            return Reply(warnings=[_IGNORED])
    return None


ROUTES: Final = (
    Route("metadata", {LIST: names}),
    Route(
        "metadata/{path...}",
        {LIST: names, READ: read, UPDATE: write, PATCH: patch, DELETE: delete},
        exists=exists,
        exact=True,
    ),
)
