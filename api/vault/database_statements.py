"""Statements of Vault's roles as settings of a provider's roles, and back."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from api.vault.failures import VaultError
from api.vault.fields import Fields

_USERNAME = re.compile(r"\{\{\s*username\s*\}\}")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{8,}={0,2}\Z")
_MYSQL_ACCOUNT = re.compile(
    r"""\s*CREATE\s+USER\s+(?:IF\s+NOT\s+EXISTS\s+)?(['"`]?)\{\{\s*name\s*\}\}\1@(['"`]?)(?P<host>[A-Za-z0-9%._:/-]+)\2
    \s+IDENTIFIED\s+(?:WITH\s+\w+\s+)?BY\s+(['"])\{\{\s*password\s*\}\}\4(?P<tls>\s+REQUIRE\s+SSL)?\s*\Z""",
    re.IGNORECASE | re.VERBOSE,
)
NAMES: Final = ("creation_statements", "revocation_statements", "rollback_statements", "renew_statements")


class Texts(NamedTuple):
    """A role's statements as they were given."""

    creation: list[str]
    revocation: list[str]
    renew: list[str]


def statements(fields: Fields, name: str) -> list[str]:
    """A list of texts; or one, of which base64 and a JSON list are taken too. No comma parts a text."""
    value = fields.get(name)
    if isinstance(value, str):
        value = _list_of(_plain(value))
    if value is None:
        return []
    if not isinstance(value, list) or len(value) > 100 or not all(isinstance(each, str) for each in value):
        raise VaultError(400, f"{name}: give a list of at most 100 texts")
    return [each for each in value if each.strip()]


def settings_of(kind: str, texts: Texts, connection: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a provider's role; raises `VaultError` 400 for what it cannot be."""
    if not texts.creation:
        raise VaultError(400, "empty creation statement detected: creation_statements are required")
    return _SETTINGS[kind](texts, connection)


def texts_of(kind: str, settings: Mapping[str, Any]) -> Texts:
    """The statements of a role that the native face has configured."""
    if kind == "redis":
        return Texts([msgspec.json.encode(settings.get("rules", [])).decode()], [], [])
    if kind == "mongodb":
        return Texts([msgspec.json.encode({"roles": settings.get("roles", [])}).decode()], [], [])
    names = ("creation_statements", "revocation_statements", "renewal_statements")
    return Texts(*(list(settings.get(name, [])) for name in names))


def _postgresql(texts: Texts, _connection: Mapping[str, Any]) -> dict[str, Any]:
    return _sql(texts, texts.creation)


def _mysql(texts: Texts, _connection: Mapping[str, Any]) -> dict[str, Any]:
    """The account is ours to make: what the statement says of host and TLS, the role says."""
    parts = [part for text in _renamed(texts.creation) for part in text.split(";") if part.strip()]
    made = [match for part in parts if (match := _MYSQL_ACCOUNT.match(part))]
    rest = [part for part in parts if not _MYSQL_ACCOUNT.match(part)]
    if len(made) != 1 or any("password" in part and "{{" in part for part in rest):
        raise VaultError(
            400,
            "creation_statements: one of them has to be CREATE USER '{{name}}'@'HOST' IDENTIFIED BY '{{password}}',"
            " with REQUIRE SSL or nothing more; the others grant it something",
        )
    host, tls = made[0]["host"], bool(made[0]["tls"])
    return {**_sql(texts, rest), "host": host, "require_tls": tls}


def _redis(texts: Texts, _connection: Mapping[str, Any]) -> dict[str, Any]:
    rules = [rule for text in texts.creation for rule in _rules(text)]
    _must_be_none(texts)
    return {"rules": rules}


def _rules(text: str) -> list[str]:
    found = _list_of(text)
    if not all(isinstance(rule, str) for rule in found):
        raise VaultError(400, 'creation_statements: give rules as a JSON list, such as ["~app:*", "+@read"]')
    return [part for rule in found for part in rule.split()]


def _mongodb(texts: Texts, connection: Mapping[str, Any]) -> dict[str, Any]:
    _must_be_none(texts)
    if len(texts.creation) != 1:
        raise VaultError(400, "creation_statements: give one JSON object")
    try:
        wanted = msgspec.json.decode(texts.creation[0], type=_MongoUser)
    except msgspec.DecodeError:
        raise VaultError(
            400, 'creation_statements: give {"db": "admin", "roles": [{"role": "read", "db": "app"}]}'
        ) from None
    home = connection.get("database", "admin")
    if wanted.db not in {"", home}:
        raise VaultError(400, f"creation_statements: users of this connection are made in the database {home!r}")
    return {"roles": [{"role": each.role, "db": each.db or home} for each in wanted.roles]}


class _MongoGrant(msgspec.Struct, frozen=True):
    role: str
    db: str = ""


class _MongoUser(msgspec.Struct, frozen=True):
    roles: list[_MongoGrant]
    db: str = ""


_SETTINGS: Final[Mapping[str, Callable[[Texts, Mapping[str, Any]], dict[str, Any]]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "redis": _redis,
    "mongodb": _mongodb,
}


def _sql(texts: Texts, creation: list[str]) -> dict[str, Any]:
    return {
        "creation_statements": _renamed(creation),
        "revocation_statements": _renamed(texts.revocation),
        "renewal_statements": _renamed(texts.renew),
    }


def _renamed(texts: list[str]) -> list[str]:
    """`{{username}}` is another word for `{{name}}`."""
    return [_USERNAME.sub("{{name}}", text) for text in texts]


def _must_be_none(texts: Texts) -> None:
    if texts.revocation or texts.renew:
        raise VaultError(400, "this plugin has creation_statements alone")


def _plain(text: str) -> str:
    """What base64 stands for, where it is that: statements have spaces."""
    if not _BASE64.match(text):
        return text
    try:
        return b64decode(text, validate=True).decode()
    except ValueError:
        return text


def _list_of(text: str) -> list[Any]:
    """The members of a JSON list, else the text itself."""
    if not text.lstrip().startswith("["):
        return [text]
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return [text]
    return found if isinstance(found, list) else [text]
