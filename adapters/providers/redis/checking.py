"""Whether the configured user may do what it will have to."""

from __future__ import annotations

from typing import Final

from adapters.providers.redis.connections import Connections
from adapters.providers.redis.settings import Connection
from domain.backends import ACCOUNT_PREFIX, BackendRefused

_NOBODY: Final = f"{ACCOUNT_PREFIX}check"
_NEEDED: Final = (("ACL", "USERS"), ("ACL", "GETUSER", _NOBODY), ("ACL", "DELUSER", _NOBODY))


async def check(connections: Connections, settings: Connection) -> None:
    """Raises `BackendRefused` with what an administrator has to do, `BackendUnavailable`."""
    for command in _NEEDED:
        try:
            await connections.ask(*command)
        except BackendRefused as refusal:
            raise _advised(refusal, settings.username, command) from None
    await _check_making(connections, settings.username)
    if settings.save_acl:
        await connections.ask("ACL", "SAVE")


async def _check_making(connections: Connections, username: str) -> None:
    """Redis 7 tells without doing it; an older one is not asked."""
    making = ("ACL", "SETUSER", _NOBODY)
    try:
        told = await connections.ask("ACL", "DRYRUN", username, *making)
    except BackendRefused as refusal:
        if "unknown subcommand" in refusal.message.lower():
            return
        raise _advised(refusal, username, ("ACL", "DRYRUN")) from None
    if told != "OK":
        raise _advised(BackendRefused(f"Redis: {told}"), username, making)


def _advised(refusal: BackendRefused, username: str, command: tuple[str, ...]) -> BackendRefused:
    if "permission" not in refusal.message:
        return refusal
    rule = f"+{command[0]}|{command[1]}".lower()
    return BackendRefused(f"{refusal.message}; as an administrator run: ACL SETUSER {username} {rule}")
