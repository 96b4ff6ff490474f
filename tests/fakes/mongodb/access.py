"""Users, roles, and what they may do. Sources: "Built-In Roles", "Privilege Actions" in MongoDB's manual."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, NamedTuple
from uuid import uuid4

from bson.binary import Binary

from tests.fakes.mongodb.failures import CommandError
from tests.fakes.mongodb.scram import Verifier
from tests.fakes.mongodb.wire import Document

_READ: Final = frozenset({"find", "listCollections", "listIndexes", "collStats", "dbStats", "killCursors"})
_WRITE: Final = _READ | {"insert", "update", "remove", "createCollection", "dropCollection", "createIndex"}
_USERS: Final = frozenset(
    {
        *("createUser", "dropUser", "viewUser", "changePassword", "changeCustomData", "setAuthenticationRestriction"),
        *("createRole", "dropRole", "viewRole", "grantRole", "revokeRole"),
    }
)
_EVERYTHING: Final = _WRITE | _USERS | {"killAnySession", "inprog", "killop", "serverStatus"}
_OF_A_DATABASE: Final = {"read": _READ, "readWrite": _WRITE, "userAdmin": _USERS}
_OF_ADMIN: Final = {
    "readAnyDatabase": _READ,
    "readWriteAnyDatabase": _WRITE,
    "userAdminAnyDatabase": _USERS,
    "hostManager": frozenset({"killAnySession", "killop", "inprog"}),
    "root": _EVERYTHING,
}
CLUSTER: Final[Document] = {"cluster": True}
Privilege = Document
"""`{resource, actions}`."""


class Key(NamedTuple):
    """A user or a role: its database and name."""

    db: str
    name: str


@dataclass
class User:
    """One user; it logs in at the database it belongs to."""

    key: Key
    verifier: Verifier
    roles: list[Key]
    custom_data: Document | None = None
    restrictions: list[Document] = field(default_factory=list)
    user_id: Binary = field(default_factory=lambda: Binary(uuid4().bytes, 4))


class Directory:
    """All of them, as `admin.system.users` and `admin.system.roles` have them."""

    def __init__(self) -> None:
        self.users: dict[Key, User] = {}
        self._roles: dict[Key, list[Privilege]] = {}

    def user(self, key: Key) -> User:
        """Raises `CommandError` if there is none."""
        if key not in self.users:
            raise CommandError(11, f"User '{key.name}@{key.db}' not found")
        return self.users[key]

    def add_role(self, key: Key, privileges: list[Privilege]) -> None:
        """A role of the operator's own."""
        if key in self._roles:
            raise CommandError(51002, f"Role '{key.name}@{key.db}' already exists")
        self._roles[key] = privileges

    def require_role(self, key: Key) -> None:
        """Raises `CommandError` if there is none."""
        if (
            key not in self._roles
            and key.name not in _OF_A_DATABASE
            and (key.db != "admin" or key.name not in _OF_ADMIN)
        ):
            raise CommandError(31, f"Could not find role: {key.name}@{key.db}")

    def privileges(self, user: User) -> list[Privilege]:
        """What all its roles give it."""
        return [privilege for role in user.roles for privilege in self._of(role)]

    def allows(self, user: User, action: str, resource: Document) -> bool:
        """Whether one of its roles gives it that."""
        given = self.privileges(user)
        return any(action in each["actions"] and _covers(each["resource"], resource) for each in given)

    def _of(self, role: Key) -> list[Privilege]:
        if role in self._roles:
            return self._roles[role]
        if role.name in _OF_A_DATABASE:
            return [{"resource": {"db": role.db, "collection": ""}, "actions": sorted(_OF_A_DATABASE[role.name])}]
        actions = sorted(_OF_ADMIN[role.name])
        return [{"resource": resource, "actions": actions} for resource in ({"db": "", "collection": ""}, CLUSTER)]


def _covers(given: Document, asked: Document) -> bool:
    if "cluster" in asked or "cluster" in given:
        return given == asked
    return all(given[part] in ("", asked[part]) for part in ("db", "collection"))
