"""The phases of a rotation, one at a time: each begins from what the log has, so that any node can go on with it.

The new credential is in memory only between its making and the cut-over. Who dies in between leaves an account that
nobody can log in to, and the next node removes it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from domain.backends import Account, BackendRefused, BackendUnavailable, Rotatable, UnknownDestination
from domain.call import Call
from domain.catalog import Catalog
from domain.commands.secrets import SecretCommands
from domain.errors import Conflict, NotFound, TrstctlError
from domain.names import stream_of
from domain.plaintext import Plaintext
from domain.ports import Append, Clock, EventLog, Repository, SealContext, Sealer, Statement
from domain.results import NewValue
from domain.rotation import Failure, Rotation
from domain.secret import Secret
from domain.secret_view import SecretsView, SecretVersion
from domain.stored_credential import Fields, fields_of, identity_of, replaced

_DETAIL: Final = 500


class RotationSteps:
    """`patience` is how long a phase may take before another node goes on, `call` the longest call to a backend."""

    def __init__(
        self,
        log: EventLog,
        repository: Repository,
        catalog: Catalog,
        secrets: SecretCommands,
        view: SecretsView,
        sealer: Sealer,
        clock: Clock,
        *,
        patience: timedelta,
        call: timedelta,
    ) -> None:
        self._log = log
        self._repository = repository
        self._catalog = catalog
        self._secrets = secrets
        self._view = view
        self._sealer = sealer
        self._clock = clock
        self.patience = patience
        self._longest_call = call

    async def begun(self, call: Call, rotation: Rotation, until: datetime) -> None:
        """Make the new account and cut the secret over to it; what fails is recorded, to be undone.

        From `until` on another node may undo it: nothing is made then that it would not see.
        """
        phase = "stage"
        try:
            if self._clock() > until - self._longest_call:
                raise BackendUnavailable("the server stood still before the backend was asked")
            backend = await self._backend(call.tenant, rotation)
            credential = await backend.create_like(self._account(call.tenant, rotation), rotation.old_ref)
            phase = "cutover"
            await self._cut_over(call, rotation, credential.fields, credential.handle.get("ref", rotation.account))
        except TrstctlError as error:
            await self._failed(call, rotation.rotation_id, phase, error)

    async def interrupted(self, call: Call, rotation_id: str) -> None:
        """The credential of a rotation that died before its cut-over is lost: it is undone."""
        await self._failed(call, rotation_id, "stage", Conflict("it was interrupted before the cut-over"))

    async def verified(self, call: Call, rotation: Rotation) -> None:
        """Log in with what is stored; what fails is recorded, to be undone."""
        try:
            backend = await self._backend(call.tenant, rotation)
            await backend.log_in(await self._stored(call.tenant, rotation.key, rotation.number))
        except TrstctlError as error:
            await self._failed(call, rotation.rotation_id, "verify", error)
            return
        async with self._held(call, rotation.rotation_id) as held:
            at = self._clock()
            held.verify(at + timedelta(seconds=held.grace_seconds), at)
            await self._append(call, held)

    async def retired(self, call: Call, rotation: Rotation) -> None:
        """End the old account and look; raises `BackendError`, and then it is still to be done."""
        backend = await self._backend(call.tenant, rotation)
        await self._removed(backend, rotation.old_ref)
        async with self._held(call, rotation.rotation_id) as held:
            held.complete(self._clock())
            await self._append(call, held)

    async def undone(self, call: Call, rotation: Rotation) -> None:
        """Give the secret its former value, and end the new account; raises `BackendError` if that is to be done."""
        if rotation.number:
            await self._restored(call, rotation)
        backend = await self._backend(call.tenant, rotation)
        account = self._account(call.tenant, rotation)
        ref = rotation.new_ref or await backend.staged(account, rotation.old_ref)
        if ref:
            await self._removed(backend, ref)
        async with self._held(call, rotation.rotation_id) as held:
            held.roll_back(self._clock())
            await self._append(call, held)

    async def checked(self, tenant: str, key: str, old_ref: str) -> SecretVersion:
        """The current version of `key`; raises `NotFound`, `Conflict` unless it holds the credential of `old_ref`."""
        version = await self._current(tenant, key)
        holder = identity_of(await self._stored(tenant, key, version.number))
        if holder != old_ref:
            raise Conflict(
                f"{key!r} holds the credential of {holder!r}, not of {old_ref!r}; name the one that it holds"
            )
        return version

    async def holder(self, tenant: str, key: str) -> str:
        """Whose credential `key` holds; raises `NotFound`, `Conflict` if it holds none."""
        version = await self._current(tenant, key)
        return str(identity_of(await self._stored(tenant, key, version.number)))

    async def _current(self, tenant: str, key: str) -> SecretVersion:
        version = await self._view.current(tenant, key)
        if version is None or not version.answers(self._clock()):
            raise NotFound(f"there is no secret {key!r}; store the credential that is to be rotated there first")
        return version

    @staticmethod
    async def _removed(backend: Rotatable, ref: str) -> None:
        await backend.retire(ref)
        if await backend.exists(ref):
            raise BackendRefused(f"{ref!r} was removed and is still there; look at the backend")

    async def _cut_over(self, call: Call, rotation: Rotation, fields: Fields, new_ref: str) -> None:
        old = await self.checked(call.tenant, rotation.key, rotation.old_ref)
        text = await self._text(call.tenant, rotation.key, old.number)
        with Plaintext(bytearray(replaced(text, fields).encode())) as value:
            async with self._secret(call, rotation.key) as secret, self._held(call, rotation.rotation_id) as held:
                secret.must_be_at(old.number)
                at, go_on_at = self._now()
                new = NewValue(value, old.content_type, old.metadata)
                _, statements = await self._secrets.seal_next(call, secret, new, "rotation", at)
                held.stage(new_ref, go_on_at, at)
                held.cut_over(secret.current, go_on_at, at)
                await self._append(call, held, secret, statements)

    async def _restored(self, call: Call, rotation: Rotation) -> None:
        """Only if nobody has written to it since: what somebody else put there is not ours to take away."""
        async with self._secret(call, rotation.key) as secret, self._held(call, rotation.rotation_id) as held:
            statements: Sequence[Statement] = ()
            at, go_on_at = self._now()
            if secret.live and secret.current == rotation.number and rotation.number - 1 not in secret.destroyed:
                old = await self._view.version(call.tenant, rotation.key, rotation.number - 1)
                if old is not None:
                    with await self._open(call.tenant, rotation.key, old) as value:
                        new = NewValue(value, old.content_type, old.metadata)
                        _, statements = await self._secrets.seal_next(call, secret, new, "rollback", at, old.number)
            held.restore(secret.current, go_on_at, at)
            await self._append(call, held, secret, statements)

    async def _failed(self, call: Call, rotation_id: str, phase: str, error: TrstctlError) -> None:
        async with self._held(call, rotation_id) as held:
            at, go_on_at = self._now()
            # A backend that did not answer may still be at it; one look too early would find nothing.
            late = phase == "stage" and isinstance(error, BackendUnavailable)
            look_at = at + 2 * self._longest_call if late else at
            detail = error.message[:_DETAIL].replace("\n", " ")
            failure = Failure(phase=phase, error=error.code, detail=detail, look_at=look_at)
            held.fail(failure, look_at if late else go_on_at, at)
            await self._append(call, held)

    def _now(self) -> tuple[datetime, datetime]:
        at = self._clock()
        return at, at + self.patience

    async def _stored(self, tenant: str, key: str, number: int) -> Fields:
        return fields_of(await self._text(tenant, key, number))

    async def _text(self, tenant: str, key: str, number: int) -> str:
        version = await self._view.version(tenant, key, number)
        if version is None:
            raise NotFound(f"{key!r} has no version {number}")
        with await self._open(tenant, key, version) as value:
            try:
                return value.buffer.decode()
            except UnicodeDecodeError:
                raise Conflict(f"{key!r} holds bytes, not the text of a credential") from None

    async def _open(self, tenant: str, key: str, version: SecretVersion) -> Plaintext:
        return await self._sealer.open(SealContext(tenant, "secret", key, version.number), version.seal_id)

    async def _backend(self, tenant: str, rotation: Rotation) -> Rotatable:
        entry = await self._catalog.find(tenant, rotation.provider)
        if entry is None or entry.destination != rotation.destination or entry.kind != rotation.kind:
            raise UnknownDestination(
                f"the provider {rotation.provider!r} ({rotation.kind}) is not configured any more; configure it again"
                " under this name, then retry"
            )
        return await self._catalog.rotatable(tenant, entry)

    @staticmethod
    def _account(tenant: str, rotation: Rotation) -> Account:
        return Account(
            name=rotation.account,
            tenant=tenant,
            lease_id=rotation.rotation_id,
            subject=rotation.subject,
            role="rotation",
            settings=None,
            expires_at=datetime.max.replace(tzinfo=UTC),
        )

    @asynccontextmanager
    async def _held(self, call: Call, rotation_id: str) -> AsyncIterator[Rotation]:
        async with self._repository.hold(Rotation, stream_of("rotation", call.tenant, rotation_id)) as rotation:
            if rotation is None:
                raise NotFound(f"there is no rotation {rotation_id!r}")
            yield rotation

    @asynccontextmanager
    async def _secret(self, call: Call, path: str) -> AsyncIterator[Secret]:
        async with self._repository.hold(Secret, stream_of("secret", call.tenant, path)) as secret:
            if secret is None:
                raise NotFound(f"there is no secret {path!r}")
            yield secret

    async def _append(
        self, call: Call, rotation: Rotation, secret: Secret | None = None, statements: Sequence[Statement] = ()
    ) -> int:
        events = [*(secret.collect_events() if secret else ()), *rotation.collect_events()]
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=events,  # type: ignore[arg-type]  # the library types them as its own base
                statements=statements,
            )
        )
