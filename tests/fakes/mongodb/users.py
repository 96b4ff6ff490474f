"""The commands that manage users, each with the privileges that the manual says it asks for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from tests.fakes.mongodb.access import CLUSTER, Directory, Key, User
from tests.fakes.mongodb.failures import CommandError
from tests.fakes.mongodb.scram import Verifier
from tests.fakes.mongodb.wire import Document

Demand = Callable[[str, Document], None]
"""Raises `CommandError` unless the caller may do this action on this resource."""

_GENERIC: Final = {"$db", "lsid", "comment", "writeConcern", "readConcern", "maxTimeMS", "$readPreference"}
_FIELDS: Final = {
    "createUser": {"pwd", "roles", "customData", "mechanisms", "digestPassword", "authenticationRestrictions"},
    "updateUser": {"pwd", "roles", "customData", "mechanisms", "digestPassword", "authenticationRestrictions"},
    "dropUser": set(),
    "usersInfo": {"filter", "showCredentials", "showCustomData", "showPrivileges", "showAuthenticationRestrictions"},
    "revokeRolesFromUser": {"roles"},
    "createRole": {"privileges", "roles"},
    "killAllSessions": set(),
    "connectionStatus": {"showPrivileges"},
}


def check_fields(name: str, command: Document) -> None:
    """MongoDB refuses fields that a command does not have."""
    unknown = set(command) - _GENERIC - {name} - _FIELDS.get(name, set(command))
    if unknown:
        raise CommandError(40415, f"BSON field '{name}.{min(unknown)}' is an unknown field.")


def whole(db: str) -> Document:
    """The resource of everything in a database."""
    return {"db": db, "collection": ""}


class UserCommands:
    """Every method is the command of its name, and returns what is added to `ok`."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory

    def create_user(self, command: Document, demand: Demand) -> Document:
        key, roles = Key(command["$db"], command["createUser"]), _roles(command)
        demand("createUser", whole(key.db))
        self._grant(roles, demand)
        if command.get("authenticationRestrictions"):
            demand("setAuthenticationRestriction", whole(key.db))
        if key in self._directory.users:
            raise CommandError(51003, f'User "{key.name}@{key.db}" already exists')
        user = User(key, Verifier.of(command["pwd"]), roles, command.get("customData"))
        user.restrictions = command.get("authenticationRestrictions", [])
        self._directory.users[key] = user
        return {}

    def update_user(self, command: Document, demand: Demand) -> Document:
        key = Key(command["$db"], command["updateUser"])
        if "pwd" in command:
            demand("changePassword", whole(key.db))
        if "customData" in command:
            demand("changeCustomData", whole(key.db))
        user = self._directory.user(key)
        if "roles" in command:
            demand("revokeRole", whole(""))
            self._grant(_roles(command), demand)
            user.roles = _roles(command)
        if "pwd" in command:
            user.verifier = Verifier.of(command["pwd"])
        user.custom_data = command.get("customData", user.custom_data)
        return {}

    def drop_user(self, command: Document, demand: Demand) -> Document:
        key = Key(command["$db"], command["dropUser"])
        demand("dropUser", whole(key.db))
        self._directory.user(key)
        del self._directory.users[key]
        return {}

    def revoke_roles_from_user(self, command: Document, demand: Demand) -> Document:
        roles = _roles(command)
        for role in roles:
            demand("revokeRole", whole(role.db))
        user = self._directory.user(Key(command["$db"], command["revokeRolesFromUser"]))
        user.roles = [role for role in user.roles if role not in roles]
        return {}

    def create_role(self, command: Document, demand: Demand) -> Document:
        demand("createRole", whole(command["$db"]))
        for privilege in command["privileges"]:
            if set(privilege) != {"resource", "actions"} or not isinstance(privilege["actions"], list):
                raise CommandError(2, "a privilege is a resource and actions")
        self._directory.add_role(Key(command["$db"], command["createRole"]), command["privileges"])
        return {}

    def users_info(self, command: Document, demand: Demand) -> Document:
        asked, db = command["usersInfo"], command["$db"]
        detailed = bool(command.get("showAuthenticationRestrictions"))
        if asked == 1:
            if detailed:
                raise CommandError(2, "Privilege or restriction details require exact-match usersInfo queries")
            demand("viewUser", whole(db))
            pattern = command.get("filter", {}).get("user", {}).get("$regex", "")
            found = [
                user for key, user in self._directory.users.items() if key.db == db and re.search(pattern, key.name)
            ]
        else:
            key = Key(db, asked) if isinstance(asked, str) else Key(asked["db"], asked["user"])
            demand("viewUser", whole(key.db))
            found = [user for each, user in self._directory.users.items() if each == key]
        return {"users": [described(user, detailed=detailed) for user in found]}

    def kill_all_sessions(self, command: Document, demand: Demand) -> list[Key]:
        """Whose: the caller ends them. A user that is not there is an error, as the server has to look it up."""
        demand("killAnySession", CLUSTER)
        keys = [Key(each["db"], each["user"]) for each in command["killAllSessions"]]
        return [self._directory.user(key).key for key in keys]

    def _grant(self, roles: list[Key], demand: Demand) -> None:
        for role in roles:
            demand("grantRole", whole(role.db))
        for role in roles:
            self._directory.require_role(role)


def described(user: User, *, detailed: bool = False) -> Document:
    """A user as usersInfo tells of it."""
    told: dict[str, Any] = {
        "_id": f"{user.key.db}.{user.key.name}",
        "userId": user.user_id,
        "user": user.key.name,
        "db": user.key.db,
        "roles": [{"role": role.name, "db": role.db} for role in user.roles],
        "mechanisms": ["SCRAM-SHA-256"],
    }
    if user.custom_data is not None:
        told["customData"] = user.custom_data
    if detailed:
        told["authenticationRestrictions"] = user.restrictions
    return told


def _roles(command: Document) -> list[Key]:
    """A role may be a name alone: then it is one of the command's own database."""
    given = command["roles"]
    return [Key(command["$db"], role) if isinstance(role, str) else Key(role["db"], role["role"]) for role in given]
