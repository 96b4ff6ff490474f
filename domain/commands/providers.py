"""Commands that configure backends and their roles through the API, and try whether they work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from domain.call import Call
from domain.catalog import Catalog, ProviderEntry
from domain.errors import Conflict, Forbidden, Invalid, NotFound
from domain.names import stream_of
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Replies, Repository, SealContext, Sealer, Statement
from domain.provider import Provider, checked_ttls
from domain.results import Done
from domain.views import LeasesView


class RoleMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A role: what its credentials may do, and how long they live, in seconds."""

    name: str
    default_ttl_seconds: int
    max_ttl_seconds: int
    settings: dict[str, Any]


class ProviderMeta(msgspec.Struct, frozen=True, kw_only=True):
    """A provider, without its credentials. `source` is `configuration` (the server's file) or `api`."""

    name: str
    kind: str
    source: str
    connection: dict[str, Any]
    roles: list[RoleMeta]


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """The backend was reached, and as far as it tells the privileges suffice."""

    name: str
    ok: bool


class ProviderCommands:
    """Providers of the server's configuration file are shown and tried as well, but changed there alone."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        catalog: Catalog,
        leases: LeasesView,
        sealer: Sealer,
        replies: Replies,
        clock: Clock,
        *,
        may_change: bool = True,
    ) -> None:
        self._may_change = may_change
        self._log = log
        self._repository = repository
        self._catalog = catalog
        self._leases = leases
        self._sealer = sealer
        self._replies = replies
        self._clock = clock

    async def page(self, call: Call) -> list[ProviderMeta]:
        """Every provider that the tenant may use, in order of name."""
        call.require("providers:read")
        return [_meta(entry) for entry in await self._catalog.all(call.tenant)]

    async def show(self, call: Call, name: str) -> ProviderMeta:
        """One provider; raises `NotFound`."""
        call.require("providers:read")
        return _meta(await self._entry(call, name))

    async def test(self, call: Call, name: str) -> Tried:
        """Connect and check; raises `NotFound`, `BackendError` saying what to do."""
        call.require("providers:read")
        backend = await self._catalog.backend(call.tenant, await self._entry(call, name))
        await backend.check()
        return Tried(name=name, ok=True)

    async def entries(self, call: Call) -> list[ProviderEntry]:
        """Every provider that the tenant may use, in order of name, for whoever may read or use any of them."""
        if not call.allows_somewhere("leases:issue"):
            call.require("providers:read")
        return await self._catalog.all(call.tenant)

    async def configure(
        self,
        call: Call,
        name: str,
        kind: str,
        connection: dict[str, Any],
        secrets: dict[str, str] | None,
        *,
        note: str = "",
        verify: bool = False,
    ) -> Done[ProviderMeta]:
        """Configure it, or anew with other credentials; raises `Invalid`, `Conflict`, `Forbidden`.

        Without `secrets` it keeps those it has, which nothing but the same connection may be given. With `verify` the
        backend is asked first whether it works so; that raises `BackendError`.
        """
        call.require("providers:write")
        await self._must_be_ours(call, name)
        text = msgspec.json.encode(connection).decode()
        if secrets is None:
            secrets = await self._kept(call, name, kind, connection)
        self._catalog.check(kind, text, secrets)
        if verify:
            await self._catalog.trial(kind, text, secrets)
        at = self._clock()
        async with self._repository.hold(Provider, stream_of("provider", call.tenant, name)) as held:
            provider = held or Provider.begin(call.tenant, name, kind, at)
            context = SealContext(call.tenant, "provider", name, provider.counted + 1)
            with Plaintext(bytearray(msgspec.json.encode(secrets))) as plaintext:
                sealed = await self._sealer.seal(context, plaintext)
            old = provider.configure(kind, text, sealed.seal_id, sealed.digest, at, note=note)
            gone = self._sealer.destroy(call.tenant, old) if old else ()
            entry = await self._catalog.find(call.tenant, name)
            roles = _meta(entry).roles if entry else []
            meta = ProviderMeta(name=name, kind=kind, source="api", connection=connection, roles=roles)
            return Done(meta, await self._append(call, provider, meta, [*sealed.statements, *gone]))

    async def remove(self, call: Call, name: str) -> Done[None]:
        """Use it no longer; raises `NotFound`, `Conflict` while a lease of it is not seen to be gone."""
        call.require("providers:write")
        await self._must_be_ours(call, name)
        entry = await self._entry(call, name)
        if await self._leases.expected(entry.destination, "", 1):
            raise Conflict(f"provider {name!r} has leases whose accounts are still there; revoke them first")
        async with self._held(call, name) as provider:
            gone = self._sealer.destroy(call.tenant, provider.remove(self._clock()))
            return Done(None, await self._append(call, provider, None, gone))

    async def configure_role(
        self, call: Call, name: str, role: str, ttls: tuple[int, int], settings: dict[str, Any], *, note: str = ""
    ) -> Done[RoleMeta]:
        """Configure a role, `ttls` being its default and its longest time to live in seconds."""
        call.require("providers:write")
        await self._must_be_ours(call, name)
        checked_ttls(*ttls)
        text = msgspec.json.encode(settings).decode()
        async with self._held(call, name) as provider:
            self._catalog.settings(provider.kind, text)
            provider.configure_role(role, *ttls, text, self._clock(), note=note)
            meta = RoleMeta(name=role, default_ttl_seconds=ttls[0], max_ttl_seconds=ttls[1], settings=settings)
            return Done(meta, await self._append(call, provider, meta))

    async def remove_role(self, call: Call, name: str, role: str) -> Done[None]:
        """Issue no lease of it any more; those that live end as they would. Raises `NotFound`."""
        call.require("providers:write")
        await self._must_be_ours(call, name)
        async with self._held(call, name) as provider:
            provider.remove_role(role, self._clock())
            return Done(None, await self._append(call, provider, None))

    async def _kept(self, call: Call, name: str, kind: str, connection: dict[str, Any]) -> dict[str, str]:
        """The credentials it has. To another address, or less protected, they go only if somebody shows them again."""
        entry = await self._catalog.find(call.tenant, name)
        if entry is None or entry.kind != kind or msgspec.json.decode(entry.connection) != connection:
            raise Invalid("the connection is a new one: give its credentials as well")
        context = SealContext(call.tenant, "provider", name, entry.number)
        with await self._sealer.open(context, entry.seal_id) as sealed:
            return msgspec.json.decode(sealed.buffer, type=dict[str, str])

    @asynccontextmanager
    async def _held(self, call: Call, name: str) -> AsyncIterator[Provider]:
        async with self._repository.hold(Provider, stream_of("provider", call.tenant, name)) as provider:
            if provider is None:
                raise NotFound(f"there is no provider {name!r}")
            provider.must_live()
            yield provider

    async def _entry(self, call: Call, name: str) -> ProviderEntry:
        entry = await self._catalog.find(call.tenant, name)
        if entry is None:
            raise NotFound(f"there is no provider {name!r}")
        return entry

    async def _must_be_ours(self, call: Call, name: str) -> None:
        if not self._may_change:
            raise Forbidden("providers are configured in the server's configuration file alone: secrets.provider_api")
        entry = await self._catalog.find(call.tenant, name)
        if entry and entry.in_file:
            raise Forbidden(f"provider {name!r} is in the server's configuration file; it is changed there")

    async def _append(
        self, call: Call, provider: Provider, result: object, statements: Sequence[Statement] = ()
    ) -> int:
        kept = await self._replies.keep(call, result)
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=provider.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=[*statements, *kept.statements],
                reply=kept.reply,
            )
        )


def _meta(entry: ProviderEntry) -> ProviderMeta:
    return ProviderMeta(
        name=entry.name,
        kind=entry.kind,
        source="configuration" if entry.in_file else "api",
        connection=msgspec.json.decode(entry.connection),
        roles=[
            RoleMeta(
                name=role.name,
                default_ttl_seconds=role.default_ttl_seconds,
                max_ttl_seconds=role.max_ttl_seconds,
                settings=msgspec.json.decode(role.settings),
            )
            for role in entry.roles.values()
        ],
    )
