"""What `database/config/` says of a server, as the connection of a provider, and back.

An address has the form that each plugin of Vault's documents: a URL for PostgreSQL and MongoDB, a DSN of Go's driver
for MySQL, single fields for Redis. Where it says nothing of TLS, PostgreSQL's certificate is verified; the others'
addresses mean no TLS then, and are taken at their word.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote

from api.vault.failures import VaultError
from api.vault.fields import Fields

PLUGINS: Final[Mapping[str, str]] = {
    "postgresql-database-plugin": "postgresql",
    "mysql-database-plugin": "mysql",
    "mysql-aurora-database-plugin": "mysql",
    "mysql-rds-database-plugin": "mysql",
    "mysql-legacy-database-plugin": "mysql",
    "redis-database-plugin": "redis",
    "mongodb-database-plugin": "mongodb",
}
"""Kinds of providers by Vault's plugins; of several the first is told of a provider that the native face made."""
_PLACEHOLDER = re.compile(r"\{\{\s*(username|password)\s*\}\}")
_CREDENTIALS = r"(?:(?P<username>[^:@/]*)(?::(?P<password>[^@]*))?@)?"
_POSTGRESQL = re.compile(
    rf"postgres(?:ql)?://{_CREDENTIALS}(?P<host>\[[0-9A-Fa-f:.]+\]|[^:/?,@\[\]]+)(?::(?P<port>\d{{1,5}}))?"
    r"(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?\Z"
)
_MYSQL = re.compile(
    rf"{_CREDENTIALS}tcp\((?P<host>\[[0-9A-Fa-f:.]+\]|[^:()\[\]]+)(?::(?P<port>\d{{1,5}}))?\)/(?P<database>[^?]*)"
    r"(?:\?(?P<query>.*))?\Z"
)
_MONGODB = re.compile(rf"mongodb://{_CREDENTIALS}(?P<hosts>[^/?@]+)(?:/(?P<database>[^?]*))?(?:\?(?P<query>.*))?\Z")
_SSL_MODES: Final = frozenset({"disable", "require", "verify-ca", "verify-full"})
_MYSQL_TLS: Final = {"": "disable", "false": "disable", "true": "verify-full", "skip-verify": "require"}


class Server(NamedTuple):
    """A connection, and the credentials that go with it; no password means: the one there is."""

    connection: dict[str, Any]
    password: str | None
    template: str
    """The address without credentials, for reads; empty for Redis."""


def server_of(kind: str, fields: Fields, known: str) -> Server:
    """What the fields of a config say, its address being `known` if they give none; raises `VaultError` 400."""
    if kind == "redis":
        return _redis(fields)
    template = fields.text("connection_url") or known
    if not template:
        raise VaultError(400, "connection_url is required")
    return _SERVERS[kind](template, fields)


def template_of(kind: str, connection: Mapping[str, Any]) -> str:
    """An address for a provider that the native face has configured."""
    if kind == "mongodb":
        query = f"&replicaSet={connection['replica_set']}" if connection.get("replica_set") else ""
        hosts, database = ",".join(connection["hosts"]), connection.get("database", "admin")
        tls = "true" if connection.get("tls", True) else "false"
        return f"mongodb://{{{{username}}}}:{{{{password}}}}@{hosts}/{database}?tls={tls}{query}"
    host = f"[{connection['host']}]" if ":" in connection["host"] else connection["host"]
    if kind == "mysql":
        tls = {mode: word for word, mode in _MYSQL_TLS.items() if word}.get(
            connection.get("tls", "verify-full"), "true"
        )
        at = f"{host}:{connection.get('port', 3306)}"
        return f"{{{{username}}}}:{{{{password}}}}@tcp({at})/{connection.get('database', '')}?tls={tls}"
    at = f"{host}:{connection.get('port', 5432)}/{connection['database']}"
    return f"postgresql://{{{{username}}}}:{{{{password}}}}@{at}?sslmode={connection.get('sslmode', 'verify-full')}"


def _postgresql(template: str, fields: Fields) -> Server:
    match = _matched(_POSTGRESQL, template, "postgresql://{{username}}:{{password}}@host:5432/database")
    query = _query(match["query"], {"sslmode", "connect_timeout", "application_name"})
    mode = query.get("sslmode", "verify-full")
    if mode not in _SSL_MODES:
        raise VaultError(400, f"sslmode={mode} may go out unencrypted: give {', '.join(sorted(_SSL_MODES))}")
    username, password = _login(match, fields)
    connection = {
        "host": match["host"].strip("[]"),
        "port": int(match["port"] or 5432),
        "database": unquote(match["database"] or "") or username,
        "username": username,
        "sslmode": mode,
    }
    return Server(connection, password, _open_text(template, match))


def _mysql(template: str, fields: Fields) -> Server:
    match = _matched(_MYSQL, template, "{{username}}:{{password}}@tcp(host:3306)/")
    word = _query(match["query"], {"tls", "parseTime", "timeout", "charset", "collation"}).get("tls", "")
    if word not in _MYSQL_TLS:
        raise VaultError(400, "tls in the address is true, false or skip-verify")
    username, password = _login(match, fields)
    connection = {
        "host": match["host"].strip("[]"),
        "port": int(match["port"] or 3306),
        "database": unquote(match["database"]),
        "username": username,
        "tls": _MYSQL_TLS[word],
    }
    return Server(connection, password, _open_text(template, match))


def _mongodb(template: str, fields: Fields) -> Server:
    match = _matched(_MONGODB, template, "mongodb://{{username}}:{{password}}@host:27017/admin?tls=true")
    query = _query(match["query"], {"tls", "ssl", "replicaSet", "authSource"})
    username, password = _login(match, fields)
    connection = {
        "hosts": match["hosts"].split(","),
        "replica_set": query.get("replicaSet", ""),
        "database": query.get("authSource") or unquote(match["database"] or "") or "admin",
        "username": username,
        "tls": query.get("tls", query.get("ssl", "false")) == "true",
    }
    return Server(connection, password, _open_text(template, match))


def _redis(fields: Fields) -> Server:
    connection = {
        "host": fields.required("host").removeprefix("tls://"),
        "port": fields.number("port", 6379),
        "username": fields.text("username") or "default",
        "tls": fields.flag("tls"),
    }
    return Server(connection, fields.text("password") if fields.given("password") else None, "")


_SERVERS: Final[Mapping[str, Callable[[str, Fields], Server]]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mongodb": _mongodb,
}


def _matched(pattern: re.Pattern[str], template: str, form: str) -> re.Match[str]:
    """The parts of an address; what stands for credentials in it holds nothing that could be mistaken."""
    match = pattern.match(_PLACEHOLDER.sub(lambda found: f"<{found[1]}>", template.strip()))
    if match is None:
        raise VaultError(400, f"connection_url cannot be read; it has the form {form}")
    return match


def _login(match: re.Match[str], fields: Fields) -> tuple[str, str | None]:
    """User and password: the fields', or what stands in the address itself."""
    username, password = (
        None if match[name] in {None, "", f"<{name}>"} else unquote(match[name]) for name in ("username", "password")
    )
    username = fields.text("username") or username
    if not username:
        raise VaultError(400, "username is required, as a field or in connection_url")
    return username, fields.text("password") if fields.given("password") else password


def _open_text(template: str, match: re.Match[str]) -> str:
    """The address with placeholders where credentials are: it is stored in the open, and read by others."""
    text = match.string
    if match["username"] is not None:
        end = match.end("password") if match["password"] is not None else match.end("username")
        text = f"{text[: match.start('username')]}<username>:<password>{text[end:]}"
    shown = text.replace("<username>", "{{username}}").replace("<password>", "{{password}}")
    return template.strip() if shown == _PLACEHOLDER.sub(r"{{\1}}", template.strip()) else shown


def _query(text: str | None, known: set[str]) -> dict[str, str]:
    query = dict(parse_qsl(text or "", keep_blank_values=True))
    if unknown := sorted(set(query) - known):
        raise VaultError(
            400, f"connection_url: {', '.join(unknown)} is not served; there are {', '.join(sorted(known))}"
        )
    return query
