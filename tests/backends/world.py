"""What the contract suite of backends needs to know of each kind, besides the port."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable


@dataclass(frozen=True)
class Setup:
    """How the kind is configured against this world, as in the configuration file; and what the suite may expect."""

    kind: str
    connection: dict[str, Any]
    secrets: dict[str, str]
    """Secret settings by name."""
    role: dict[str, Any]
    """Settings of a role that is allowed something and not everything."""
    renewable: bool = True
    revocable: bool = True
    """False where a credential can only run out, as a signed token."""
    rotatable: bool = False
    expires: bool = True
    """Whether the backend ends the credential by itself, without us, within `expiry_seconds` of the account's end."""
    usual_seconds: float = 600
    """A life that the backend can give."""
    shortest_seconds: float = 2
    """The shortest life that the backend can give, for the test that waits for its end."""
    expiry_seconds: float = 1
    wrong_secrets: dict[str, str] = field(default_factory=dict)
    """In place of `secrets`: ones that the backend does not know."""
    powerless: dict[str, dict[str, Any]] | None = None
    """Changes to `connection` and `secrets` that make it one who may log in and may not make accounts."""
    breaking_role: dict[str, Any] | None = None
    """Settings of a role whose creation fails after something was made, or would have been."""
    other_roles: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Settings of further roles by name, for tests of the kind's own."""


class World(Protocol):
    """One running backend, independent of the code under test: it uses its own clients."""

    setup: Setup

    async def log_in(self, fields: dict[str, str | int]) -> None:
        """Use the credential as an application would, for what its role allows; raises if it does not work."""
        ...

    async def exceeds(self, fields: dict[str, str | int]) -> bool:
        """Try with the credential what its role does not allow: whether that worked."""
        ...

    async def names(self) -> set[str]:
        """The names of all accounts there, by an administrator's own look."""
        ...

    async def plant(self, name: str) -> None:
        """Make an account of this name by hand, as one that nobody knows of."""
        ...

    async def stop(self) -> None:
        """Make it unreachable."""
        ...

    async def start(self) -> None:
        """Make it reachable again."""
        ...


@runtime_checkable
class HoldsSessions(Protocol):
    """A world whose backend has sessions that stay open."""

    async def session(self, fields: dict[str, str | int]) -> Callable[[], Awaitable[bool]]:
        """Log in and stay; the answer tells, whenever called, whether the session can still be used."""
        ...


@runtime_checkable
class CountsConnections(Protocol):
    """A world that sees how many connections the code under test holds."""

    def peak(self) -> int:
        """Most connections, or requests under way, that there were at once since the last call."""
        ...


@runtime_checkable
class Freezes(Protocol):
    """A world that can hang: it accepts what comes and answers nothing."""

    def freeze(self) -> None:
        """Answer nothing from now on."""
        ...

    def thaw(self) -> None:
        """Go on, with what has waited too."""
        ...


@runtime_checkable
class StandingAccounts(Protocol):
    """A world of a backend that can rotate standing accounts."""

    async def standing(self) -> dict[str, str | int]:
        """Make an account as an operator would, with the rights of the setup's role; its fields, for `log_in`."""
        ...
