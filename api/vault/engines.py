"""Every engine of the Vault surface, by kind of mount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.vault import approle, jwt, kubernetes, sys_status, sys_wrapping, tokens, userpass
from api.vault.table import Engine

ENGINES: Final[Mapping[str, Engine]] = {
    "approle": Engine("approle", approle.ROUTES),
    "jwt": Engine("jwt", jwt.ROUTES),
    "kubernetes": Engine("kubernetes", kubernetes.ROUTES),
    "system": Engine("system", (*sys_status.ROUTES, *sys_wrapping.ROUTES)),
    "token": Engine("token", tokens.ROUTES),
    "userpass": Engine("userpass", userpass.ROUTES),
}
