"""An account that can do what another could: its grants, roles, demands and limits, as the server shows them."""

from __future__ import annotations

import re
from typing import Final

from adapters.providers.mysql import removal
from adapters.providers.mysql.connections import Session
from adapters.providers.mysql.dialect import account, identifier, literal
from adapters.providers.mysql.statements import made
from domain.backends import Account, BackendRefused

_STRING: Final = r"'(?:[^'\\]|\\.|'')*'"
_REQUIRE: Final = re.compile(rf" REQUIRE (?:SSL|X509|(?:(?:ISSUER|SUBJECT|CIPHER) {_STRING} ?(?:AND )?)+)")
_LIMITS: Final = re.compile(r" WITH ((?:MAX_\w+ [\d.]+ ?)+)")
_DEFAULT_ROLE: Final = re.compile(r" DEFAULT ROLE (.+?) REQUIRE ")
_NOTHING: Final = "GRANT USAGE ON *.* TO "
"""What every account has, and only who may grant everything may grant."""
_CHOICE: Final = "SET DEFAULT ROLE "
_OPTION: Final = re.compile(r" WITH .*?\b(GRANT|ADMIN) OPTION")


def make(session: Session, planned: Account, old: str, password: str) -> str:
    """Make an account at each host at which `old` has one; raises `BackendRefused` if it has none.

    Returns what the new account has to run itself, if anything: in MariaDB only who may write to the tables of
    privileges may choose somebody else's default role, so it chooses its own.
    """
    found = removal.hosts(session, old)
    if not found:
        raise BackendRefused(f"MariaDB or MySQL has no account {old!r} to make another like it")
    statements, choices = list[str](), list[str]()
    for host in found:
        shown = str(session.all(f"SHOW CREATE USER {account(old, host)}")[0][0])
        grants = _grants(session, old, planned.name, host) + _default_role(shown, account(planned.name, host))
        choices += [line for line in grants if line.startswith(_CHOICE)]
        grants = [line for line in grants if not line.startswith(_CHOICE)]
        statements += made(session, planned, host, password, _demands(shown), grants)
    if len(choices) > 1:
        raise BackendRefused(f"{old!r} has default roles at several hosts, and we can log in from one; take them away")
    session.all(*statements)
    return choices[0].partition(" FOR ")[0] if choices else ""


def _demands(shown: str) -> str:
    """What is demanded of a login, and its limits, from what `SHOW CREATE USER` gives."""
    require, limits = _REQUIRE.search(shown), _LIMITS.search(shown)
    demands = require[0].rstrip() if require else ""
    return demands + (f" WITH {_whole(limits[1]).rstrip()}" if limits else "")


def _whole(limits: str) -> str:
    """MariaDB shows `MAX_STATEMENT_TIME` with decimals, and takes it so; the others are whole."""
    return re.sub(r"\.0+(?=\s|$)", "", limits)


def _default_role(shown: str, named: str) -> list[str]:
    """MySQL shows it here; MariaDB among the grants."""
    found = _DEFAULT_ROLE.search(shown)
    return [f"ALTER USER {named} DEFAULT ROLE {found[1]}"] if found else []


def _grants(session: Session, old: str, new: str, host: str) -> list[str]:
    lines = [str(line) for (line,) in session.all(f"SHOW GRANTS FOR {account(old, host)}")]
    granting = [line for line in lines if not line.startswith(_NOTHING)]
    return [_moved(part, old, account(new, host), host) for line in granting for part in _apart(line)]


def _apart(line: str) -> list[str]:
    """Grants of columns one privilege at a time: together, MariaDB wants the granter to hold each on all of them."""
    privileges, found, rest = line.removeprefix("GRANT ").partition(" ON ")
    if not found or "(" not in privileges:
        return [line]
    return [f"GRANT {privilege} ON {rest}" for privilege in re.split(r", (?=[A-Z])", privileges)]


def _moved(line: str, old: str, named: str, host: str) -> str:
    """One line of `SHOW GRANTS`, for another account and without the old one's hash."""
    for word in (" TO ", " FOR "):
        for shown in (f"{identifier(old)}@{identifier(host)}", f"{literal(old)}@{literal(host)}"):
            head, found, rest = line.rpartition(word + shown)
            if found:
                option = _OPTION.search(re.sub(_STRING, "", rest))
                return f"{head}{word}{named}" + (f" WITH {option[1]} OPTION" if option else "")
    raise BackendRefused(f"a grant of {old!r} cannot be copied: {line[:80]}")
