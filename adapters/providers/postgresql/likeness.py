"""An account that can do what another could, and goes on when that one ends.

The first rotation turns the standing account into a group: its successor is a member of it, and acts as it from the
login on (`ALTER ROLE … SET role`). So privileges, ownership, default privileges and row-level security stay where they
are, in every database, and what a successor makes belongs to the group again. Whatever else holds of a login alone (its
settings, its connection limit, `REPLICATION`) is copied. When the standing account is retired it keeps its name and
loses login, password and sessions; every later one is dropped whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, cast

from adapters.providers.postgresql import statements
from adapters.providers.postgresql.connections import Session
from adapters.providers.postgresql.dialect import identifier, literal
from domain.backends import ACCOUNT_PREFIX, Account, BackendRefused

_LISTS: Final = frozenset({"local_preload_libraries", "search_path", "session_preload_libraries", "temp_tablespaces"})
"""Settings whose value is a list of names, each quoted by itself."""
_ROLE: Final = """SELECT rolconnlimit, rolreplication FROM pg_catalog.pg_roles WHERE rolname = {name}"""
_SETTINGS: Final = """SELECT coalesce(d.datname, '')::text, pg_catalog.unnest(s.setconfig)
 FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
 LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE r.rolname = {name}"""
_HANGING_ON: Final = """SELECT 1 FROM pg_catalog.pg_roles r WHERE r.rolname = {name} AND (
 EXISTS (SELECT FROM pg_catalog.pg_shdepend s
 WHERE s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.refobjid = r.oid)
 OR EXISTS (SELECT FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles other ON other.oid = m.member
 WHERE m.roleid = r.oid AND other.rolname <> current_user))"""


@dataclass(frozen=True)
class Like:
    """What a new account takes over from an old one."""

    acts_as: str
    connection_limit: int
    replication: bool
    settings: list[tuple[str, str]]
    """Database, or "" for all, and `name=value`."""


async def read(session: Session, old: str) -> Like:
    """What a successor of `old` needs; raises `BackendRefused` if there is no such account."""
    found = await session.all([_ROLE.format(name=literal(old))])
    if not found:
        raise BackendRefused(f"PostgreSQL has no account {old!r} to make another like it")
    limit, replication = found[0]
    settings = await _settings(session, old)
    own = [(database, setting) for database, setting in settings if not setting.startswith("role=")]
    return Like(_acts_as(settings) or old, cast("int", limit), bool(replication), own)


async def identity(session: Session, name: str) -> str:
    """The group that this login acts as; empty if it acts as itself."""
    return _acts_as(await _settings(session, name))


async def kept(session: Session, name: str) -> bool:
    """Keep what others depend on, as a group without login; whether there was anything to keep.

    A login of ours that acts as a group is never kept: what it owns is the group's to have.
    """
    if name.startswith(ACCOUNT_PREFIX) and await identity(session, name):
        return False
    needed = bool(await session.all([_HANGING_ON.format(name=literal(name))]))
    if needed:
        await session.all([f"ALTER ROLE {identifier(name)} NOLOGIN PASSWORD NULL"])
    return needed


def creation(account: Account, like: Like, verifier: str) -> list[str]:
    """Make the account, without an end."""
    name = identifier(account.name)
    replication = " REPLICATION" if like.replication else ""
    made = (
        f"CREATE ROLE {name} LOGIN{replication} CONNECTION LIMIT {like.connection_limit} PASSWORD {literal(verifier)}"
        f" IN ROLE {identifier(like.acts_as)}"
    )
    settings = [_set(name, database, *setting.split("=", 1)) for database, setting in like.settings]
    return [made, *settings, f"ALTER ROLE {name} SET role TO {literal(like.acts_as)}", statements.commented(account)]


async def _settings(session: Session, name: str) -> list[tuple[str, str]]:
    rows = await session.all([_SETTINGS.format(name=literal(name))])
    return [(str(database), str(setting)) for database, setting in rows]


def _acts_as(settings: list[tuple[str, str]]) -> str:
    acting = [setting for database, setting in settings if not database and setting.startswith("role=")]
    return acting[0].partition("=")[2] if acting else ""


def _set(name: str, database: str, setting: str, value: str) -> str:
    where = f" IN DATABASE {identifier(database)}" if database else ""
    parts = _parts(value) if setting in _LISTS else [value]
    return f"ALTER ROLE {name}{where} SET {identifier(setting)} TO {', '.join(map(literal, parts)) or literal('')}"


def _parts(value: str) -> list[str]:
    """The names of a list as PostgreSQL keeps it: separated by commas, in double quotes where they need them."""
    pieces, is_quoted = [""], False
    for character in value:
        if character == '"':
            is_quoted = not is_quoted
        if character == "," and not is_quoted:
            pieces.append("")
        else:
            pieces[-1] += character
    return [
        piece[1:-1].replace('""', '"') if piece.startswith('"') else piece
        for piece in (each.strip() for each in pieces)
        if piece
    ]
