"""How many accounts end together: a few statements for all of them, as long as nothing hangs on them but themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from adapters.providers.postgresql import statements
from adapters.providers.postgresql.connections import Connections, Session
from adapters.providers.postgresql.contention import Contention
from adapters.providers.postgresql.dialect import identifier
from domain.backends import BackendRefused, BackendUnavailable


class BulkRemoval:
    """Ends accounts of one server."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._contention = Contention()

    async def remove(self, wanted: Mapping[str, Sequence[str]]) -> list[str]:
        """End these accounts, each after its own statements; the names of those that need more than that.

        They can log in no more, and what hangs on them is for `Removal` to free.
        """

        async def end(session: Session) -> list[str]:
            found = await _lock_out(session, list(wanted))
            plain = {name: oid for name, (oid, hanging) in found.items() if not hanging}
            if plain:
                await self._drop(session, plain, [each for name in plain for each in wanted[name]])
            return [name for name in found if name not in plain]

        return await self._connections.run(end)

    async def _drop(self, session: Session, plain: Mapping[str, int], revocation: Sequence[str]) -> None:
        dropped = f"DROP ROLE {', '.join(map(identifier, plain))}"
        ending = [statements.all_locked(plain), *revocation, dropped, "COMMIT", statements.stragglers(*plain.values())]
        _all_ended(await self._contention.overcome(session, "", lambda alone: ["BEGIN", *alone, *ending]))


async def _lock_out(session: Session, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """End their logins and their sessions; of each that is there its oid, and how much hangs on it."""
    if session.connection.info.user in names:
        raise BackendRefused("one of these is the account by which we make all others; it cannot be removed by itself")
    rows = await session.all(statements.all_locked_out(names))
    _all_ended(rows)
    return {str(name): (cast("int", oid), cast("int", hanging)) for name, oid, hanging in rows}


def _all_ended(rows: Sequence[tuple[object, ...]]) -> None:
    if any(row[:2] == ("session", None) for row in rows):
        raise BackendUnavailable("PostgreSQL was told to end the accounts' sessions, and has not ended all of them yet")
