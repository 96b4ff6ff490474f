"""`sys/capabilities`: what a token can do with paths."""

from __future__ import annotations

from typing import Any, Final

from api.vault.failures import VaultError
from api.vault.reply import Reply
from api.vault.request import READ, UPDATE, VaultRequest
from api.vault.table import Route
from domain.acl.holder import capabilities_of, told_of
from domain.call import Policies
from domain.token_text import digest_of
from domain.views import TokenRow

_MOST: Final = 1000
_SCOPES: Final = "this token has scopes besides: what they give on a path, sys/capabilities-self tells"


async def of_self(request: VaultRequest) -> Reply:
    """The caller's own."""
    caller = request.call.principal
    return _told(request, caller.scopes, caller.policies)


async def of_token(request: VaultRequest) -> Reply:
    """Those of another token, by its text."""
    request.call.require("access:read")
    row = await request.services.token_life.by_digest(request.tenant, digest_of(request.fields.required("token")))
    return await _of(request, row, "invalid token")


async def of_accessor(request: VaultRequest) -> Reply:
    """Those of another token, by its accessor."""
    request.call.require("access:read")
    row = await request.services.token_life.find(request.tenant, request.fields.required("accessor"))
    return await _of(request, row, "invalid accessor")


async def resultant(request: VaultRequest) -> Reply:
    """All that the caller's policies give, but for rules with `+`; of what scopes give, whether that is everything."""
    caller = request.call.principal
    if "*" in caller.scopes:
        return Reply(data={"root": True})
    found = told_of(caller.policies)
    data = {"root": False, "exact_paths": found.exact, "glob_paths": found.prefixes}
    return Reply(data=data, warnings=[_SCOPES] if caller.scopes else None)


async def _of(request: VaultRequest, row: TokenRow | None, otherwise: str) -> Reply:
    if row is None:
        raise VaultError(400, otherwise)
    policies = (
        await request.services.config.compiled(row.tenant, row.generation, row.policies) if row.policies else None
    )
    return _told(request, row.scopes, policies)


def _told(request: VaultRequest, scopes: tuple[str, ...], policies: Policies | None) -> Reply:
    paths = [*request.fields.texts("paths"), *request.fields.texts("path")]
    if not paths:
        raise VaultError(400, "paths must be supplied")
    if len(paths) > _MOST:
        raise VaultError(400, f"paths: at most {_MOST}")
    told: dict[str, Any] = {
        path: capabilities_of(scopes, policies, path.removeprefix("/"), request.mounts) for path in paths
    }
    return Reply(data={**told, "capabilities": told[paths[0]]} if len(paths) == 1 else told, hoisted=True)


ROUTES: Final = (
    Route("capabilities-self", {UPDATE: of_self}),
    Route("capabilities", {UPDATE: of_token}),
    Route("capabilities-accessor", {UPDATE: of_accessor}),
    Route("internal/ui/resultant-acl", {READ: resultant}),
)
