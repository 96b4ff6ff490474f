"""The text of a policy, HCL or JSON, in its stanzas."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from domain.acl import hcl
from domain.acl.hcl import Item
from domain.errors import Invalid

MAX_TEXT: Final = 64 * 1024
"""Longest text of a policy, in bytes."""
_PATH: Final = "path"


class Stanza(NamedTuple):
    """One `path "…" {…}`, and the line it begins in; 0 if that is not known."""

    path: str
    body: Mapping[str, Any]
    line: int = 0


def stanzas(text: str) -> list[Stanza]:
    """Every path of a policy, also several times the same; raises `Invalid` saying where the text is wrong."""
    if len(text.encode()) > MAX_TEXT:
        raise Invalid(f"a policy has at most {MAX_TEXT} bytes")
    if text.lstrip().startswith("{"):
        return list(_of_json(text))
    return [stanza for item in hcl.parsed(text) for stanza in _of_item(item)]


def _of_item(item: Item) -> Iterator[Stanza]:
    if item.keys[0] == _PATH and len(item.keys) == 2 and isinstance(item.value, list):
        yield Stanza(item.keys[1], _object(item.value), item.line)
    elif item.keys == (_PATH,) and isinstance(item.value, list):
        for each in item.value:
            if len(each.keys) != 1 or not isinstance(each.value, list):
                raise _wrong(each.line, "each path is given an object")
            yield Stanza(each.keys[0], _object(each.value), each.line)
    elif item.keys != ("name",) or not isinstance(item.value, str):
        raise _wrong(item.line, f'there is no {item.keys[0][:40]!r} here; write path "secret/data/app/*" {{ … }}')


def _object(items: Iterable[Item]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in items:
        name = item.keys[0]
        if name in found:
            raise _wrong(item.line, f"{name[:40]!r} is there twice")
        found[name] = _plain(item.value)
    return found


def _plain(value: Any) -> Any:  # noqa: ANN401 - as in `Item`
    """As JSON has it."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return _object(value) if isinstance(value, list) else value


def _wrong(line: int, why: str) -> Invalid:
    return Invalid(f"failed to parse policy: line {line}: {why}")


def _of_json(text: str) -> Iterator[Stanza]:
    try:
        found = json.loads(text, object_pairs_hook=_once)
    except json.JSONDecodeError as error:
        raise _wrong(error.lineno, "this is not JSON") from None
    except (ValueError, RecursionError):
        raise Invalid("failed to parse policy: this is not JSON that a policy is made of") from None
    if unknown := sorted(set(found) - {_PATH, "name"}):
        raise Invalid(f"failed to parse policy: there is no {unknown[0][:40]!r} here; there is path")
    paths = found.get(_PATH, {})
    for each in paths if isinstance(paths, list) else [paths]:
        if not isinstance(each, dict) or not all(isinstance(body, dict) for body in each.values()):
            raise Invalid("failed to parse policy: path is an object of objects, or a list of such")
        yield from (Stanza(path, body) for path, body in each.items())


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """What is there twice would be lost, and with it a `deny`, say."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Invalid(f"failed to parse policy: {twice[:200]!r} is there twice; give path a list of objects")
    return found
