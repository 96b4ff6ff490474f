"""The common SQL dialect in PostgreSQL's words."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|[?%]")
_TEXT: Final = re.compile(r"\bTEXT\b")


@lru_cache(maxsize=4096)
def translated(sql: str) -> str:
    """`sql` with `%s` for each `?` outside of a literal, and with `%%` for every `%`."""
    return _TOKEN.sub(_token, sql)


def _token(found: re.Match[str]) -> str:
    return "%s" if found[0] == "?" else found[0].replace("%", "%%")


def collated(ddl: str) -> str:
    """`ddl` with every TEXT column in byte order, as in SQLite, whatever the database's own collation is."""
    return _TEXT.sub('TEXT COLLATE "C"', ddl)
