"""How PostgreSQL quotes."""

from __future__ import annotations

import re
from typing import Final

from adapters.statement_templates import Dialect


def literal(text: str) -> str:
    """`text` as a string literal, whatever `standard_conforming_strings` says. `text` has no NUL."""
    quoted = text.replace("'", "''")
    return f"E'{quoted.replace(chr(92), chr(92) * 2)}'" if "\\" in text else f"'{quoted}'"


def identifier(text: str) -> str:
    """`text` as a quoted name."""
    return '"' + text.replace('"', '""') + '"'


DIALECT: Final = Dialect(
    opaque=re.compile(
        r"""[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|--[^\n]*|/\*.*?\*/"""
    ),
    quotes={"'": literal, '"': identifier},
    bare={"name": '"', "password": "'", "expiration": "'", "comment": "'"},
)
"""`{{password}}` is the verifier of the password; `{{expiration}}` a time with zone."""
