"""What the contract suite of backends needs to know of each kind, besides the port."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol


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
