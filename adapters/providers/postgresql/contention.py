"""Two sessions that change the grants of one object at once: PostgreSQL fails the second instead of letting it wait."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

import psycopg

from adapters.providers.postgresql.connections import Session
from adapters.providers.postgresql.failures import is_contention
from adapters.providers.postgresql.statements import alone

_TRIES: Final = 8
_PAUSE_SECONDS: Final = 0.02


class Contention:
    """Which roles' statements have met others. From then on these wait for each other under a lock."""

    def __init__(self) -> None:
        self._met: set[str] = set()

    async def overcome(
        self, session: Session, role: str, statements: Callable[[list[str]], list[str]]
    ) -> list[tuple[object, ...]]:
        """Run the statements, given that which waits for others, again and again until they meet nobody.

        Other nodes, and administrators, may know nothing of the lock; so the tries are several, and bounded.
        """
        for attempt in range(1, _TRIES):
            try:
                return await session.all(statements([alone()] if role in self._met else []))
            except psycopg.Error as error:
                if not is_contention(error):
                    raise
            self._met.add(role)
            await asyncio.sleep(random.uniform(0, _PAUSE_SECONDS * attempt))  # noqa: S311 - nobody gains by guessing it
        return await session.all(statements([alone()]))
