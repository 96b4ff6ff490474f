"""KV version 2: `delete/`, `undelete/` and `destroy/`. What is not there, or is so already, is passed over."""

from __future__ import annotations

from typing import Final

from api.vault.failures import VaultError
from api.vault.kv_paths import kv, name_of, rules_of
from api.vault.request import UPDATE, VaultRequest
from api.vault.table import Route


async def delete(request: VaultRequest) -> None:
    """Delete versions, so that they can be undeleted."""
    path, numbers = name_of(request), _numbers(request, "No version number provided")
    await kv(request).ending.delete_versions(request.call, path, numbers)


async def undelete(request: VaultRequest) -> None:
    """Show versions again."""
    path, numbers = name_of(request), _numbers(request, "No version number provided")
    await kv(request).ending.undelete_versions(request.call, path, numbers, await rules_of(request))


async def destroy(request: VaultRequest) -> None:
    """Destroy the data keys of versions."""
    path, numbers = name_of(request), _numbers(request, "no version number provided")
    await kv(request).ending.destroy_versions(request.call, path, numbers)


def _numbers(request: VaultRequest, missing: str) -> list[int]:
    numbers = request.fields.numbers("versions")
    if not numbers:
        raise VaultError(400, missing)
    return numbers


ROUTES: Final = (
    Route("delete/{path...}", {UPDATE: delete}),
    Route("undelete/{path...}", {UPDATE: undelete}),
    Route("destroy/{path...}", {UPDATE: destroy}),
)
