"""An AWS account that credentials are made in."""

from __future__ import annotations

from collections.abc import AsyncIterator

from adapters.provider_calls import Calls
from adapters.providers.aws_iam.checking import Checking
from adapters.providers.aws_iam.propagation import Propagation
from adapters.providers.aws_iam.service import Service
from adapters.providers.aws_iam.sessions import Sessions
from adapters.providers.aws_iam.settings import ASSUME_ROLE, FEDERATION, USER, Connection, Role
from adapters.providers.aws_iam.standing import StandingKeys
from adapters.providers.aws_iam.users import Users
from domain.backends import ACCOUNT_PREFIX, Account, BackendRefused, Credential


class AwsIamBackend:
    """A `Rotatable`."""

    def __init__(self, connection: Connection, service: Service, limit: int, timeout: float) -> None:
        self._connection = connection
        self._service = service
        self._calls = Calls("AWS", limit, timeout)
        self._users = Users(connection, service)
        self._sessions = Sessions(connection, service)
        self._standing = StandingKeys(connection, service)
        self._propagation = Propagation(connection, service)
        self._checking = Checking(connection, service, self._sessions)

    async def create(self, account: Account) -> Credential:
        self._check_listed(account.settings)
        maker = self._users if _is_user(account) else self._sessions
        return await self._calls.run(maker.create, account)

    async def renew(self, account: Account) -> None:
        if not _is_user(account):
            raise BackendRefused("AWS: the end of what STS gave cannot be moved: issue a new lease")
        await self._calls.run(self._users.renew, account)

    async def remove(self, account: Account) -> None:
        if _is_user(account):
            await self._calls.run(self._users.remove, account)
        else:
            self._sessions.remove(account)

    async def present(self, account: Account) -> bool:
        if _is_user(account):
            return await self._calls.run(self._users.present, account)
        return self._sessions.present(account)

    async def accounts(self) -> AsyncIterator[str]:
        marker, more = "", self._connection.users
        while more:
            names, marker = await self._calls.run(self._users.page, marker)
            for name in names:
                if name.startswith(ACCOUNT_PREFIX):
                    yield name
            more = bool(marker)

    async def check(self) -> None:
        await self._calls.run(self._checking.check)

    async def create_like(self, account: Account, old: str) -> Credential:
        return await self._calls.run(self._standing.create_like, account, old)

    async def staged(self, account: Account, old: str) -> str | None:
        return await self._calls.run(self._standing.staged, account, old)

    async def log_in(self, fields: dict[str, str | int]) -> None:
        key_id, secret, token = (
            str(fields.get(name, "")) for name in ("access_key_id", "secret_access_key", "session_token")
        )
        if not key_id or not secret:
            raise BackendRefused("AWS: a login needs access_key_id and secret_access_key")
        await self._calls.run(self._propagation.log_in, key_id, secret, token)

    async def retire(self, old: str) -> None:
        await self._calls.run(self._standing.retire, old)

    async def exists(self, name: str) -> bool:
        return await self._calls.run(self._standing.exists, name)

    async def close(self) -> None:
        self._calls.close()
        self._service.close()

    def _check_listed(self, role: Role) -> None:
        if role.method == USER and not self._connection.users:
            raise BackendRefused("the role makes users: set users in the provider's connection to allow that")
        if role.method == FEDERATION and not self._connection.federation:
            raise BackendRefused("the role federates: set federation in the provider's connection to allow that")
        if role.method == ASSUME_ROLE and role.role_arn not in self._connection.assumable_roles:
            raise BackendRefused(
                f"the role is for {role.role_arn}: add it to assumable_roles in the provider's connection to allow that"
            )


def _is_user(account: Account) -> bool:
    return bool(account.settings.method == USER)
