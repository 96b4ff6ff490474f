"""The catalog: providers of the configuration file and of the API, and the backends they open."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from adapters.credential_file import read_credentials
from adapters.mortal_backends import MortalRotatable, mortal
from adapters.opened_backends import OpenedBackends
from adapters.provider_table import kind as kind_of
from adapters.provider_table import load
from domain.backends import Backend, Rotatable
from domain.catalog import ProviderEntry
from domain.errors import Invalid
from domain.plaintext import Plaintext
from domain.ports import SealContext, Sealer
from domain.views import ProvidersView, TenantsView

_OF_THE_MACHINE: Final = frozenset({"in_cluster", "use_instance_role"})
"""Connection settings by which a provider acts as the machine that the server runs on."""


class FileProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider of the configuration file: for which tenants (names, ids or `*`), and where its credentials are."""

    entry: ProviderEntry
    tenants: tuple[str, ...]
    credentials_file: str


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of every backend: connections at once, and seconds that one call may take."""

    connections: int = 8
    seconds: float = 20.0


class Backends:
    """The `Catalog`. A name of the configuration file hides one of the API."""

    def __init__(
        self, in_file: Sequence[FileProvider], view: ProvidersView, tenants: TenantsView, sealer: Sealer, limits: Limits
    ) -> None:
        self._in_file = {provider.entry.name: provider for provider in in_file}
        self._view = view
        self._tenants = tenants
        self._sealer = sealer
        self._limits = limits
        self._opened = OpenedBackends()

    async def find(self, tenant: str, name: str) -> ProviderEntry | None:
        if (provider := self._in_file.get(name)) and await self._serves(provider, tenant):
            return provider.entry
        return await self._view.find(tenant, name)

    async def all(self, tenant: str) -> list[ProviderEntry]:
        found = {entry.name: entry for entry in await self._view.all(tenant)}
        for name, provider in self._in_file.items():
            if await self._serves(provider, tenant):
                found[name] = provider.entry
        return [found[name] for name in sorted(found)]

    async def _serves(self, provider: FileProvider, tenant: str) -> bool:
        if "*" in provider.tenants or tenant in provider.tenants:
            return True
        row = await self._tenants.find(tenant)
        return row is not None and row.name in provider.tenants

    async def backend(self, tenant: str, entry: ProviderEntry) -> Backend:
        if backend := self._opened.get(entry):
            return backend
        secrets = await self._secrets(tenant, entry)
        await load(entry.kind)
        if backend := self._opened.get(entry):  # by somebody else, meanwhile
            return backend
        return self._opened.keep(entry, lambda: mortal(self._open(entry.kind, entry.connection, secrets)))

    async def rotatable(self, tenant: str, entry: ProviderEntry) -> Rotatable:
        backend = await self.backend(tenant, entry)
        if not isinstance(backend, MortalRotatable):
            raise Invalid(f"a provider of kind {entry.kind} cannot rotate standing accounts; issue leases instead")
        return backend

    async def _secrets(self, tenant: str, entry: ProviderEntry) -> dict[str, str]:
        if entry.in_file:
            path = self._in_file[entry.name].credentials_file
            return read_credentials(Path(path), kind_of(entry.kind).secrets) if path else {}
        context = SealContext(tenant, "provider", entry.name, entry.number)
        with await self._sealer.open(context, entry.seal_id) as sealed:
            return decoded_secrets(sealed)

    async def trial(self, kind: str, connection: str, secrets: dict[str, str]) -> None:
        await load(kind)
        backend = self._open(kind, connection, secrets)
        try:
            await backend.check()
        finally:
            await backend.close()

    def check(self, kind: str, connection: str, secrets: dict[str, str]) -> None:
        known = kind_of(kind).secrets
        if unknown := sorted(set(secrets) - set(known)):
            raise Invalid(f"a provider of kind {kind} has no credentials called {', '.join(unknown)}; it has {known}")
        _decoded(connection, kind_of(kind).connection, "connection")
        _check_for_api(msgspec.json.decode(connection))

    def settings(self, kind: str, text: str) -> Any:  # noqa: ANN401 - of the kind's own type
        return _decoded(text, kind_of(kind).role, "settings")

    def _open(self, kind: str, connection: str, secrets: dict[str, str]) -> Backend:
        settings = _decoded(connection, kind_of(kind).connection, "connection")
        return kind_of(kind).open(settings, secrets, self._limits.connections, self._limits.seconds)

    async def close(self) -> None:
        """Let go of every connection."""
        await self._opened.close()


def _check_for_api(connection: object) -> None:
    """Raises `Invalid` for what only the server's own configuration may say: its files, and what its machine may do.

    Else whoever may configure providers could have a file of the server's sent to a host of theirs, or act by the
    rights of the machine or pod that it runs in.
    """
    if isinstance(connection, dict):
        if named := sorted(name for name in connection if name.endswith("_file") or name in _OF_THE_MACHINE):
            raise Invalid(
                f"connection: {', '.join(named)} can only be set for a provider in the server's configuration file"
            )
        connection = list(connection.values())
    if isinstance(connection, list):
        for part in connection:
            _check_for_api(part)


def decoded_secrets(sealed: Plaintext) -> dict[str, str]:
    """Credentials as they were sealed: a JSON object of texts."""
    return msgspec.json.decode(sealed.buffer, type=dict[str, str])


def _decoded(text: str, kind: type[msgspec.Struct], what: str) -> Any:  # noqa: ANN401 - of the type that is asked for
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        told = str(error).replace("`$", f"`{what}")
        raise Invalid(f"{what}: {told}") from error
    except msgspec.DecodeError as error:
        raise Invalid(f"{what}: not JSON") from error
