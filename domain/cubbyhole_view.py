"""What the read model of cubbyholes answers with, and the questions that commands ask of it."""

from __future__ import annotations

from typing import NamedTuple, Protocol


class KeptEntry(NamedTuple):
    """What a token keeps under a path: its number, and where it lies sealed."""

    number: int
    seal_id: str


class CubbyholesView(Protocol):
    """Entries by their token, which is never anybody's but the caller's own."""

    async def entry(self, tenant: str, token_id: str, path: str) -> KeptEntry | None:
        """What the token keeps under exactly this path; None if there is nothing."""
        ...

    async def paths(self, tenant: str, token_id: str, prefix: str) -> list[str]:
        """The paths that begin with `prefix`, in order: as many as a cubbyhole has at most."""
        ...
