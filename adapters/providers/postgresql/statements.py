"""What is said to PostgreSQL, as statements that go there together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Final

from adapters.providers.postgresql.dialect import DIALECT, identifier, literal
from adapters.providers.postgresql.settings import Role
from adapters.statement_templates import Statements
from domain.backends import Account

GRANTS_LOCK: Final = 0x7472_7374_6374_6C10
"""Advisory lock of those who change the grants of the same objects, once they have got into each other's way."""


def locked(name: str) -> str:
    """Wait for whoever makes or removes the account of this name; nobody else does until the transaction ends."""
    return f"SELECT FROM pg_catalog.pg_advisory_xact_lock({_key(name)})"


def all_locked(names: Iterable[str]) -> str:
    """The same for several, in one order whoever asks, so that two who do never wait for each other."""
    keys = ", ".join(str(key) for key in sorted(map(_key, names)))
    wait = "pg_catalog.pg_advisory_xact_lock(key) IS NULL"
    return f"SELECT FROM pg_catalog.unnest(ARRAY[{keys}]::bigint[]) AS key WHERE {wait}"


def alone() -> str:
    """Wait for whoever changes grants."""
    return f"SELECT FROM pg_catalog.pg_advisory_xact_lock({GRANTS_LOCK})"


def in_time(deadline: datetime) -> str:
    """Fails after `deadline`: what was under way when we gave up is not committed behind our back."""
    return f"SELECT FROM pg_catalog.abs(1 / (pg_catalog.clock_timestamp() < {_time(deadline)}::timestamptz)::int)"


def creation(account: Account, role: Role, verifier: str) -> list[str]:
    """Make the account, and grant it what its role says."""
    values = _values(account) | {"password": verifier}
    templates = Statements(role.creation_statements, DIALECT)
    own = [] if "password" in templates.names else [_create(account, role, verifier)]
    return [*own, *templates.rendered(values), commented(account)]


def renewal(account: Account, role: Role) -> list[str]:
    """Move the account's end."""
    moved = f"ALTER ROLE {identifier(account.name)} VALID UNTIL {_time(account.expires_at)}"
    return [moved, *Statements(role.renewal_statements, DIALECT).rendered(_values(account))]


def revocation(account: Account, role: Role) -> list[str]:
    """What the role wants to be done before its account is dropped."""
    return Statements(role.revocation_statements, DIALECT).rendered(_values(account))


def commented(account: Account) -> str:
    """What leads an administrator of the server back to us."""
    return f"COMMENT ON ROLE {identifier(account.name)} IS {literal(_comment(account))}"


def locked_out(name: str) -> list[str]:
    """End the account's logins, for good before any session is ended.

    That commit need not be waited for: if it is lost in a crash, so are the sessions, and the removal is not done.
    """
    return [
        "BEGIN",
        "SET LOCAL synchronous_commit = off",
        locked(name),
        f"ALTER ROLE {identifier(name)} NOLOGIN",
        "COMMIT",
        _ended(f"usename = {literal(name)}"),
        _HANGING_ON.format(name=literal(name)),
    ]


def all_locked_out(names: Sequence[str]) -> list[str]:
    """The same for several, of which some may not be there; gives the name and what else hangs on each that is."""
    return [
        "BEGIN",
        "SET LOCAL synchronous_commit = off",
        all_locked(names),
        _ALL_NOLOGIN.format(names=_array(names)),
        "COMMIT",
        _ended(f"usename = ANY ({_array(names)})"),
        _WITH_WHAT_HANGS_ON.format(names=_array(names)),
    ]


def stragglers(*oids: int) -> str:
    """End the sessions that began while the roles were locked out; gives a row for each that does not end."""
    return _ended(f"usesysid = ANY (ARRAY[{', '.join(map(str, oids))}]::oid[])")


def among(names: Sequence[str]) -> str:
    """Those of `names` that are there."""
    return f"SELECT rolname::text FROM pg_catalog.pg_roles WHERE rolname = ANY ({_array(names)})"


def freed(name: str, owner: str) -> list[str]:
    """Let nothing in this database hang on the role any more. What it owns goes to `owner`, nothing is dropped."""
    target = identifier(owner) if owner else "CURRENT_USER"
    quoted = identifier(name)
    return [
        alone(),
        f"GRANT {quoted} TO CURRENT_USER",
        f"REASSIGN OWNED BY {quoted} TO {target}",
        f"DROP OWNED BY {quoted}",
    ]


def _ended(which: str) -> str:
    """Materialised, for nobody else's sessions may be ended, in whatever order the planner puts conditions."""
    return (
        f"WITH theirs AS MATERIALIZED (SELECT pid FROM pg_catalog.pg_stat_activity WHERE {which})"
        f" SELECT 'session', NULL, NULL FROM theirs WHERE NOT pg_catalog.pg_terminate_backend(pid, {_END_MILLISECONDS})"
    )


_END_MILLISECONDS: Final = 1000
_HANGING_ON: Final = """SELECT DISTINCT 'role', r.oid::bigint,
 CASE WHEN s.refobjid IS NULL THEN NULL WHEN s.dbid = 0 OR d.datname = pg_catalog.current_database() THEN ''
 ELSE d.datname END
 FROM pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_shdepend s
 ON s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.refobjid = r.oid
 LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid WHERE r.rolname = {name}"""

_ALL_NOLOGIN: Final = """DO $trstctl$ DECLARE account text; BEGIN
 FOR account IN SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY ({names}) LOOP
 EXECUTE pg_catalog.format('ALTER ROLE %I NOLOGIN', account); END LOOP; END $trstctl$"""
_WITH_WHAT_HANGS_ON: Final = """SELECT r.rolname::text, r.oid::bigint, pg_catalog.count(s.refobjid) FROM
 pg_catalog.pg_roles r LEFT JOIN pg_catalog.pg_shdepend s
 ON s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass AND s.refobjid = r.oid
 WHERE r.rolname = ANY ({names}) GROUP BY 1, 2"""


def _array(names: Iterable[str]) -> str:
    return f"ARRAY[{', '.join(map(literal, names))}]::name[]"


def _key(name: str) -> int:
    """Of the advisory lock."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big", signed=True)


def _create(account: Account, role: Role, verifier: str) -> str:
    member_of = f" IN ROLE {', '.join(map(identifier, role.member_of))}" if role.member_of else ""
    return (
        f"CREATE ROLE {identifier(account.name)} LOGIN CONNECTION LIMIT {role.connection_limit}"
        f" PASSWORD {literal(verifier)} VALID UNTIL {_time(account.expires_at)}{member_of}"
    )


def _values(account: Account) -> dict[str, str]:
    return {"name": account.name, "expiration": account.expires_at.isoformat(), "comment": _comment(account)}


def _comment(account: Account) -> str:
    told = f"trstctl: lease {account.lease_id} of {account.subject}, tenant {account.tenant}, role {account.role}"
    return told.replace("\0", "")


def _time(at: datetime) -> str:
    return literal(at.isoformat())
