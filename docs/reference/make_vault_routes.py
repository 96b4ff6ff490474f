"""Writes `vault-routes.md` beside this file, from the engines of the Vault surface and what they do not serve."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

PAGE: Final = Path(__file__).with_name("vault-routes.md")
sys.path.insert(0, str(PAGE.parents[2]))

from api.vault.engines import ENGINES  # noqa: E402 - found by the line above
from api.vault.table import Engine, Route  # noqa: E402 - as above
from domain.acl.table import NATIVE, ROWS  # noqa: E402 - as above

HEAD: Final = """# Vault routes

This page is made by `make docs` from the routes themselves; change it there.

Under `/v1/` clients of Vault and OpenBao find the store as they know it. PUT and POST are the same, `LIST` is also
`GET …?list=true`. What is not served answers 404 `no handler for route`, or 405 `unsupported operation`, never 5xx: a
client would try again.

- *open*: answers without a token.
- *sudo*: a policy has to give `sudo` on it as well, as with Vault.

Every tenant has the mounts `secret/` (KV version 2), `transit/`, `database/`, `cubbyhole/`, `sys/` and `auth/token/`.
Others are enabled by `sys/mounts/…` and `sys/auth/…`; of each kind the routes are below its path.
"""
MOUNTS: Final = {
    "kv2": "secret/",
    "kv1": "kv/",
    "transit": "transit/",
    "database": "database/",
    "cubbyhole": "cubbyhole/",
    "system": "sys/",
    "token": "auth/token/",
    "approle": "auth/approle/",
    "userpass": "auth/userpass/",
    "jwt": "auth/jwt/",
    "kubernetes": "auth/kubernetes/",
}
"""Where an engine is usually found; its order is that of the page."""
TITLES: Final = {"kv1": "KV version 1", "kv2": "KV version 2", "system": "System", "token": "Tokens"}
METHODS: Final = {"read": "GET", "update": "PUT", "patch": "PATCH", "delete": "DELETE", "list": "LIST"}
FIELD: Final = {
    "read": "This field alone.",
    "update": "Set this field alone.",
    "delete": "Set it to what holds where nothing is said.",
}
"""Of handlers that are made for a field of something, one after the other."""

NOT_SERVED: Final = (
    ("sys/init, sys/unseal, sys/seal, sys/rekey, sys/generate-root, sys/rotate",
     "the key is a file of the operator's, who [rotates it](../how-to/rotate-the-kek.md); `init` and the like say so"),
    ("sys/remount",
     "values are sealed, and events written, under names with their mount's path: copy, then disable the old mount"),
    ("sys/audit/PATH, sys/audit-hash", "every request is in the log, always: there is nothing to enable or to disable"),
    ("sys/namespaces", "namespaces are tenants, which the operator makes by `trstctl tenants`"),
    ("sys/plugins, sys/raw, sys/storage, sys/pprof, sys/host-info, sys/in-flight-req, sys/monitor, sys/metrics",
     "there are no plugins, and the store is the log; `/metrics` has the measures"),
    ("sys/config/cors, sys/config/ui, sys/config/auditing, sys/config/state, sys/loggers, sys/experiments",
     "the configuration is [a file](configuration.md)"),
    ("sys/policies/password, sys/policies/rgp, sys/policies/egp, sys/quotas, sys/mfa, sys/control-group",
     "not served; [approvals](../how-to/require-approvals.md) are what control groups are for"),
    ("sys/internal/specs/openapi", "this page is instead"),
    ("sys/replication, sys/ha-status, sys/step-down", "any number of nodes share one PostgreSQL, and none leads"),
    ("identity", "there are no entities and groups: a path of a policy with `{{identity.…}}` gives nothing to anybody"),
    ("auth/token/create with id", "refused: every token is drawn by the server"),
    ("auth/token/create with type=batch", "every token can be revoked here, and is in the log"),
    ("auth/jwt/oidc", "a login through a browser"),
    ("auth/ldap, auth/cert, auth/aws, auth/azure, auth/gcp, auth/github, auth/radius, auth/kerberos", "not served"),
    ("pki, ssh, totp, aws, azure, gcp, consul, nomad, rabbitmq, kmip, transform",
     "engines that are not served; for clouds there are native [leases](../how-to/lease-a-credential.md)"),
    ("database/config/NAME with username_template, password_policy, tls_ca, tls_certificate_key",
     "refused: accounts and passwords have one form; files of authorities are in the server's configuration"),
    ("database/roles/NAME with credential_type",
     "refused but for `password`; `rollback_statements` are kept and never run, for creation is one transaction"),
    ("database/static-roles/NAME with rotation_window, skip_import_rotation",
     "refused; `rotation_statements` are kept, and what sets the password is the server's own"),
    ("database/config/NAME of other plugins", "PostgreSQL, MySQL and MariaDB, Redis, MongoDB are served"),
    ("transit/wrapping_key, transit/keys/NAME/import, transit/keys/NAME/import_version, transit/byok-export",
     "a key from elsewhere comes by `transit/restore`, from a backup of Vault or OpenBao"),
    ("transit/keys/NAME/csr, transit/keys/NAME/set-certificate, transit/derive-key, transit/keys/NAME/soft-delete",
     "not served"),
    ("transit/cache-config, transit/config/keys", "there is nothing to set"),
    ("transit/keys/NAME of the types xchacha20-poly1305, aes128-cmac, managed_key, external-key", "not served"),
    ("transit/encrypt/NAME with associated_data by a convergent key",
     "refused: equal nonces under different data give the key away that authenticates; such ciphertexts are decrypted"),
    ("transit/sign/NAME with prehashed by an ed25519 key", "refused: it signs the message itself"),
    ("auth/token/lookup and auth/token/revoke of a wrapping token",
     "a wrapping token is no API token: `sys/wrapping/lookup` tells of it, and it ends with its use or its time"),
    ("X-Vault-Wrap-Format: jwt", "ignored: wrapping tokens have one form"),
    ("SCAN", "a method of OpenBao's"),
)  # fmt: skip
"""What is not served, and why or what is instead."""

SCOPES: Final = f"""## Policies and scopes

A token has policies, as Vault's do, or scopes, as the native face's do. One decision serves both faces: what a policy
permits on a path here, it permits natively too, where the table says so; and a token with scopes may do here what they
give natively. `{{name}}` is what the scope is bounded by: the secret, for leases the role, for transit the key.

A key of another mount than `transit/` has the mount before its name, natively and in scopes, with `~` for slashes:
`orders` in `team/eu/` is `team~eu~orders`.

- A request to this surface with a token that has policies is decided by its path alone, as by Vault.
- `create` counts for what is not there yet, `update` for what is.
- What a rule gives within bounds (`allowed_parameters`, `min_wrapping_ttl`, …) it gives on this surface alone.
- Every other scope `resource:verb` is given by `update` on `{NATIVE}resource/verb`, or
  `{NATIVE}resource/verb/BOUND`: `{NATIVE}secrets/export/app/*`, `{NATIVE}shares/create`.
- Whoever writes policies gives what they please to tokens that have them, their own among them.

| on a path | capability | is natively |
|---|---|---|
"""


def page() -> str:
    """The whole page."""
    parts = [HEAD, "## Not served\n\n| path | why |\n|---|---|"]
    parts += [f"| {', '.join(f'`{each}`' for each in path.split(', '))} | {why} |" for path, why in NOT_SERVED]
    for kind in (*MOUNTS, *sorted(set(ENGINES) - set(MOUNTS))):
        if kind in ENGINES:
            parts += _engine(ENGINES[kind], MOUNTS.get(kind, f"{kind}/"))
    parts += ["", SCOPES.rstrip("\n"), *_scopes()]
    return "\n".join(parts).rstrip("\n") + "\n"


def _engine(engine: Engine, mount: str) -> Iterator[str]:
    yield f"\n## {TITLES.get(engine.kind, engine.kind)}\n\n| route under `{mount}` | what it does |\n|---|---|"
    for route in engine.routes:
        yield from _route(route)


def _route(route: Route) -> Iterator[str]:
    marks = "".join(f" *{mark}*" for mark in ("open", "sudo") if getattr(route, mark))
    if not route.handlers:
        yield f"| `{_pattern(route)}`{marks} | 405 for every method |"
    for operation, handler in route.handlers.items():
        summary = (handler.__doc__ or FIELD[operation]).strip().splitlines()[0]
        yield f"| `{METHODS[operation]} {_pattern(route)}`{marks} | {summary} |"


def _pattern(route: Route) -> str:
    return route.pattern.replace("...?}", "}").replace("...}", "}") or "(the mount itself)"


def _scopes() -> Iterator[str]:
    for row in ROWS:
        if row.gives:
            mount = "auth/" if row.engine == "auth" else MOUNTS[row.engine]
            capabilities = f"{' or '.join(f'`{each}`' for each in row.capabilities.split())}"
            sudo = " and `sudo`" if row.sudo else ""
            yield f"| `{mount}{row.pattern}` | {capabilities}{sudo} | `{row.verb}` |"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
