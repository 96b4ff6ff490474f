"""How an account ends: its logins, its sessions, then itself."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

import pymysql

from adapters.providers.mysql.connections import Session
from adapters.providers.mysql.dialect import account, literal
from adapters.providers.mysql.failures import NO_SUCH_THREAD, number
from domain.backends import BackendRefused, BackendUnavailable

_ENDING_SECONDS: Final = 2.0
_GLANCE_SECONDS: Final = 0.02
_DEFINERS: Final = (
    "(SELECT 1 FROM information_schema.VIEWS WHERE DEFINER = {0} LIMIT 1)"
    " UNION ALL (SELECT 1 FROM information_schema.ROUTINES WHERE DEFINER = {0} LIMIT 1)"
    " UNION ALL (SELECT 1 FROM information_schema.TRIGGERS WHERE DEFINER = {0} LIMIT 1)"
    " UNION ALL (SELECT 1 FROM information_schema.EVENTS WHERE DEFINER = {0} LIMIT 1)"
)


def hosts(session: Session, name: str) -> list[str]:
    """The hosts of all accounts of this name."""
    return [str(host) for (host,) in session.all(f"SELECT Host FROM mysql.user WHERE User = {literal(name)}")]


def is_there(session: Session, name: str) -> bool:
    """Whether an account, or a session of one that is gone, is there."""
    return bool(hosts(session, name)) or bool(_sessions(session, name))


def remove(session: Session, name: str, revocation: Sequence[str]) -> None:
    """End it; what is not there is ended."""
    found = _locked_out(session, name)
    if found:
        session.all(*revocation, f"DROP USER IF EXISTS {', '.join(account(name, host) for host in found)}")
    _end_sessions(session, name)


def retire(session: Session, name: str) -> None:
    """End it; but where stored programs and views run in its name, it stays for them, locked and without password."""
    found = _locked_out(session, name)
    for host in found:
        if session.all(_DEFINERS.format(literal(f"{name}@{host}"))):
            _without_password(session, account(name, host))
        else:
            session.all(f"DROP USER IF EXISTS {account(name, host)}")
    _end_sessions(session, name)


def can_log_in(session: Session, name: str) -> bool:
    """Whether an account of this name is there that is not locked."""
    described = (str(session.all(f"SHOW CREATE USER {account(name, host)}")[0][0]) for host in hosts(session, name))
    return any("ACCOUNT LOCK" not in text for text in described)


def _locked_out(session: Session, name: str) -> list[str]:
    if name == str(session.all("SELECT USER()")[0][0]).rpartition("@")[0]:
        raise BackendRefused(f"{name} is the account by which we make all others; it cannot be removed by itself")
    found = hosts(session, name)
    if found:
        session.all(*(f"ALTER USER {account(name, host)} ACCOUNT LOCK" for host in found))
    _end_sessions(session, name)
    return found


def _without_password(session: Session, named: str) -> None:
    """A hash that no password has."""
    if session.is_mariadb:
        session.all(f"ALTER USER {named} IDENTIFIED VIA mysql_native_password USING 'invalid' ACCOUNT LOCK")
    else:
        session.all(f"ALTER USER {named} IDENTIFIED BY RANDOM PASSWORD ACCOUNT LOCK")


def _end_sessions(session: Session, name: str) -> None:
    until = time.monotonic() + _ENDING_SECONDS
    while sessions := _sessions(session, name):
        if time.monotonic() > until:
            raise BackendUnavailable("the account's sessions were told to end, and have not ended yet")
        for number_of_thread in sessions:
            _kill(session, number_of_thread)
        time.sleep(_GLANCE_SECONDS)


def _sessions(session: Session, name: str) -> list[int]:
    return [int(row[0]) for row in session.all("SHOW PROCESSLIST") if row[1] == name]


def _kill(session: Session, thread: int) -> None:
    try:
        session.all(f"KILL CONNECTION {thread}")
    except pymysql.MySQLError as error:
        if number(error) != NO_SUCH_THREAD:
            raise
