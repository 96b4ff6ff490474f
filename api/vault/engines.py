"""Every engine of the Vault surface, by kind of mount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.vault import approle, cubbyhole, jwt, kubernetes, kv1, kv2, sys_status, sys_wrapping, tokens, userpass
from api.vault.table import Engine

ENGINES: Final[Mapping[str, Engine]] = {
    "approle": Engine("approle", approle.ROUTES),
    "cubbyhole": Engine("cubbyhole", cubbyhole.ROUTES),
    "jwt": Engine("jwt", jwt.ROUTES),
    "kubernetes": Engine("kubernetes", kubernetes.ROUTES),
    "kv1": Engine("kv1", kv1.ROUTES),
    "kv2": Engine("kv2", kv2.ROUTES),
    "system": Engine("system", (*sys_status.ROUTES, *sys_wrapping.ROUTES)),
    "token": Engine("token", tokens.ROUTES),
    "userpass": Engine("userpass", userpass.ROUTES),
}
