"""Changing the password of the account that makes the others, so that nobody but the server knows it.

In three steps: the next password is sealed and in the log; the backend is told, and tried with it; it is the one. Who
goes on after a crash tries first whether the backend has it already, for then the old one works no more. The reply to
who sends an idempotency key is kept with the first step, and whoever repeats the request sees to the others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from domain.backends import BackendRefused, SetsPasswords
from domain.call import Call, Principal
from domain.catalog import Catalog, ProviderEntry
from domain.errors import Conflict, Forbidden, Invalid, NotFound, VersionConflict
from domain.names import stream_of
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Kept, Replies, Repository, SealContext, Sealer, Statement
from domain.provider import Provider
from domain.views import Work


class _Next(NamedTuple):
    """The credentials to come."""

    number: int
    secrets: dict[str, str]
    is_new: bool
    """Whether the backend cannot have them yet."""


class ProviderRotation:
    """`fresh` makes passwords; `patience` is how long whoever changes one has until another node goes on."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        sealer: Sealer,
        catalog: Catalog,
        replies: Replies,
        clock: Clock,
        *,
        fresh: Callable[[], str],
        patience: timedelta,
    ) -> None:
        self._log = log
        self._repository = repository
        self._sealer = sealer
        self._catalog = catalog
        self._replies = replies
        self._clock = clock
        self._fresh = fresh
        self._patience = patience

    async def rotate(self, call: Call, name: str) -> None:
        """Change it now.

        Raises `NotFound`, `Forbidden`, `Invalid` for a kind that cannot, `BackendError`: where the backend refused, all
        is as it was; where it did not answer, another attempt follows.
        """
        call.require("providers:write")
        await self.go_on(call, name)

    async def finish(self, call: Call, name: str) -> None:
        """Change it to what was begun with, for which the reply is kept already; without a beginning it is done.

        Raises as `rotate` does.
        """
        await self.go_on(msgspec.structs.replace(call, idempotency=None), name, begin=False)

    async def go_on(self, call: Call, name: str, *, begin: bool = True) -> None:
        """Change it to what was begun with, or `begin`."""
        entry = await self._entry(call, name)
        coming = await self._coming(call, entry, begin=begin)
        if coming is None:
            return
        if coming.is_new or not await self._works(entry, coming.secrets):
            await self._set(call, entry, coming)
            await self._catalog.trial(entry.kind, entry.connection, coming.secrets)
        await self._settled(
            call, name,
            lambda provider: provider.take_staged(coming.number, entry.connection, entry.note, self._clock()),
            Kept() if coming.is_new else await self._kept(call, name),
        )  # fmt: skip

    async def _kept(self, call: Call, name: str) -> Kept:
        return await self._replies.keep(call, {"provider": name})

    async def _coming(self, call: Call, entry: ProviderEntry, *, begin: bool) -> _Next | None:
        async with self._repository.hold(Provider, stream_of("provider", call.tenant, entry.name)) as provider:
            if provider is None:
                raise NotFound(f"there is no provider {entry.name!r}")
            if provider.staged:
                number, seal_id = provider.staged.number, provider.staged.seal_id
                return _Next(number, await self._opened(call.tenant, entry.name, number, seal_id), is_new=False)
            if not begin:
                return None
            old = await self._opened(call.tenant, entry.name, entry.number, entry.seal_id)
            secrets, number = {**old, "password": self._fresh()}, provider.counted + 1
            with Plaintext(bytearray(msgspec.json.encode(secrets))) as plaintext:
                sealed = await self._sealer.seal(SealContext(call.tenant, "provider", entry.name, number), plaintext)
            at = self._clock()
            provider.stage(entry.destination, sealed.seal_id, sealed.digest, at + self._patience, at)
            await self._append(call, provider, sealed.statements, await self._kept(call, entry.name))
            return _Next(number, secrets, is_new=True)

    async def _set(self, call: Call, entry: ProviderEntry, coming: _Next) -> None:
        """The backend has the new password when this returns. If it refuses, it has the old one, and so have we."""
        backend = await self._catalog.rotatable(call.tenant, entry)
        if not isinstance(backend, SetsPasswords):
            raise BackendRefused("this kind of provider has no password that could be set")
        username = str(msgspec.json.decode(entry.connection).get("username", ""))
        try:
            await backend.set_password(username, coming.secrets["password"])
        except BackendRefused:
            if coming.is_new:
                await self._settled(
                    call, entry.name,
                    lambda provider: provider.drop_staged(coming.number, self._clock()),
                    Kept(await self._replies.forget(call)),
                )  # fmt: skip
            raise

    async def _works(self, entry: ProviderEntry, secrets: dict[str, str]) -> bool:
        try:
            await self._catalog.trial(entry.kind, entry.connection, secrets)
        except BackendRefused:
            return False
        return True

    async def _settled(self, call: Call, name: str, settle: Callable[[Provider], str], kept: Kept) -> None:
        """Who finds it settled by another node has nothing to do."""
        try:
            async with self._repository.hold(Provider, stream_of("provider", call.tenant, name)) as provider:
                if provider is not None:
                    seal_id = settle(provider)
                    await self._append(call, provider, self._sealer.destroy(call.tenant, [seal_id]), kept)
        except (Conflict, VersionConflict):
            return

    async def _entry(self, call: Call, name: str) -> ProviderEntry:
        entry = await self._catalog.find(call.tenant, name)
        if entry is None:
            raise NotFound(f"there is no provider {name!r}")
        if entry.in_file:
            raise Forbidden(f"provider {name!r} is in the server's configuration file; it is changed there")
        backend = await self._catalog.rotatable(call.tenant, entry)
        if not isinstance(backend, SetsPasswords) or "username" not in msgspec.json.decode(entry.connection):
            raise Invalid(f"a provider of kind {entry.kind} has no password that could be set")
        return entry

    async def _opened(self, tenant: str, name: str, number: int, seal_id: str) -> dict[str, str]:
        with await self._sealer.open(SealContext(tenant, "provider", name, number), seal_id) as sealed:
            return msgspec.json.decode(sealed.buffer, type=dict[str, str])

    async def _append(self, call: Call, provider: Provider, statements: Sequence[Statement], kept: Kept) -> None:
        await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=provider.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=[*statements, *kept.statements],
                reply=kept.reply,
            )
        )


class ProviderRotationWork:
    """Work of the kind `provider.rotate`: `ref` is the provider's name."""

    def __init__(self, log: EventLog, rotation: ProviderRotation) -> None:
        self._log = log
        self._rotation = rotation

    async def begin(self, work: Work, intent: Append) -> None:  # noqa: ARG002 - the port's signature
        """The intent alone: the steps record the rest."""
        await self._log.append(intent)

    async def carry_out(self, work: Work) -> None:
        """Finish it; raises `BackendError`."""
        principal = Principal(tenant=work.tenant, subject="trstctl", scopes=("*",), token_id="")
        await self._rotation.go_on(Call(principal=principal, request_id=work.stream.hex[:16]), work.ref)
