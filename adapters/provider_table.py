"""Every kind of backend there is. A further one is a file in `adapters.providers` and a line here."""

from __future__ import annotations

import asyncio
from importlib import import_module
from pkgutil import iter_modules
from typing import Final, cast

from domain.backends import BackendKind
from domain.errors import Invalid

KINDS: Final[dict[str, str]] = {
    "aws-iam": "adapters.providers.aws_iam",
    "azure-entra": "adapters.providers.azure_entra",
    "gcp-iam": "adapters.providers.gcp_iam",
    "kubernetes": "adapters.providers.kubernetes",
    "mongodb": "adapters.providers.mongodb",
    "mysql": "adapters.providers.mysql",
    "postgresql": "adapters.providers.postgresql",
    "redis": "adapters.providers.redis",
    "webhook": "adapters.providers.webhook",
}
"""Module by kind; each has a `KIND`. They are imported when first asked for: an SDK can take a second and 50 MiB."""


def kind(name: str) -> BackendKind:
    """The kind of this name; raises `Invalid` naming those there are."""
    if name not in KINDS:
        raise Invalid(f"there is no provider kind {name!r}; there are {', '.join(sorted(KINDS))}")
    return cast("BackendKind", import_module(KINDS[name]).KIND)


async def load(name: str) -> None:
    """Import all that opening a backend of this kind needs, on a thread: an SDK would hold up everybody else.

    Raises `Invalid`, as `kind` does.
    """
    await asyncio.to_thread(_import_whole, name)


def _import_whole(name: str) -> None:
    kind(name)
    package = import_module(KINDS[name])
    for part in iter_modules(getattr(package, "__path__", ())):
        import_module(f"{KINDS[name]}.{part.name}")
