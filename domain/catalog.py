"""Which backends a tenant may ask for credentials, wherever they are configured: what commands need to know of them."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from domain.backends import Backend, Rotatable


class Role(msgspec.Struct, frozen=True, kw_only=True):
    """What a credential of this role may do, and for how long, in seconds. `settings` are JSON of the kind's type."""

    name: str
    default_ttl_seconds: int
    max_ttl_seconds: int
    settings: str
    note: str = ""
    """JSON: what a client of Vault said of it besides, and reads again."""


class ProviderEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A configured backend, without its credentials."""

    name: str
    kind: str
    destination: str
    """Its name among all tenants' backends: what work for it is queued under."""
    connection: str
    """Its connection settings, JSON."""
    number: int
    """Which set of credentials; 0 in the configuration file."""
    seal_id: str = ""
    roles: dict[str, Role] = {}
    note: str = ""
    """As of a role."""

    @property
    def in_file(self) -> bool:
        """Whether the configuration file has it, so that the API cannot change it."""
        return not self.seal_id


class Catalog(Protocol):
    """Providers of the configuration file and of the API, the former first."""

    async def find(self, tenant: str, name: str) -> ProviderEntry | None:
        """The tenant's provider of this name, or None."""
        ...

    async def all(self, tenant: str) -> list[ProviderEntry]:
        """Every one that the tenant may use, in order of name."""
        ...

    async def backend(self, tenant: str, entry: ProviderEntry) -> Backend:
        """The backend, ready for use; raises `Invalid`, `KeyUnavailable`, `BackendError`."""
        ...

    async def rotatable(self, tenant: str, entry: ProviderEntry) -> Rotatable:
        """The backend, if its kind can rotate standing accounts; else raises `Invalid`. Raises like `backend`."""
        ...

    async def trial(self, kind: str, connection: str, secrets: dict[str, str]) -> None:
        """Check the backend that would be configured so, without keeping it; raises what is wrong."""
        ...

    def check(self, kind: str, connection: str, secrets: dict[str, str]) -> None:
        """Raises `Invalid` unless these settings, which came through the API, can open a backend of this kind."""
        ...

    def settings(self, kind: str, text: str) -> Any:  # noqa: ANN401 - of the kind's own type
        """A role's settings; raises `Invalid` naming what is wrong."""
        ...
