"""KV version 2: all of its routes, the settings of the mount, and the hint for who forgot `data/`."""

from __future__ import annotations

from typing import Final

from api.vault import kv2_data, kv2_metadata, kv2_versions
from api.vault.durations import shown
from api.vault.kv_paths import kv
from api.vault.reply import Reply
from api.vault.request import DELETE, LIST, PATCH, READ, UPDATE, VaultRequest
from api.vault.table import Handler, Route
from domain.key_settings import SettingsChange

_COMMANDS: Final = {READ: "get", UPDATE: "put", LIST: "list", DELETE: "delete", PATCH: "patch"}
_ROOTS: Final = frozenset({"data", "delete", "destroy", "metadata", "subkeys", "undelete"})
_OF_A_ROOT: Final = "Non-listing operations on the root of a K/V v2 mount are not supported."
_MISPLACED: Final = (
    "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API endpoints to use. "
    "If using the Vault CLI, use 'vault kv {}' for this operation."
)


async def read_config(request: VaultRequest) -> Reply:
    """What the mount says for the secrets in it."""
    config = await kv(request).mounts.read(request.call, request.mount.accessor)
    return Reply(
        data={
            "cas_required": config.cas_required,
            "delete_version_after": shown(config.delete_after_seconds),
            "max_versions": config.max_versions,
        }
    )


async def write_config(request: VaultRequest) -> None:
    """Say what is given. A negative life of versions is told as one second less than none."""
    fields = request.fields
    change = SettingsChange(
        max_versions=fields.number("max_versions") if fields.given("max_versions") else None,
        cas_required=fields.flag("cas_required") if fields.given("cas_required") else None,
        delete_after_seconds=max(-1, fields.seconds("delete_version_after"))
        if fields.given("delete_version_after")
        else None,
    )
    await kv(request).mounts.configure(request.call, request.mount.accessor, change)


def _misplaced(operation: str) -> Handler:
    async def hint(request: VaultRequest) -> Reply:
        """Nothing is here, and what was probably meant."""
        warning = _OF_A_ROOT if request.rest.rstrip("/") in _ROOTS else _MISPLACED.format(_COMMANDS[operation])
        return Reply(status=404, warnings=[warning])

    return hint


ROUTES: Final = (
    Route("config", {READ: read_config, UPDATE: write_config}),
    *kv2_data.ROUTES,
    *kv2_versions.ROUTES,
    *kv2_metadata.ROUTES,
    Route("{path...?}", {operation: _misplaced(operation) for operation in _COMMANDS}),
)
