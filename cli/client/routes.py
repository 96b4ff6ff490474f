"""The addresses of the API that this client calls."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from cli.client.errors import WrongUsage

STORE: Final = "/api/v1/secrets/store"
INJECTIONS: Final = "/api/v1/secrets/injections"
SHARES: Final = "/api/v1/secrets/shares"
REDEEM: Final = f"{SHARES}/redeem"
API_TOKENS: Final = "/api/v1/access/api-tokens"
EPHEMERAL_KEYS: Final = "/api/v1/ephemeral/api-keys"
WHOAMI: Final = "/api/v1/access/whoami"
APPROVALS: Final = "/api/v1/approvals"
LEASES: Final = "/api/v1/secrets/leases"
PROVIDERS: Final = "/api/v1/secrets/providers"
ROTATIONS: Final = "/api/v1/secrets/rotations"
SCHEDULES: Final = "/api/v1/secrets/rotation-schedules"
TRANSIT: Final = "/api/v1/transit"
TRANSIT_KEYS: Final = f"{TRANSIT}/keys"
AUDIT: Final = "/api/v1/audit"

RESERVED: Final = frozenset(
    {"approvals", "destroy", "diff", "export", "history", "import", "recover", "references", "undelete"}
)
"""First segments that are routes of their own: writing a value "to" one of them would do something else."""

_UNQUOTED: Final = "/:+=,~"


def secret(path: str, action: str = "") -> str:
    """The address of the secret at `path`, or of an `action` (`history`, `recover` …) on it.

    Raises `WrongUsage` for a path that would lead elsewhere: an HTTP library folds `..`, and some names are routes.
    """
    segments = path.split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        raise WrongUsage(
            f"{path!r} is no secret's path: segments may not be empty, '.' or '..'",
            "write it as folder/name, without a slash at either end",
        )
    if segments[0] in RESERVED:
        raise WrongUsage(
            f"{path!r} is no secret's path: {segments[0]} is a route of the API",
            f"put it in a folder, such as app/{path}",
        )
    return "/".join(filter(None, (STORE, action, quote(path, safe=_UNQUOTED))))


def folder(prefix: str) -> str:
    """A prefix that means a folder: `app` is `app/`, so that `apple/` is not meant as well. Empty means everything."""
    return f"{prefix}/" if prefix and not prefix.endswith("/") else prefix


def item(collection: str, identifier: str) -> str:
    """The address of one thing in a collection."""
    if not identifier.strip("."):
        raise WrongUsage(f"{identifier!r} is no id")
    return f"{collection}/{quote(identifier, safe='')}"
