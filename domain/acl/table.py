"""The one table between scopes of the native face and paths of the Vault surface, with what policies give there.

Read one way (`domain.acl.translation`) it says which capability, on which path, gives a token with policies a scope on
the native face; read the other way (`domain.acl.shown`), which capabilities a token with scopes has on a path.
"""

from __future__ import annotations

from typing import Final, NamedTuple

NATIVE: Final = "trstctl/"
"""Where policies give what only the native face has: `update` on `trstctl/<resource>/<verb>[/<bound>]`."""


class Row(NamedTuple):
    """One capability on one kind of path. `{name}` is what the scope is bounded by, `{folder}` the folder that lies in.

    Not `gives`: a token with the scope has the capability, but the capability alone does not give the scope.
    """

    engine: str
    pattern: str
    capabilities: str
    verb: str
    gives: bool = True
    sudo: bool = False


ROWS: Final = (
    Row("kv2", "data/{name}", "read", "secrets:read"),
    Row("kv2", "data/{name}", "create update", "secrets:write"),
    Row("kv2", "data/{name}", "delete", "secrets:delete"),
    Row("kv2", "delete/{name}", "update", "secrets:delete"),
    Row("kv2", "destroy/{name}", "update", "secrets:destroy"),
    Row("kv2", "metadata/{name}", "delete", "secrets:destroy"),
    Row("kv2", "metadata/{name}", "read", "secrets:list"),
    Row("kv2", "metadata/{folder}", "list", "secrets:list"),
    Row("kv2", "data/{name}", "patch", "secrets:write", gives=False),
    Row("kv2", "subkeys/{name}", "read", "secrets:read", gives=False),
    Row("kv2", "metadata/{name}", "create update patch", "secrets:write", gives=False),
    Row("kv2", "undelete/{name}", "update", "secrets:write", gives=False),
    Row("kv2", "config", "read", "mounts:read", gives=False),
    Row("kv2", "config", "create update", "mounts:write", gives=False),
    Row("kv1", "{name}", "read", "secrets:read"),
    Row("kv1", "{name}", "create update", "secrets:write"),
    Row("kv1", "{name}", "delete", "secrets:delete"),
    Row("kv1", "{name}", "delete", "secrets:destroy"),
    Row("kv1", "{folder}", "list", "secrets:list"),
    Row("transit", "encrypt/{name}", "update", "keys:encrypt"),
    Row("transit", "decrypt/{name}", "update", "keys:decrypt"),
    Row("transit", "sign/{name}", "update", "keys:sign"),
    Row("transit", "verify/{name}", "update", "keys:verify"),
    Row("transit", "keys/{name}", "create update", "keys:manage"),
    Row("transit", "keys/{name}", "read", "keys:read"),
    Row("transit", "keys/{folder}", "list", "keys:read", gives=False),
    Row("transit", "encrypt/{name}", "create", "keys:manage", gives=False),
    Row("transit", "rewrap/{name}", "update", "keys:encrypt", gives=False),
    Row("transit", "datakey/plaintext/{name}", "update", "keys:encrypt", gives=False),
    Row("transit", "datakey/wrapped/{name}", "update", "keys:encrypt", gives=False),
    Row("transit", "hmac/{name}", "update", "keys:sign", gives=False),
    Row("transit", "keys/{name}", "delete", "keys:manage", gives=False),
    Row("transit", "keys/{name}/config", "update", "keys:manage", gives=False),
    Row("transit", "keys/{name}/rotate", "update", "keys:manage", gives=False),
    Row("transit", "keys/{name}/trim", "update", "keys:manage", gives=False),
    Row("transit", "export/encryption-key/{name}", "read", "keys:manage", gives=False),
    Row("transit", "export/signing-key/{name}", "read", "keys:manage", gives=False),
    Row("transit", "export/hmac-key/{name}", "read", "keys:manage", gives=False),
    Row("transit", "export/public-key/{name}", "read", "keys:read", gives=False),
    Row("transit", "backup/{name}", "read", "keys:manage", gives=False),
    Row("transit", "restore/{name}", "update", "keys:manage", gives=False),
    Row("database", "creds/{name}", "read", "leases:issue"),
    Row("database", "config/{name}", "read", "providers:read", gives=False),
    Row("database", "config/{name}", "create update delete", "providers:write", gives=False),
    Row("database", "roles/{name}", "read", "providers:read", gives=False),
    Row("database", "roles/{name}", "create update delete", "providers:write", gives=False),
    Row("system", "leases/lookup/{lease}", "list", "leases:read", sudo=True),
    Row("system", "leases/revoke-prefix/{lease}", "update", "leases:revoke", sudo=True),
    Row("system", "leases/revoke", "update", "leases:revoke", gives=False),
    Row("system", "policies/acl/{name}", "read", "policies:read"),
    Row("system", "policies/acl/", "list", "policies:read"),
    Row("system", "policies/acl/{name}", "create update delete", "policies:write"),
    Row("system", "policy/{name}", "read", "policies:read", gives=False),
    Row("system", "policy/{name}", "create update delete", "policies:write", gives=False),
    Row("system", "key-status", "read", "operations:read", gives=False),
    Row("system", "mounts", "read", "mounts:read"),
    Row("system", "mounts/{name}", "read", "mounts:read"),
    Row("system", "mounts/{name}", "create update delete", "mounts:write"),
    Row("system", "auth", "read", "auth:read"),
    Row("system", "auth/{name}", "read", "auth:read", gives=False, sudo=True),
    Row("system", "auth/{name}", "create update delete", "auth:write", gives=False, sudo=True),
    Row("auth", "{name}", "read", "auth:read"),
    Row("auth", "{name}", "create update delete", "auth:write"),
    Row("token", "accessors/", "list", "access:read", sudo=True),
    Row("token", "lookup-accessor", "update", "access:read", gives=False),
    Row("token", "lookup", "update", "access:read", gives=False),
    Row("token", "revoke-accessor", "update", "access:write"),
    Row("token", "create", "create update", "access:write", gives=False),
    Row("token", "renew", "update", "access:write", gives=False),
    Row("token", "revoke", "update", "access:write", gives=False),
)
"""Of `create update` the one counts that fits: `create` for what is not there yet, `update` for what is."""

_RESOURCES: Final[dict[str, set[str]]] = {
    "kv1": {"secrets"},
    "kv2": {"secrets", "mounts"},
    "transit": {"keys"},
    "cubbyhole": set(),
    "database": {"leases", "providers", "rotations"},
    "system": {"access", "audit", "auth", "keys", "leases", "mounts", "operations", "policies"},
    "token": {"access", "auth"},
}
"""The resources of the native face that requests to an engine are about; `auth` and `access` for login methods."""


def resources_of(engine: str) -> frozenset[str]:
    """The first words of the scopes that are not asked for again once a policy has permitted a request to `engine`."""
    return frozenset(_RESOURCES.get(engine, {"access", "auth"}))
