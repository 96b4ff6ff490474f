"""The command that issues a lease: the intent first, then the backend, then the outcome; a crash between is undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from domain.backends import Account, Backend, BackendError, BackendUnavailable, Credential
from domain.call import Call
from domain.catalog import Catalog, ProviderEntry, Role
from domain.commands.lease_terms import LeaseMeta, Patience, account_of
from domain.errors import Conflict, Invalid, NotFound, VersionConflict
from domain.lease import Lease, LeasePlan, account_name
from domain.ports import Append, Clock, EventLog, Replies, ReplyKey, Statement
from domain.results import Done


class LeaseMaking:
    """`entropy` gives random bytes, of which ids are made."""

    def __init__(
        self,
        log: EventLog,
        catalog: Catalog,
        replies: Replies,
        clock: Clock,
        entropy: Callable[[int], bytes],
        patience: Patience,
    ) -> None:
        self._log = log
        self._catalog = catalog
        self._replies = replies
        self._clock = clock
        self._entropy = entropy
        self._patience = patience

    async def issue(self, call: Call, provider: str, role: str, ttl_seconds: int | None = None) -> Done[LeaseMeta]:
        """A new credential, shown this once.

        Raises `NotFound` for an unknown provider or role, `Invalid` for a time to live beyond the role's, and
        `BackendError`; then no account is left behind, or the process manager removes it.
        """
        call.require("leases:issue", f"{provider}/{role}")
        entry, terms = await self._terms(call, provider, role)
        backend = await self._catalog.backend(call.tenant, entry)
        plan = self._plan(call, entry, terms, ttl_seconds)
        at = self._clock()
        lease = Lease.request(call.tenant, plan, at)
        account = account_of(call.tenant, lease, self._catalog.settings(entry.kind, terms.settings))
        meta = LeaseMeta.planned(plan, at)
        kept = await self._replies.keep(call, msgspec.structs.replace(meta, replayed=True))
        # The reply stands from here on: who repeats the request is led to this lease and gets no second one.
        await self._append(call, lease, kept.statements, kept.reply)
        credential = await self._created(call, backend, lease, account)
        position = await self._issued(call, lease, credential)
        return Done(meta.issued(at, dict(credential.fields)), position)

    async def _terms(self, call: Call, provider: str, role: str) -> tuple[ProviderEntry, Role]:
        entry = await self._catalog.find(call.tenant, provider)
        if entry is None:
            raise NotFound(f"there is no provider {provider!r}; see GET /api/v1/secrets/providers")
        if role not in entry.roles:
            raise NotFound(
                f"provider {provider!r} has no role {role!r}; it has {', '.join(sorted(entry.roles)) or 'none'}"
            )
        return entry, entry.roles[role]

    def _plan(self, call: Call, entry: ProviderEntry, role: Role, ttl_seconds: int | None) -> LeasePlan:
        ttl = role.default_ttl_seconds if ttl_seconds is None else ttl_seconds
        if not 1 <= ttl <= role.max_ttl_seconds:
            raise Invalid(f"ttl_seconds is 1 to {role.max_ttl_seconds} for role {role.name!r} of {entry.name!r}")
        at = self._clock()
        noise = self._entropy(6).hex()
        return LeasePlan(
            lease_id=f"lse_{int(at.timestamp() * 1000):012x}{noise}",
            provider=entry.name,
            kind=entry.kind,
            destination=entry.destination,
            role=role.name,
            settings=role.settings,
            subject=call.principal.subject,
            token_id=call.principal.token_id,
            account=account_name(role.name, call.principal.subject, noise),
            expires_at=at + timedelta(seconds=ttl),
            max_expires_at=at + timedelta(seconds=role.max_ttl_seconds),
            give_up_at=at + self._patience.give_up,
        )

    async def _created(self, call: Call, backend: Backend, lease: Lease, account: Account) -> Credential:
        try:
            if self._clock() > lease.give_up_at - self._patience.give_up + self._patience.ask:
                raise BackendUnavailable("the server stood still before the backend was asked; ask for another lease")
            return await backend.create(account)
        except BackendError as error:
            await self._failed(call, lease, error)
            raise

    async def _failed(self, call: Call, lease: Lease, error: BackendError) -> None:
        at = self._clock()
        # A backend that did not answer may still be at it; one look too early would find nothing.
        look_at = at + self._patience.settle if isinstance(error, BackendUnavailable) else at
        lease.fail(error.code, look_at, at)
        await self._append(call, lease, await self._replies.forget(call))

    async def _issued(self, call: Call, lease: Lease, credential: Credential) -> int:
        lease.issue(credential.handle, self._clock())
        try:
            return await self._append(call, lease)
        except VersionConflict as error:
            raise Conflict(f"lease {lease.lease_id} took too long and was given up; ask for another one") from error

    async def _append(
        self, call: Call, lease: Lease, statements: Sequence[Statement] = (), reply: ReplyKey | None = None
    ) -> int:
        return await self._log.append(
            Append(
                tenant=call.tenant,
                actor=call.principal.actor,
                request_id=call.request_id,
                events=lease.collect_events(),  # type: ignore[arg-type]  # the library types them as its own base
                statements=statements,
                reply=reply,
            )
        )
