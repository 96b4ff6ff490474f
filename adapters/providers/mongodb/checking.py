"""Whether the configured user may do what it will have to."""

from __future__ import annotations

from typing import Final

from adapters.providers.mongodb.clients import Clients, Document
from adapters.providers.mongodb.settings import Connection
from domain.backends import BackendRefused

_ON_USERS: Final = ("createUser", "dropUser", "viewUser")
_ON_ROLES: Final = ("grantRole", "revokeRole")
_CLUSTER: Final[Document] = {"cluster": True}


async def check(clients: Clients, settings: Connection) -> None:
    """Raises `BackendRefused` naming what is missing, `BackendUnavailable`. A server that tells nothing passes."""
    told = (await clients.command({"connectionStatus": 1, "showPrivileges": True}))["authInfo"]
    privileges: list[Document] | None = told.get("authenticatedUserPrivileges")
    if privileges is None:
        return
    users: Document = {"db": settings.database, "collection": ""}
    needed = [*_ON_USERS, "changeCustomData"] if settings.custom_data else list(_ON_USERS)
    missing = [f"{action} on the database {users['db']}" for action in needed if not _may(privileges, action, users)]
    missing += [f"{action} on the databases of the roles" for action in _ON_ROLES if not _anywhere(privileges, action)]
    if not _may(privileges, "killAnySession", _CLUSTER):
        missing.append("killAnySession on the cluster")
    if missing:
        raise BackendRefused(
            f"MongoDB: {settings.username!r} may not {', '.join(missing)}; docs/how-to/lease-from-mongodb.md has a role"
            " that allows it"
        )


def _may(privileges: list[Document], action: str, resource: Document) -> bool:
    return any(action in each["actions"] and _covers(each["resource"], resource) for each in privileges)


def _anywhere(privileges: list[Document], action: str) -> bool:
    return any(action in each["actions"] for each in privileges)


def _covers(given: Document, asked: Document) -> bool:
    if given.get("anyResource"):
        return True
    if "cluster" in asked or "cluster" in given:
        return bool(given.get("cluster") and asked.get("cluster"))
    return given.get("db") in ("", asked["db"]) and given.get("collection") == ""
