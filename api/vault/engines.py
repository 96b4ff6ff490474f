"""Every engine of the Vault surface, by kind of mount."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from api.vault import (
    approle,
    cubbyhole,
    database,
    jwt,
    kubernetes,
    kv1,
    kv2,
    sys_audit,
    sys_capabilities,
    sys_internal,
    sys_leases,
    sys_mounts,
    sys_policies,
    sys_status,
    sys_tools,
    sys_wrapping,
    tokens,
    transit,
    userpass,
)
from api.vault.table import Engine

ENGINES: Final[Mapping[str, Engine]] = {
    "approle": Engine("approle", approle.ROUTES),
    "cubbyhole": Engine("cubbyhole", cubbyhole.ROUTES),
    "database": Engine("database", database.ROUTES),
    "jwt": Engine("jwt", jwt.ROUTES),
    "kubernetes": Engine("kubernetes", kubernetes.ROUTES),
    "kv1": Engine("kv1", kv1.ROUTES),
    "kv2": Engine("kv2", kv2.ROUTES),
    "system": Engine(
        "system",
        [
            route
            for part in (
                sys_audit,
                sys_capabilities,
                sys_internal,
                sys_leases,
                sys_mounts,
                sys_policies,
                sys_status,
                sys_tools,
                sys_wrapping,
            )
            for route in part.ROUTES
        ],
    ),
    "token": Engine("token", tokens.ROUTES),
    "transit": Engine("transit", transit.ROUTES),
    "userpass": Engine("userpass", userpass.ROUTES),
}
