"""How MariaDB and MySQL quote, in sessions whose `sql_mode` is ours."""

from __future__ import annotations

import re
from typing import Final

from adapters.statement_templates import Dialect

_ESCAPES: Final = str.maketrans({"\\": "\\\\", "'": "''"})


def literal(text: str) -> str:
    """`text` as a string literal. `text` has no NUL."""
    return f"'{text.translate(_ESCAPES)}'"


def identifier(text: str) -> str:
    """`text` as a quoted name."""
    return "`" + text.replace("`", "``") + "`"


def account(name: str, host: str) -> str:
    """A user at a host, as statements name it."""
    return f"{literal(name)}@{literal(host)}"


DIALECT: Final = Dialect(
    opaque=re.compile(
        r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|`(?:[^`]|``)*`|--(?=\s)[^\n]*|\#[^\n]*|/\*.*?\*/""", re.DOTALL
    ),
    quotes={"'": literal, '"': literal, "`": identifier},
    bare={"name": "'", "host": "'", "expiration": "'", "comment": "'"},
)
"""An account is `{{name}}@{{host}}`."""
