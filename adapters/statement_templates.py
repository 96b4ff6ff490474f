"""SQL statements of a role, with `{{placeholders}}` for what differs from one account to the next.

A placeholder stands alone, or alone between quotes, as in `GRANT app TO {{name}}` or `"{{name}}"` or `'{{name}}'`. Its
value is quoted here, as the quotes around it ask, so no value can end a string or a name. Within a longer string or a
comment, where quoting would not protect, a placeholder is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_PLACEHOLDER: Final = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_FIRST_WORD: Final = re.compile(r"\s*([A-Za-z]+)")
_TRANSACTIONS: Final = frozenset({"ABORT", "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "START"})
_COMMENTS: Final = ("--", "/*", "#")

_Piece = tuple[str, str, str]
"""`("sql", text, "")`, or `("value", name, quotation mark)`."""
_END: Final[_Piece] = ("end", ";", "")


@dataclass(frozen=True)
class Dialect:
    """How one system quotes."""

    opaque: re.Pattern[str]
    """A string, a quoted name or a comment, as a whole."""
    quotes: Mapping[str, Callable[[str], str]]
    """By quotation mark: what makes of a text the string or name that these marks enclose."""
    bare: Mapping[str, str]
    """By the names of the placeholders there are: the quotation mark that is meant where none is written."""


class Statements:
    """A list of statements, checked. What `rendered` gives are single statements, without semicolons."""

    def __init__(self, texts: Sequence[str], dialect: Dialect) -> None:
        """Raises `ValueError` saying which placeholder, or which statement, cannot be."""
        self._dialect = dialect
        self._statements = [piece for text in texts for piece in _split(text, dialect)]
        self.names = {part for statement in self._statements for kind, part, _ in statement if kind == "value"}
        """The placeholders in use."""

    def rendered(self, values: Mapping[str, str]) -> list[str]:
        """The statements with these values, by placeholder."""
        return ["".join(self._text(piece, values) for piece in statement) for statement in self._statements]

    def _text(self, piece: _Piece, values: Mapping[str, str]) -> str:
        kind, part, mark = piece
        return self._dialect.quotes[mark](values[part]) if kind == "value" else part


def _split(text: str, dialect: Dialect) -> list[list[_Piece]]:
    if "\0" in text:
        raise ValueError("a statement holds a NUL character")
    statements: list[list[_Piece]] = [[]]
    for piece in _pieces(text, dialect):
        if piece == _END:
            statements.append([])
        elif piece[1]:
            statements[-1].append(piece)
    kept = [statement for statement in statements if any(part.strip() for _, part, _ in statement)]
    for statement in kept:
        _refuse_transactions("".join(part for kind, part, _ in statement if kind == "sql"))
    return kept


def _pieces(text: str, dialect: Dialect) -> Iterator[_Piece]:
    tokens = re.compile(f"{dialect.opaque.pattern}|{_PLACEHOLDER.pattern}|;", re.DOTALL)
    at = 0
    for token in tokens.finditer(text):
        yield _plain(text[at : token.start()], dialect)
        yield _whole(token[0], dialect)
        at = token.end()
    yield _plain(text[at:], dialect)


def _plain(text: str, dialect: Dialect) -> _Piece:
    """What is outside of every string, name, comment and placeholder."""
    for mark in (*dialect.quotes, "$$", "/*", "{{"):
        if mark in text:
            raise ValueError(f"what begins with {mark} in {text.strip()[:60]!r} has no end")
    return "sql", text, ""


def _whole(token: str, dialect: Dialect) -> _Piece:
    if token == _END[1]:
        return _END
    inner = _PLACEHOLDER.fullmatch(token) or _PLACEHOLDER.fullmatch(token[1:-1])
    if inner:
        return _value(token, inner[1], dialect)
    if token.startswith("/*!"):
        raise ValueError(f"{token[:40]!r} is a comment to some servers and a statement to others")
    if _PLACEHOLDER.search(token):
        raise ValueError(f"a placeholder stands inside of {token[:40]!r}; it has to stand alone, or alone in quotes")
    return "sql", " " if token.startswith(_COMMENTS) else token, ""


def _value(token: str, name: str, dialect: Dialect) -> _Piece:
    if name not in dialect.bare:
        known = ", ".join(f"{{{{{each}}}}}" for each in sorted(dialect.bare))
        raise ValueError(f"there is no placeholder {{{{{name}}}}}; there are {known}")
    mark = dialect.bare[name] if token.startswith("{") else token[0]
    if mark not in dialect.quotes:
        raise ValueError(f"{{{{{name}}}}} cannot stand inside of {token[:40]!r}")
    return "value", name, mark


def _refuse_transactions(statement: str) -> None:
    word = _FIRST_WORD.match(statement)
    if word and word[1].upper() in _TRANSACTIONS:
        raise ValueError(f"a statement begins with {word[1]}; how statements make a transaction is settled already")
