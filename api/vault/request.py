"""One request to the Vault surface, as its engines see it."""

from __future__ import annotations

from typing import Final

import msgspec

from api.vault.failures import DENIED, VaultError
from api.vault.fields import Fields
from api.vault.services import VaultServices
from domain.call import Call
from domain.mounts import MountEntry, Mounts

READ: Final = "read"
UPDATE: Final = "update"
"""Of PUT and POST alike; whether something comes to be by it is the engine's to know."""
PATCH: Final = "patch"
DELETE: Final = "delete"
LIST: Final = "list"


class VaultRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked. `rest` is the path within its mount, without a slash at the end."""

    id: str
    operation: str
    path: str
    """The whole path without `/v1/`."""
    mount: MountEntry
    mounts: Mounts
    rest: str
    values: dict[str, str]
    """What the pattern of the route took from the path."""
    fields: Fields
    services: VaultServices
    tenant: str
    caller: Call | None
    """None on the few routes that answer without a token."""
    address: str
    wrap_seconds: int | None = None
    token: str = ""
    """What the caller showed, good or not. Never logged."""

    @property
    def call(self) -> Call:
        """The call of a known caller; raises `VaultError` 403 without one."""
        if self.caller is None:
            raise VaultError(403, DENIED)
        return self.caller

    def __repr__(self) -> str:
        return f"VaultRequest({self.operation} {self.path})"
