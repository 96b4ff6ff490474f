"""What is said to MariaDB and MySQL."""

from __future__ import annotations

from adapters.providers.mysql.connections import Session
from adapters.providers.mysql.dialect import DIALECT, account, literal
from adapters.providers.mysql.hashes import caching_sha2, native
from adapters.providers.mysql.settings import Role
from adapters.statement_templates import Statements
from domain.backends import Account

_COMMENTS_SINCE = (8, 0, 21)


def creation(session: Session, planned: Account, role: Role, password: str) -> list[str]:
    """Make the account, locked; grant it what its role says; unlock it. It is of no use half-made."""
    demands = " REQUIRE SSL" if role.require_tls else ""
    if role.max_user_connections:
        demands += f" WITH MAX_USER_CONNECTIONS {role.max_user_connections}"
    grants = Statements(role.creation_statements, DIALECT).rendered(values(planned, role))
    return made(session, planned, role.host, password, demands, grants)


def made(session: Session, planned: Account, host: str, password: str, demands: str, grants: list[str]) -> list[str]:
    """Make one account at one host; `demands` is what follows `IDENTIFIED …`."""
    named = account(planned.name, host)
    comment = f" COMMENT {literal(_comment(planned))}" if _has_comments(session) else ""
    creating = f"CREATE USER {named} {_identified(session, password)}{demands} ACCOUNT LOCK{comment}"
    return [*_in_time(session, creating), *grants, f"ALTER USER {named} ACCOUNT UNLOCK"]


def password_set(session: Session, name: str, host: str, password: str) -> list[str]:
    """Give one account at one host this password."""
    return _in_time(session, f"ALTER USER {account(name, host)} {_identified(session, password)}")


def values(planned: Account, role: Role) -> dict[str, str]:
    """For templates."""
    return {
        "name": planned.name,
        "host": role.host,
        "expiration": planned.expires_at.strftime("%Y-%m-%d %H:%M:%S"),
        "comment": _comment(planned),
    }


def _in_time(session: Session, statement: str) -> list[str]:
    """What was under way when we gave up is not done behind our back: past the deadline, an unknown column fails."""
    choice = f"IF(UNIX_TIMESTAMP(NOW(6)) < {session.give_up_at():.6f}, {literal(statement)}, 'SELECT too_late')"
    return [f"SET @trstctl = {choice}", "PREPARE trstctl FROM @trstctl", "EXECUTE trstctl"]


def _identified(session: Session, password: str) -> str:
    if session.is_mariadb:
        return f"IDENTIFIED BY PASSWORD {literal(native(password))}"
    return f"IDENTIFIED WITH caching_sha2_password AS {literal(caching_sha2(password))}"


def _has_comments(session: Session) -> bool:
    return not session.is_mariadb and session.version >= _COMMENTS_SINCE


def _comment(planned: Account) -> str:
    told = f"trstctl: lease {planned.lease_id} of {planned.subject}, tenant {planned.tenant}, role {planned.role}"
    return told.replace("\0", "")
