"""YAML without its surprises: safe types only, no aliases, and a key twice in one mapping is an error."""

from __future__ import annotations

from typing import Any

import yaml


class StrictLoader(yaml.SafeLoader):
    """`yaml.SafeLoader` that refuses aliases and repeated keys.

    Of the latter YAML 1.2 section 3.2.1.3 says that there must be none.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - inherited
        """The mapping; raises `yaml.YAMLError` if a key is repeated, or is no plain word."""
        seen = set()
        for key_node, _ in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise _refused("a key is one word", key_node.start_mark)
            if key_node.value in seen:
                raise _refused(f"the key {key_node.value} is there twice", key_node.start_mark)
            seen.add(key_node.value)
        return super().construct_mapping(node, deep)

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """The node; raises `yaml.YAMLError` if it is an alias."""
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # its types are not whole
            raise _refused("aliases are not used here", mark)
        return super().compose_node(parent, index)


def _refused(problem: str, mark: yaml.Mark) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, problem, mark)
