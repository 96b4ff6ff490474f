"""What the domain needs of the systems that credentials are made in: databases, clouds, clusters.

`adapters.providers` implements these, one file a kind; the contract suite of `tests/contracts` runs over all of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import msgspec

from domain.errors import BackendError as BackendError  # noqa: PLC0414 - what the port raises belongs to it
from domain.errors import BackendRefused as BackendRefused  # noqa: PLC0414 - as above
from domain.errors import BackendUnavailable as BackendUnavailable  # noqa: PLC0414 - as above
from domain.errors import NotYet as NotYet  # noqa: PLC0414 - as above
from domain.errors import UnknownDestination as UnknownDestination  # noqa: PLC0414 - as above

ACCOUNT_PREFIX = "trst-"
"""How the name of every account of ours begins, so that an audit finds it whoever lost it."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """An account at a backend, as planned before it is made and as known afterwards. Nothing in it is secret."""

    name: str
    """Unique at the backend, chosen before it is made: `trst-…`, at most 32 of a-z 0-9 and hyphen, a letter first.

    Whatever may have happened to a request, the account is found by this name.
    """
    tenant: str
    lease_id: str
    subject: str
    """Whom it is for; goes into the backend's own description of the account where there is one."""
    role: str
    settings: Any
    """The role's settings, of the kind's `role` type."""
    expires_at: datetime
    """When it ends. Backends that can are told, so that it ends there even without us."""
    handle: dict[str, str] = {}
    """What the backend named parts of it by, such as a key's id; empty until it is made."""


class Credential(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller needs to use an account: shown once, never stored by us."""

    fields: dict[str, str | int]
    """By name: `username`, `password`, `host`, `port`, `database`, `dsn`, `token`, … as the kind documents."""
    handle: dict[str, str] = {}
    """See `Account.handle`; not secret."""

    def __repr__(self) -> str:
        """Without what is in it."""
        return f"Credential({', '.join(self.fields)}: <redacted>)"


class Backend(Protocol):
    """One configured system. Every method raises `BackendRefused` or `BackendUnavailable`, and returns in bounded time.

    Cancelling a call leaves the backend usable. At most the configured number of connections is open at once.
    """

    async def create(self, account: Account) -> Credential:
        """Make the account, with the role's privileges and, where the backend has one, its own expiry.

        An account of that name that is there already is a `BackendRefused`. If it fails half-way, what was made is
        found by `remove`.
        """
        ...

    async def renew(self, account: Account) -> None:
        """Let it live until `account.expires_at`, at the backend too. Raises `BackendRefused` if that cannot be."""
        ...

    async def remove(self, account: Account) -> None:
        """End it and every session of it. Removing what is not there succeeds. Raises `NotYet` if it must run out."""
        ...

    async def present(self, account: Account) -> bool:
        """Look whether anything of it is there, by a fresh read of the backend."""
        ...

    def accounts(self) -> AsyncIterator[str]:
        """The name of every account there whose name begins with `ACCOUNT_PREFIX`."""
        ...

    async def check(self) -> None:
        """Connect, and check as far as the backend tells that the privileges suffice; raises what to do about it."""
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


class Rotatable(Backend, Protocol):
    """A backend that can also rotate the standing account behind a stored secret, by two users that overlap."""

    async def create_like(self, account: Account, old: str) -> Credential:
        """Make `account` with the privileges of the account `old` and no expiry; else as `create`.

        Where what rotates is a key of one standing account, a second key is made and named in the handle's `ref`.
        """
        ...

    async def staged(self, account: Account, old: str) -> str | None:
        """What `create_like` of this account made, as `retire` wants it named, if it is there: who crashed asks so."""
        ...

    async def log_in(self, fields: dict[str, str | int]) -> None:
        """Log in with a credential's fields for real; raises `BackendRefused` if it does not work."""
        ...

    async def retire(self, old: str) -> None:
        """End the account of this name, whoever made it, and every session of it; not there is success."""
        ...

    async def exists(self, name: str) -> bool:
        """Look whether an account of this name, ours or not, is there."""
        ...


@runtime_checkable
class Bulk(Protocol):
    """What a backend has besides if it ends many accounts for little more than the price of one."""

    async def remove_all(self, accounts: Sequence[Account]) -> None:
        """As `remove` does with each. If it raises, how many of them are gone is open."""
        ...

    async def present_of(self, accounts: Sequence[Account]) -> set[str]:
        """The names of those of which anything is there, by a fresh read of the backend."""
        ...


@runtime_checkable
class SetsPasswords(Protocol):
    """What a backend has besides if it can give a standing account a password that the server chose."""

    async def set_password(self, name: str, password: str) -> None:
        """Let the account `name`, whoever made it, log in with `password` alone; twice is as good as once.

        An account that is not there is a `BackendRefused`. `password` is letters and digits.
        """
        ...


class BackendKind(Protocol):
    """One kind of backend, such as `postgresql`: what it is configured by, and how it is opened."""

    name: str
    connection: type[msgspec.Struct]
    """Its connection settings, none of them secret. Unknown fields are refused."""
    role: type[msgspec.Struct]
    """A role's settings: statements, policies, scopes. Unknown fields are refused."""
    secrets: tuple[str, ...]
    """Names of the secret settings it is opened with, such as `password`; the first is the one a plain file holds."""

    def open(self, connection: Any, secrets: dict[str, str], limit: int, timeout: float) -> Backend:  # noqa: ANN401
        """A backend that opens connections when it needs them, at most `limit`; `timeout` bounds each call, in seconds.

        Raises `Invalid` if the settings contradict each other.
        """
        ...
