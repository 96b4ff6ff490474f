"""`sys/policies/acl`, and `sys/policy` as older clients know it."""

from __future__ import annotations

import base64
import binascii
from typing import Final

from api.vault.failures import VaultError
from api.vault.reply import Reply, listed
from api.vault.request import DELETE, LIST, READ, UPDATE, VaultRequest
from api.vault.table import Route
from domain.acl.text import MAX_TEXT


async def page(request: VaultRequest) -> Reply | None:
    """The names of all policies."""
    return listed(await request.services.policies.names(request.call))


async def old_page(request: VaultRequest) -> Reply:
    """The same, as it was."""
    names = await request.services.policies.names(request.call)
    return Reply(data={"keys": names, "policies": names}, hoisted=True)


async def show(request: VaultRequest) -> Reply:
    """The text of a policy, as it was written."""
    name = request.values["name"]
    return Reply(data={"name": name.lower(), "policy": await request.services.policies.read(request.call, name)})


async def old_show(request: VaultRequest) -> Reply:
    """The same, as it was."""
    name = request.values["name"]
    text = await request.services.policies.read(request.call, name)
    return Reply(data={"name": name.lower(), "rules": text}, hoisted=True)


async def write(request: VaultRequest) -> Reply | None:
    """Take a text, plain or in base64, in the place of what there was."""
    text = request.fields.text("policy", most=2 * MAX_TEXT) or request.fields.text("rules", most=2 * MAX_TEXT)
    if not text:
        raise VaultError(400, "'policy' parameter not supplied or empty")
    done, warnings = await request.services.policies.write(request.call, request.values["name"], _plain(text))
    return Reply(warnings=warnings or None, status=200 if warnings else 204, position=done.position)


async def delete(request: VaultRequest) -> Reply | None:
    """Take a policy away from whoever has it."""
    done = await request.services.policies.delete(request.call, request.values["name"])
    return Reply(status=204, position=done.position) if done.position else None


async def exists(request: VaultRequest) -> bool:
    """Whether there is one of this name."""
    return await request.services.policies.exists(request.tenant, request.values["name"])


def _plain(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return text


ROUTES: Final = (
    Route("policies/acl", {LIST: page}),
    Route("policies/acl/{name...}", {READ: show, UPDATE: write, DELETE: delete}, exists=exists),
    Route("policy", {LIST: old_page, READ: old_page}),
    Route("policy/{name...}", {READ: old_show, UPDATE: write, DELETE: delete}, exists=exists),
)
