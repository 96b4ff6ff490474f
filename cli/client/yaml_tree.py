"""YAML read as a tree of texts. A module of its own: importing yaml takes time that most commands need not spend."""

from __future__ import annotations

from typing import Final

import yaml

from cli.client.errors import WrongUsage

_NULL: Final = frozenset({"", "~", "null", "Null", "NULL"})


class _PlainLoader(yaml.BaseLoader):
    """Refuses aliases, with which a small file can describe an endless tree."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]  # pyyaml's stubs lack it
            raise WrongUsage(f"line {line} of the yaml input: aliases are not read", "write the value out")
        return super().compose_node(parent, index)


def parsed(text: str) -> object:
    """Mappings as dicts, sequences as empty lists (no caller wants their items), scalars as they are written, or None.

    Not done by a stock loader, because those turn `no` into False and `0755` into 493, and lose doubled names.
    """
    try:
        root = yaml.compose(text, Loader=_PlainLoader)
        return None if root is None else _plain(root)
    except yaml.MarkedYAMLError as error:  # its own text would quote the line, and so a value
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise WrongUsage(f"line {line} of the yaml input: {error.problem}") from None
    except yaml.YAMLError:
        raise WrongUsage("the yaml input holds characters that YAML does not allow") from None


def _plain(node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node)
    if isinstance(node, yaml.SequenceNode):
        return []
    bare = isinstance(node, yaml.ScalarNode) and node.style is None
    return None if bare and node.value in _NULL else node.value


def _mapping(node: yaml.MappingNode) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise WrongUsage(f"line {line} of the yaml input: a name is one text")
        if key.value in found:
            raise WrongUsage(f"line {line} of the yaml input: {key.value} is there twice")
        found[key.value] = _plain(value)
    return found
