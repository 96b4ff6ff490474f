"""Many values from one file: dotenv lines, or a JSON or YAML tree whose nesting becomes paths."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any, Final

from cli.client import dotenv
from cli.client.errors import WrongUsage

FORMATS: Final = ("dotenv", "json", "yaml")
MAX_DEPTH: Final = 64
MAX_VALUES: Final = 100_000

_SUFFIXES: Final = {".env": "dotenv", ".json": "json", ".yaml": "yaml", ".yml": "yaml"}


def format_of(file: str) -> str:
    """The format that a file's name tells; raises `WrongUsage` if it tells none."""
    path = PurePath(file)
    if path.name.startswith(".env"):  # .env, .env.production
        return "dotenv"
    try:
        return _SUFFIXES[path.suffix]
    except KeyError:
        raise WrongUsage(f"what format has {file}?", f"say it with --format {'|'.join(FORMATS)}") from None


def values(text: str, form: str) -> dict[str, str]:
    """Paths and values of `text`. Scalars are taken as they are written: `0755` and `no` stay that in YAML, too.

    Raises `WrongUsage` for what cannot be read, is no tree of values, or has a path twice.
    """
    if form == "dotenv":
        return dotenv.parsed(text)
    tree = _json(text) if form == "json" else _yaml(text)
    if not isinstance(tree, dict):
        raise WrongUsage(f"the {form} input is no mapping of names to values")
    flat: dict[str, str] = {}
    for path, value in _leaves(tree, "", 0):
        if path in flat:
            raise WrongUsage(f"{path} is there twice")
        if len(flat) >= MAX_VALUES:
            raise WrongUsage(f"there are over {MAX_VALUES} values", "import them in parts")
        flat[path] = value
    return flat


def _leaves(tree: dict[str, Any], above: str, depth: int) -> Iterator[tuple[str, str]]:
    if depth >= MAX_DEPTH:
        raise WrongUsage(f"the tree is deeper than {MAX_DEPTH}")
    for name, node in tree.items():
        path = f"{above}/{name}" if above else str(name)
        if isinstance(node, dict):
            yield from _leaves(node, path, depth + 1)
        elif isinstance(node, str):
            yield path, node
        elif isinstance(node, bool):
            yield path, str(node).lower()
        else:
            kind = "a list" if isinstance(node, list) else "null"
            raise WrongUsage(
                f"{path} is {kind}: a secret's value is one text", "put it between quotes to keep it as text"
            )


def _json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_without_doubles, parse_int=str, parse_float=str, parse_constant=str)
    except json.JSONDecodeError as error:  # its message quotes nothing of the text
        raise WrongUsage(f"line {error.lineno} of the json input: {error.msg}") from None
    except RecursionError:
        raise WrongUsage(f"the tree is deeper than {MAX_DEPTH}") from None


def _without_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, node in pairs:
        if name in found:
            raise WrongUsage(f"{name} is there twice")
        found[name] = node
    return found


def _yaml(text: str) -> object:
    from cli.client.yaml_tree import parsed

    try:
        return parsed(text)
    except RecursionError:
        raise WrongUsage(f"the tree is deeper than {MAX_DEPTH}") from None
