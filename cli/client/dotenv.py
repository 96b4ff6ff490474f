"""The dotenv format: `NAME=value` lines as shells and the usual libraries read them. Nothing is interpolated.

Read: comments, blank lines, an `export` before the name, spaces around `=`. A bare value goes to the end of its line,
without a comment after white space. Between single quotes everything is literal. Between double quotes a backslash
makes n, r and t the usual characters, lets a quote, a backslash, a dollar and a backtick stand for themselves, and
joins lines. Quoted values may span lines. `${...}` stays as written: it is a reference to another secret.
"""

from __future__ import annotations

import re
from typing import Final

from cli.client.errors import WrongUsage

_BLANK: Final = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\n)+|[ \t]*(?:#[^\n]*)?\Z")
_NAME: Final = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=[ \t]*")
_SINGLE: Final = re.compile(r"'([^']*)'")
_DOUBLE: Final = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE: Final = re.compile(r"(?:[^\n#]|(?<![ \t])#)*")
_REST: Final = re.compile(r"[ \t]*(?:#[^\n]*)?(?:\n|\Z)")
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_MEANING: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "$": "$", "`": "`", "\n": ""}
_NEEDS_NO_QUOTES: Final = re.compile(r"[A-Za-z0-9_./:@%+,=^-]+\Z")
_NOT_IN_A_NAME: Final = re.compile(r"[^A-Za-z0-9_]")


def parsed(text: str) -> dict[str, str]:
    """Names and values in their order; of a name given twice the last value holds, as in a shell.

    Raises `WrongUsage` naming the line, and nothing of what stands in it.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    values: dict[str, str] = {}
    at = 0
    while (at := _after(_BLANK, text, at)) < len(text):
        name = _NAME.match(text, at)
        if name is None:
            raise _wrong(text, at, "here should stand NAME=value")
        value, at = _value(text, name.end())
        end = _REST.match(text, at)
        if end is None:
            raise _wrong(text, at, "something follows the closing quote")
        values[name.group(1)], at = value, end.end()
    return values


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _value(text: str, at: int) -> tuple[str, int]:
    quote = text[at : at + 1]
    if quote not in {"'", '"'}:
        bare = _BARE.match(text, at)
        assert bare is not None  # noqa: S101 - the pattern matches nothing, too
        return bare.group().strip(" \t"), bare.end()
    quoted = (_SINGLE if quote == "'" else _DOUBLE).match(text, at)
    if quoted is None:
        raise _wrong(text, at, "a quote is opened and never closed")
    inside = quoted.group(1)
    return (inside if quote == "'" else _ESCAPE.sub(_unescaped, inside)), quoted.end()


def _unescaped(found: re.Match[str]) -> str:
    return _MEANING.get(found.group(1), found.group())


def _wrong(text: str, at: int, what: str) -> WrongUsage:
    return WrongUsage(f"line {text.count(chr(10), 0, at) + 1} of the dotenv input: {what}")


def assignment(name: str, value: str) -> str:
    """One line, or more if the value has more, that `parsed` reads back as exactly `value`.

    So does a POSIX shell, but for carriage returns, which it has no way to write between quotes.
    """
    if _NEEDS_NO_QUOTES.match(value):
        return f"{name}={value}\n"
    if "'" not in value and "\r" not in value:
        return f"{name}='{value}'\n"
    escaped = re.sub(r'([\\"$`])', r"\\\1", value).replace("\r", "\\r")
    return f'{name}="{escaped}"\n'


def variable_name(path: str) -> str:
    """The environment variable for a secret's path: `db/password` becomes DB_PASSWORD."""
    name = _NOT_IN_A_NAME.sub("_", path).upper()
    return f"_{name}" if name[:1].isdigit() else name
