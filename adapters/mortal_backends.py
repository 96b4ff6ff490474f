"""Backends around whose effects a test may let the server die."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import cast

from adapters.fail_points import reached
from domain.backends import Account, Backend, BackendRefused, Bulk, Credential, Rotatable, SetsPasswords


def mortal(backend: Backend) -> Backend:
    """`backend` with its fail-points; what can rotate, or end many at once, still can."""
    in_bulk = isinstance(backend, Bulk)
    if hasattr(backend, "create_like"):
        return (MortalRotatableInBulk if in_bulk else MortalRotatable)(cast("Rotatable", backend))
    return (MortalInBulk if in_bulk else MortalBackend)(backend)


class MortalBackend:
    """With points before and after each effect."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    async def create(self, account: Account) -> Credential:
        reached("backend.create.before")
        credential = await self.backend.create(account)
        reached("backend.create.after")
        return credential

    async def renew(self, account: Account) -> None:
        reached("backend.renew.before")
        await self.backend.renew(account)
        reached("backend.renew.after")

    async def remove(self, account: Account) -> None:
        reached("backend.remove.before")
        await self.backend.remove(account)
        reached("backend.remove.after")

    async def present(self, account: Account) -> bool:
        return await self.backend.present(account)

    def accounts(self) -> AsyncIterator[str]:
        return self.backend.accounts()

    async def check(self) -> None:
        await self.backend.check()

    async def close(self) -> None:
        await self.backend.close()


class MortalRotatable(MortalBackend):
    """The same for one that can rotate."""

    def __init__(self, backend: Rotatable) -> None:
        super().__init__(backend)
        self._rotatable = backend

    async def create_like(self, account: Account, old: str) -> Credential:
        reached("backend.stage.before")
        credential = await self._rotatable.create_like(account, old)
        reached("backend.stage.after")
        return credential

    async def staged(self, account: Account, old: str) -> str | None:
        return await self._rotatable.staged(account, old)

    async def log_in(self, fields: dict[str, str | int]) -> None:
        await self._rotatable.log_in(fields)

    async def retire(self, old: str) -> None:
        reached("backend.retire.before")
        await self._rotatable.retire(old)
        reached("backend.retire.after")

    async def exists(self, name: str) -> bool:
        return await self._rotatable.exists(name)

    async def set_password(self, name: str, password: str) -> None:
        if not isinstance(self._rotatable, SetsPasswords):
            raise BackendRefused("this kind of provider has no passwords that could be set")
        reached("backend.password.before")
        await self._rotatable.set_password(name, password)
        reached("backend.password.after")


class MortalInBulk(MortalBackend):
    """The same for one that can end many at once."""

    async def remove_all(self, accounts: Sequence[Account]) -> None:
        reached("backend.remove.before")
        await cast("Bulk", self.backend).remove_all(accounts)
        reached("backend.remove.after")

    async def present_of(self, accounts: Sequence[Account]) -> set[str]:
        return await cast("Bulk", self.backend).present_of(accounts)


class MortalRotatableInBulk(MortalRotatable, MortalInBulk):
    """The same for one that can do both."""
