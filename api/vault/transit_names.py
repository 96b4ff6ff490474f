"""Transit keys as the paths of the Vault surface name them."""

from __future__ import annotations

import re
from typing import Final

from api.vault.failures import VaultError, one_error
from api.vault.request import VaultRequest
from domain.commands.transit import TransitCommands
from domain.transit.limits import OWN_NAME_PATTERN
from domain.transit.names import key_name

_NAME: Final = re.compile(rf"{OWN_NAME_PATTERN}\Z")


def transit(request: VaultRequest) -> TransitCommands:
    """The commands."""
    return request.services.native.transit


def key_of(request: VaultRequest) -> str:
    """The name of the key that the path names, with its mount; raises `VaultError` 404 for one that none can have."""
    name = request.values["name"]
    if not _NAME.match(name):
        raise VaultError(404, one_error("unsupported path"))
    return key_name(request.mount.path, name)


async def exists(request: VaultRequest) -> bool:
    """Whether there is the key that the path names."""
    return await transit(request).keys.find(request.tenant, key_of(request)) is not None
