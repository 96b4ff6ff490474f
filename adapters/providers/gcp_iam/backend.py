"""A Google Cloud project that credentials are made in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import msgspec

from adapters.provider_calls import Allowance, Calls
from adapters.providers.gcp_iam import keys, tokens
from adapters.providers.gcp_iam.failures import Absent, not_google
from adapters.providers.gcp_iam.service import Service
from adapters.providers.gcp_iam.settings import KEY, Connection, Role
from domain.backends import ACCOUNT_PREFIX, Account, BackendRefused, Credential

_PAGE: Final = "docs/how-to/lease-from-gcp.md"


class _Permissions(msgspec.Struct, frozen=True):
    permissions: list[str] = []


class GcpIamBackend:
    """A `Backend`."""

    def __init__(self, connection: Connection, service: Service, limit: int, timeout: float) -> None:
        self._connection = connection
        self._service = service
        self._calls = Calls("Google", limit, timeout)
        self._keys = keys.Keys(connection, service)
        self._tokens = tokens.Tokens(service)

    async def create(self, account: Account) -> Credential:
        self._check_listed(account.settings)
        maker = self._keys if _is_key(account) else self._tokens
        return await self._calls.run(maker.create, account)

    async def renew(self, account: Account) -> None:
        raise BackendRefused("Google: the end of a key or a token cannot be moved: issue a new lease")

    async def remove(self, account: Account) -> None:
        if _is_key(account):
            await self._calls.run(self._keys.remove, account)
        else:
            self._tokens.remove(account)

    async def present(self, account: Account) -> bool:
        if _is_key(account):
            return await self._calls.run(self._keys.present, account)
        return self._tokens.present(account)

    async def accounts(self) -> AsyncIterator[str]:
        listed: set[str] = set()
        for email in self._connection.key_accounts:
            names = await self._calls.run(self._keys.names, email)
            for name in sorted(names - listed):
                if name.startswith(ACCOUNT_PREFIX):
                    yield name
            listed |= names

    async def check(self) -> None:
        for email in self._connection.key_accounts:
            await self._calls.run(self._check, email, keys.NEEDED)
        for email in self._connection.token_accounts:
            await self._calls.run(self._check, email, tokens.NEEDED)

    async def close(self) -> None:
        self._calls.close()
        self._service.close()

    def _check_listed(self, role: Role) -> None:
        field = "key_accounts" if role.method == KEY else "token_accounts"
        if role.service_account not in getattr(self._connection, field):
            raise BackendRefused(
                f"the role is for {role.service_account}: add it to {field} in the provider's connection to allow that"
            )

    def _check(self, allowance: Allowance, email: str, needed: tuple[str, ...]) -> None:
        doing = f"checking the permissions on {email}"
        path = f"projects/{self._connection.project}/serviceAccounts/{email}:testIamPermissions"
        try:
            text = self._service.iam(allowance, doing, "POST", path, {"permissions": needed})
            granted = msgspec.json.decode(text, type=_Permissions).permissions
        except msgspec.DecodeError:
            raise not_google(doing) from None
        except Absent:
            raise BackendRefused(f"Google: project {self._connection.project} has no service account {email}") from None
        if missing := [permission for permission in needed if permission not in granted]:
            raise BackendRefused(
                f"Google: {self._service.caller} lacks {', '.join(missing)} on {email}; {_PAGE} says how to grant it"
            )


def _is_key(account: Account) -> bool:
    return bool(account.settings.method == KEY)
