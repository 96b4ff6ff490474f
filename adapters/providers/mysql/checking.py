"""Whether the configured account may do what it will have to."""

from __future__ import annotations

from typing import Final

from adapters.providers.mysql.connections import Session
from domain.backends import BackendRefused, BackendUnavailable

_NEEDED: Final = {
    "make accounts": ("CREATE USER",),
    "see sessions": ("PROCESS",),
    "end sessions": ("CONNECTION ADMIN", "CONNECTION_ADMIN", "SUPER"),
}
"""What for, and the privileges any of which is enough; the last but one is MySQL's word, the one before MariaDB's."""


def check(session: Session) -> None:
    """Raises `BackendRefused` with the statement that an administrator has to run."""
    if session.version < ((10, 4, 2) if session.is_mariadb else (8, 0, 0)):
        raise BackendRefused("the server is too old to lock accounts: it has to be MariaDB 10.4.2 or MySQL 8.0")
    who = str(session.all("SELECT CURRENT_USER()")[0][0]).replace("@", "'@'")
    held = _held(session)
    for purpose, privileges in _NEEDED.items():
        if not {*privileges, "ALL PRIVILEGES"} & held:
            right = privileges[0] if session.is_mariadb or len(privileges) == 1 else privileges[1]
            raise BackendRefused(f"may not {purpose}; as an administrator run: GRANT {right} ON *.* TO '{who}'")
    session.all("SELECT 1 FROM mysql.user LIMIT 1")
    if session.all("SELECT @@GLOBAL.read_only")[0][0]:
        raise BackendUnavailable("the server is read-only, as a replica is; accounts are made on the primary")


def _held(session: Session) -> set[str]:
    lines = [str(line) for (line, *_) in session.all("SHOW GRANTS")]
    return {
        privilege.strip()
        for line in lines
        if line.startswith("GRANT ") and " ON *.* TO " in line
        for privilege in line.removeprefix("GRANT ").partition(" ON *.* TO ")[0].split(",")
    }
