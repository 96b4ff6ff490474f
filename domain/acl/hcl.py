"""HCL as Vault's policies are written in: version 1 of the language (https://github.com/hashicorp/hcl/tree/hcl1).

Read in one pass, in time that grows with the text's length alone: whoever may write a policy may write a hostile one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from domain.errors import Invalid

MAX_DEPTH: Final = 16
"""Deepest nesting of lists and objects."""
_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n]+ | \#[^\n]* | //[^\n]* | /\*(?:[^*]|\*(?!/))*+\*/)
  | (?P<text>"(?:[^"\\\n]|\\[^\n])*+")
  | (?P<number>-?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:[eE][+-]?[0-9]{1,2})?(?![A-Za-z0-9_.]))
  | (?P<name>[^\W\d][\w.-]*)
  | (?P<mark>[{}\[\],=])
    """,
    re.VERBOSE,
)
_HEREDOC = re.compile(r"<<(-?)([A-Za-z0-9_]{1,64})\r?\n")
_ESCAPE = re.compile(r'\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[0-7]{3}|x[0-9A-Fa-f]{2}|[abfnrtv\\"])|\\')
_SIMPLE: Final = dict(zip('abfnrtv\\"', '\a\b\f\n\r\t\v\\"', strict=True))
_WORDS: Final = {"true": True, "false": False}


class Item(NamedTuple):
    """`key "key" = value` or `key "key" { … }`; the value of an object is a list of items, that of a list a tuple."""

    keys: tuple[str, ...]
    value: Any
    line: int


class _Token(NamedTuple):
    kind: str
    text: str
    line: int


def parsed(text: str) -> list[Item]:
    """The items of a text; raises `Invalid` naming the line that is wrong."""
    reader = _Reader(text.removeprefix("\ufeff"))
    return reader.items(end="")


def _wrong(line: int, why: str) -> Invalid:
    return Invalid(f"failed to parse policy: line {line}: {why}")


def _tokens(text: str) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(text):
        heredoc = _HEREDOC.match(text, at)
        if heredoc:
            body, end = _heredoc(text, heredoc, line)
            yield _Token("heredoc", body, line)
        else:
            match = _TOKEN.match(text, at)
            if match is None:
                raise _wrong(line, f"{text[at : at + 1]!r} does not belong here")
            end = match.end()
            if match.lastgroup != "space":
                yield _Token(str(match.lastgroup), match[0], line)
        line += text.count("\n", at, end)
        at = end
    yield _Token("end", "", line)


def _heredoc(text: str, start: re.Match[str], line: int) -> tuple[str, int]:
    """What stands up to the line that has the closing word, and where that line's word ends."""
    lines: list[str] = []
    at = start.end()
    while at < len(text):
        end = text.find("\n", at) + 1 or len(text) + 1
        if text[at : end - 1].strip() == start[2]:
            return _unindented(lines) if start[1] else "".join(lines), end - 1
        lines.append(text[at:end])
        at = end
    raise _wrong(line, f"<<{start[2]} does not end")


def _unindented(lines: list[str]) -> str:
    indent = min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)
    return "".join(line[indent:] for line in lines)


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._token = next(self._tokens)
        self._depth = 0

    def items(self, end: str) -> list[Item]:
        """All up to the mark `end`, which is taken too."""
        found = []
        while self._token.text != end or self._token.kind not in {"mark", "end"}:
            found.append(self._item())
            if self._is(","):
                self._next()
        if end:
            self._next()
        return found

    def _item(self) -> Item:
        line, keys = self._token.line, []
        while self._token.kind in {"name", "text"}:
            keys.append(self._string() if self._token.kind == "text" else self._next().text)
        if not keys:
            raise _wrong(line, f"a name is to stand here, not {self._token.text[:40] or 'the end'!r}")
        if self._is("="):
            if len(keys) > 1:
                raise _wrong(line, f"{keys[0][:40]!r} has two names; an = belongs between a name and its value")
            self._next()
        elif not self._is("{"):
            raise _wrong(self._token.line, f"{keys[-1][:40]!r} needs = and a value, or {{ … }}")
        return Item(tuple(keys), self._value(), line)

    def _value(self) -> Any:  # noqa: ANN401 - as in `Item`
        token = self._token
        if token.kind == "text":
            return self._string()
        if token.kind in {"number", "heredoc"}:
            self._next()
            return token.text if token.kind == "heredoc" else _number(token.text)
        if token.kind == "name" and token.text in _WORDS:
            return _WORDS[self._next().text]
        if token.kind == "mark" and token.text in "[{":
            return self._nested(token)
        raise _wrong(token.line, f"a value is to stand here, not {token.text[:40] or 'the end'!r}")

    def _nested(self, token: _Token) -> Any:  # noqa: ANN401 - as in `Item`
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _wrong(token.line, f"lists and objects nest at most {MAX_DEPTH} deep")
        self._next()
        found = self.items("}") if token.text == "{" else self._list()
        self._depth -= 1
        return found

    def _list(self) -> tuple[Any, ...]:
        found = []
        while not self._is("]"):
            found.append(self._value())
            if not self._is(","):
                break
            self._next()
        if not self._is("]"):
            raise _wrong(self._token.line, "a list has commas between its values, and ends with ]")
        self._next()
        return tuple(found)

    def _string(self) -> str:
        token = self._next()
        return _ESCAPE.sub(lambda match: _unescaped(match, token.line), token.text[1:-1])

    def _is(self, mark: str) -> bool:
        return self._token.kind == "mark" and self._token.text == mark

    def _next(self) -> _Token:
        token = self._token
        if token.kind != "end":
            self._token = next(self._tokens)
        return token


def _number(text: str) -> int | float:
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _unescaped(match: re.Match[str], line: int) -> str:
    code = match[1]
    if code is None:
        raise _wrong(line, "a \\ in a text is written \\\\")
    if code in _SIMPLE:
        return _SIMPLE[code]
    number = int(code, 8) if code.isdigit() else int(code[1:], 16)
    if number > 0x10FFFF or 0xD800 <= number < 0xE000:
        raise _wrong(line, f"\\{code} is no character")
    return chr(number)
