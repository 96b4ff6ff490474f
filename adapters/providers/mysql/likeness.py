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
_OPTION: Final = re.compile(r" WITH .*?(GRANT|ADMIN) OPTION")


def creation(session: Session, planned: Account, old: str, password: str) -> list[str]:
    """Make an account at each host at which `old` has one; raises `BackendRefused` if it has none."""
    found = removal.hosts(session, old)
    if not found:
        raise BackendRefused(f"MariaDB or MySQL has no account {old!r} to make another like it")
    statements: list[str] = []
    for host in found:
        shown = str(session.all(f"SHOW CREATE USER {account(old, host)}")[0][0])
        grants = _grants(session, old, planned.name, host) + _default_role(shown, account(planned.name, host))
        statements += made(session, planned, host, password, _demands(shown), grants)
    return statements


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
    return [_moved(line, old, account(new, host), host) for line in lines if not line.startswith(_NOTHING)]


def _moved(line: str, old: str, named: str, host: str) -> str:
    """One line of `SHOW GRANTS`, for another account and without the old one's hash."""
    for word in (" TO ", " FOR "):
        for shown in (f"{identifier(old)}@{identifier(host)}", f"{literal(old)}@{literal(host)}"):
            head, found, rest = line.rpartition(word + shown)
            if found:
                option = _OPTION.match(rest) or _OPTION.search(rest)
                return f"{head}{word}{named}" + (f" WITH {option[1]} OPTION" if option else "")
    raise BackendRefused(f"a grant of {old!r} cannot be copied: {line[:80]}")
