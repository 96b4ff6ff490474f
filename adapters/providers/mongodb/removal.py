"""How a user ends: it may do nothing more, then what runs is stopped, then it goes."""

from __future__ import annotations

from adapters.providers.mongodb.clients import LASTING, Clients, Document
from adapters.providers.mongodb.failures import COMMAND_NOT_FOUND, USER_NOT_FOUND, Failed
from adapters.providers.mongodb.users import find


async def remove(clients: Clients, database: str, name: str) -> None:
    """Remove the user and end its operations; not there is success. Raises `Failed`, `BackendUnavailable`.

    MongoDB notices with a connection's next command that its user is gone, but what runs would run on. And it finds the
    sessions of a user only while the user is there. If we may not end them, that is told once the user is gone.
    """
    user = await find(clients, database, name)
    if user is None:
        return
    troubles = [
        await _attempt(clients, {"revokeRolesFromUser": name, "roles": user["roles"], **LASTING})
        if user["roles"]
        else None,
        await _attempt(clients, {"killAllSessions": [{"user": name, "db": database}]}),
    ]
    await _attempt(clients, {"dropUser": name, **LASTING}, raising=True)
    for trouble in troubles:
        if trouble is not None:
            raise Failed(f"the user {name!r} is removed; what it had running may run on: {trouble}", trouble.number)


async def _attempt(clients: Clients, command: Document, *, raising: bool = False) -> Failed | None:
    """How it failed, unless because the user is gone, or because the server does not know the command."""
    try:
        await clients.command(command)
    except Failed as failure:
        if failure.number == USER_NOT_FOUND:
            return None
        if raising:
            raise
        return None if failure.number == COMMAND_NOT_FOUND else failure
    return None
