"""What the errors of MariaDB and MySQL mean to us.

Texts may repeat a piece of a statement; no statement holds a password, and hashes are taken out. The errors are raised
`from None`, for PyMySQL's tracebacks hold the statement as a whole.
"""

from __future__ import annotations

import re
from typing import Final

import pymysql

from domain.backends import BackendError, BackendRefused, BackendUnavailable

NO_SUCH_THREAD: Final = 1094
_PASSING: Final = frozenset(
    {
        1040,  # too many connections
        1053,  # shutting down
        1158, 1159, 1160, 1161,  # network
        1203, 1205, 1213, 1226, 1969, 3024,  # limits, locks and time limits
        1290, 1836,  # a replica, read-only
        1317, 1927,  # interrupted, killed
    }
)  # fmt: skip
_HASHES: Final = re.compile(r"\*[0-9A-F]{40}|\$A\$005\$\S+")


def meaning(error: pymysql.MySQLError) -> BackendError:
    """The error to raise `from None`."""
    code = number(error)
    text = " ".join(str(error.args[-1]).split())[:300] if error.args else type(error).__name__
    told = f"MariaDB or MySQL: {_HASHES.sub('<hash>', text)} (error {code})"
    return BackendUnavailable(told) if code in _PASSING or code == 0 or 2000 <= code <= 2999 else BackendRefused(told)


def number(error: pymysql.MySQLError) -> int:
    """The server's, or PyMySQL's (from 2000 on, about connections), or 0."""
    return error.args[0] if error.args and isinstance(error.args[0], int) else 0
