"""The backend: one short request after another, so that a call that is given up begins nothing more."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

from adapters.provider_threads import Threads
from adapters.providers.kubernetes.calls import Calls, Token
from adapters.providers.kubernetes.credential import credential_fields
from adapters.providers.kubernetes.files import certificates
from adapters.providers.kubernetes.needs import needs
from adapters.providers.kubernetes.objects import (
    cluster_role_binding,
    home,
    parts,
    role,
    role_binding,
    service_account,
    target,
)
from adapters.providers.kubernetes.settings import SHORTEST_TOKEN, Connection, Role
from domain.backends import ACCOUNT_PREFIX, Account, BackendRefused, BackendUnavailable, Credential

_PAGE: Final = "docs/how-to/lease-from-kubernetes.md"


class KubernetesBackend:
    """One cluster. A ServiceAccount is made first and removed last: while anything of a lease is left, it is found."""

    def __init__(self, connection: Connection, calls: Calls, threads: Threads, timeout: float) -> None:
        self._connection = connection
        self._calls = calls
        self._threads = threads
        self._timeout = timeout

    async def create(self, account: Account) -> Credential:
        self._check_target(account)
        namespace = home(account, self._connection)
        async with self._in_time():
            uid = await self._threads.run(self._calls.make_account, namespace, service_account(account))
            await self._grant(account, namespace, uid)
            asked_at = datetime.now(UTC)  # by our clock, which leases end by; the API server's may differ
            token = await self._token(account, namespace, asked_at)
            authorities = await self._threads.run(certificates, self._connection.ca_file)
        ends_at = asked_at + timedelta(seconds=token.seconds)
        handle = {"namespace": namespace, "uid": uid, "token_ends_at": ends_at.isoformat(timespec="seconds")}
        fields = credential_fields(account, self._connection, token.token, authorities)
        return Credential(fields=fields, handle=handle)

    def _check_target(self, account: Account) -> None:
        """Raises `BackendRefused` if the connection does not let its roles have rights there."""
        settings: Role = account.settings
        if settings.cluster_wide and not self._connection.cluster_wide:
            raise BackendRefused("the role is cluster_wide: set cluster_wide in the provider's connection to allow it")
        allowed = {self._connection.namespace, *self._connection.target_namespaces}
        if not settings.cluster_wide and target(account, self._connection) not in allowed:
            raise BackendRefused(
                f"the role is for the namespace {settings.namespace!r}: add it to target_namespaces in the provider's"
                " connection to allow that"
            )

    async def _grant(self, account: Account, namespace: str, uid: str) -> None:
        """Give it its role's rights."""
        settings: Role = account.settings
        where = target(account, self._connection)
        owner = uid if where == namespace else None  # an owner in another namespace would have it collected at once
        if settings.cluster_wide:
            await self._threads.run(self._calls.bind_everywhere, cluster_role_binding(account, namespace))
            return
        if settings.rules:
            await self._threads.run(self._calls.make_role, where, role(account, owner))
        if settings.rules or settings.role or settings.cluster_role:
            await self._threads.run(self._calls.bind, where, role_binding(account, namespace, owner))

    async def _token(self, account: Account, namespace: str, now: datetime) -> Token:
        settings: Role = account.settings
        left = math.ceil((account.expires_at - now).total_seconds())
        seconds = max(left + 1, settings.token_seconds, SHORTEST_TOKEN)  # tokens count from the whole second before
        token = await self._threads.run(self._calls.make_token, namespace, account.name, settings.audiences, seconds)
        if token.seconds < max(left, settings.token_seconds):
            raise BackendRefused(
                f"Kubernetes: the cluster's tokens live {token.seconds} seconds at most: give the role a"
                " max_ttl_seconds and token_seconds of no more than that"
            )
        return token

    async def renew(self, account: Account) -> None:
        """No token's end can be moved, so a lease can be renewed until its token ends, and no longer."""
        told = account.handle.get("token_ends_at")
        if told is None:
            raise BackendRefused("Kubernetes: this lease was never made, so it cannot be renewed")
        ends_at = datetime.fromisoformat(told)
        if account.expires_at > ends_at:
            raise BackendRefused(
                f"Kubernetes: the token ends at {told}, and no token's end can be moved: issue a new lease, or give the"
                " role token_seconds, for leases that come"
            )
        async with self._in_time():
            namespace = home(account, self._connection)
            await self._threads.run(self._calls.note_end, namespace, account.name, account.expires_at)

    async def remove(self, account: Account) -> None:
        refusal: BackendRefused | None = None
        async with self._in_time():
            for part in reversed(parts(account, self._connection)):
                try:
                    await self._threads.run(self._calls.delete, part)
                except BackendRefused as error:  # the rest goes all the same, above all what the token lives by
                    refusal = refusal or error
        if refusal:
            raise refusal

    async def present(self, account: Account) -> bool:
        async with self._in_time():
            for part in parts(account, self._connection):
                if await self._threads.run(self._calls.read, part):
                    return True
        return False

    async def accounts(self) -> AsyncIterator[str]:
        after: str | None = None
        while True:
            names, after = await self._threads.run(self._calls.names, self._connection.namespace, after)
            for name in names:
                if name.startswith(ACCOUNT_PREFIX):
                    yield name
            if after is None:
                return

    async def check(self) -> None:
        async with self._in_time():
            needed = needs(self._connection)
            missing = [need for need in needed if not await self._threads.run(self._calls.allowed, need)]
        if missing:
            raise BackendRefused(
                f"Kubernetes: the token may not {', '.join(map(str, missing))}; {_PAGE} has the manifest that allows it"
            )

    async def close(self) -> None:
        self._threads.close()
        self._calls.close()

    @asynccontextmanager
    async def _in_time(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._timeout):
                yield
        except TimeoutError:
            raise BackendUnavailable(
                f"Kubernetes did not answer within {self._timeout:g} seconds; whether it did it is open"
            ) from None
